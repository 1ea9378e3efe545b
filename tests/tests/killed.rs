//! The durable store of a process that is killed under load: some cycles of what `store-cycles
//! kill` does by the thousand.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that says what it expects and stops there"
)]

use std::path::Path;

use conformance::store::kill::run;
use conformance::store::variants::Variants;
use execution_router::Cache;

const CYCLES: u64 = 100;

#[test]
fn a_store_keeps_what_a_killed_process_answered() {
    let variants = Variants::load(Cache::user).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_store-cycles"));
    let seen = run(2026, CYCLES, program, &variants).unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(seen.cycles, CYCLES);
    assert!(
        seen.acknowledged > CYCLES && seen.audits > CYCLES / 4,
        "{seen:?}"
    );
    assert!(seen.swaps > 0 && seen.expired > 0, "{seen:?}");
}
