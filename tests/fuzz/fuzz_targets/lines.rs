//! Lines: whatever comes in, each line has one answer, and each answer is one JSON object.
#![no_main]

use std::sync::OnceLock;

use execution_router::stream::{self, Format};
use execution_router::{Cache, Policy, Router};
use libfuzzer_sys::fuzz_target;

fn policy() -> Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    let policy =
        POLICY.get_or_init(|| Policy::default_policy(&Cache::disabled()).expect("a policy"));
    policy.clone()
}

fuzz_target!(|input: &[u8]| {
    let router = Router::new(policy()).expect("a router");
    let mut out = Vec::new();
    let summary =
        stream::route(&router, input, &mut out, Format::Json).expect("it is read to its end");
    let answers = String::from_utf8(out).expect("answers are text");
    assert_eq!(answers.lines().count() as u64, summary.lines as u64);
    for answer in answers.lines() {
        assert!(answer.starts_with('{') && answer.ends_with('}'), "{answer}");
    }
    assert!(
        !router.is_withdrawn(),
        "the default policy broke an invariant"
    );
});
