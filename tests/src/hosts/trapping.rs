//! A component that traps when it is told to, so that every host shows how it goes on. It is
//! sound in all else: the Rust host loads it as any other.

use super::{Case, Origin, Suite};

const MODULE: &str = include_str!("trapping.wat");
/// The one request that it answers as a decision on that very request.
const SOUND: &str = r#"{"final_action":"HOLD","symbol":"BTC/USDT","strategy":"trend"}"#;
const TRAPS: &str = r#"{"final_action":"HOLD","symbol":"TRAP","strategy":"trend"}"#;
const ANSWER: &str = concat!(
    r#"{"symbol":"BTC/USDT","final_action":"HOLD","side":"SKIP","order_intent":"normal","#,
    r#""reason":"nothing_to_do","rule":"only","position_effect":"none","reduce_only":false,"#,
    r#""metadata":{"strategy":"trend","order_intent":"normal","is_exploration":false,"is_pilot":false,"is_normal":true},"#,
    r#""policy":{"name":"trapping","version":"1"}}"#
);
/// What stands for a decision that a trap prevented. The message is each host's own.
pub const FAULT: &str = r#"{"side":"SKIP","error":{"code":"policy_fault","message":""}}"#;
/// Whether each case traps: first of all, twice in a row, last of all.
const ORDER: [bool; 8] = [true, false, true, true, false, false, false, true];

/// The component.
///
/// # Panics
/// When it cannot be made: it is the suite's own.
#[expect(clippy::expect_used, reason = "the suite's own module and interface")]
pub fn component() -> Vec<u8> {
    let text = MODULE
        .replace("{answer}", &ANSWER.replace('"', "\\\""))
        .replace("{length}", &ANSWER.len().to_string());
    let mut module = wat::parse_str(&text).expect("a sound module");
    let mut resolve = wit_parser::Resolve::default();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
    let (package, _) = resolve.push_dir(wit).expect("the published interface");
    let world = resolve
        .select_world(&[package], Some("rule-engine"))
        .expect("a world of it");
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding, false)
        .expect("the module's own types");
    wit_component::ComponentEncoder::default()
        .module(&module)
        .expect("a module of the world")
        .validate(true)
        .encode()
        .expect("a sound component")
}

/// The component, and what it is asked.
pub fn suite() -> Suite {
    let cases = (1..).zip(ORDER).map(|(line, traps)| {
        let (request, expected) = if traps {
            (TRAPS, FAULT)
        } else {
            (SOUND, ANSWER)
        };
        Case {
            request: request.to_owned(),
            state: r#"{"trading_state":"ACTIVE"}"#.to_owned(),
            expected: expected.to_owned(),
            origin: Origin {
                group: "trapping".to_owned(),
                file: "a policy that traps on symbol TRAP".to_owned(),
                line,
            },
        }
    });
    Suite {
        name: "trapping".to_owned(),
        component: component(),
        cases: cases.collect(),
    }
}
