//! What only a close may drop, an opening must not rest on: a position under the symbol's
//! least quantity makes a request look like a close, and it may open all the same.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use conformance::variant_policy;
use execution_router::stream::{self, Format};
use execution_router::{Cache, Policy, Router};
use serde_json::Value;

/// The answers to lines of ETH/USDT, in short: the code of a refusal, or side, intent, reason.
fn answers(lines: &[&str]) -> Vec<String> {
    let policy = Policy::from_document(&variant_policy(), None, &Cache::disabled()).unwrap();
    let router = Router::new(policy).unwrap();
    let given = r#""symbol":"ETH/USDT","strategy":"t","timestamp":"2026-01-05T09:30:00Z","price":"100","target_notional":"100","equity":"10000""#;
    let input: String = lines
        .iter()
        .map(|line| format!("{{{given},{line}}}\n"))
        .collect();
    let mut output = Vec::new();
    stream::route(&router, input.as_bytes(), &mut output, Format::Json).unwrap();
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .map(|line| {
            let answer: Value = serde_json::from_str(line).unwrap();
            match answer["error"]["code"].as_str() {
                Some(code) => code.to_owned(),
                None => ["side", "order_intent", "reason", "notional", "repeated"]
                    .map(|key| {
                        answer[key]
                            .to_string()
                            .replace(['"'], "")
                            .replace("null", "")
                    })
                    .join(" ")
                    .trim_end()
                    .to_owned(),
            }
        })
        .collect()
}

/// Bug: `Exit` for `exit` opened a short, a bad id or a duplicate one opened, a repeat opened
/// again with another amount. Cause: a request was taken for a close by its position alone,
/// though a position under the least quantity closes nothing. Fix: what opens has no faults to
/// drop, and an opening that was recorded is repeated.
#[test]
fn dust_lets_no_faulty_request_open() {
    let long = r#""position":{"side":"long","quantity":"0.0001"}"#;
    let short = r#""position":{"side":"short","quantity":"0.0001"}"#;
    for (line, expected) in [
        (
            format!(r#""final_action":"SELL","trade_type":"Exit",{long}"#),
            "unknown_trade_type",
        ),
        (
            format!(r#""final_action":"SELL","trade_type":"exit",{long}"#),
            "SKIP exit dust",
        ),
        (
            format!(r#""final_action":"BUY","id":7,{short}"#),
            "wrong_type",
        ),
        (
            format!(r#""final_action":"BUY","working":{{"opening":"1 BTC"}},{short}"#),
            "not_a_decimal",
        ),
        (
            format!(r#""final_action":"BUY","colour":"red",{short}"#),
            "unknown_field",
        ),
        (
            format!(r#""final_action":"BUY",{short}"#),
            "BUY normal open_long 100",
        ),
    ] {
        assert_eq!(answers(&[&line]), [expected], "{line}");
    }
    let first = r#""id":"c1","final_action":"BUY","trade_type":"pilot","position":null"#;
    let other = format!(r#""id":"c1","final_action":"BUY",{short}"#);
    assert_eq!(
        answers(&[first, &other]),
        ["BUY pilot open_long 40", "duplicate_id"]
    );
    let again = format!(r#""id":"n1","final_action":"BUY",{short}"#);
    let opened = "BUY normal open_long 100";
    assert_eq!(
        answers(&[&again, &again]),
        [opened.to_owned(), format!("{opened} true")]
    );
}

/// A key that a request does not have is dropped by a close, whatever it is called.
#[test]
fn a_control_key_holds_no_exit_up() {
    let close = r#""final_action":"CLOSE","control":1,"position":{"side":"long","quantity":"1"}"#;
    assert_eq!(answers(&[close]), ["SELL exit close_long"]);
}
