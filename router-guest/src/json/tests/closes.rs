//! Exits do not depend on what they do not use.

use super::*;
use crate::request::{TradeType, WorkingOrders};

/// `code field` of each warning of a close with more fields.
#[track_caller]
fn warnings(more: &str) -> Vec<String> {
    request(&close(more))
        .warnings
        .iter()
        .map(|fault| {
            format!(
                "{} {}",
                fault.code.word(),
                fault.field.as_deref().unwrap_or("-")
            )
        })
        .collect()
}

#[test]
fn every_other_field_may_be_faulty() {
    for (more, expected) in [
        (r#""id":"""#, "empty id"),
        (r#""id":7"#, "wrong_type id"),
        (r#""timestamp":7"#, "wrong_type timestamp"),
        (r#""trade_type":"x""#, "unknown_trade_type trade_type"),
        (r#""close_quantity":0"#, "not_positive close_quantity"),
        (r#""close_quantity":NaN"#, "not_finite close_quantity"),
        (r#""working":1"#, "wrong_type working"),
        (r#""working":{"closing":-1}"#, "negative working.closing"),
        (r#""price":-Infinity"#, "not_finite price"),
        (r#""target_notional":"x""#, "not_a_decimal target_notional"),
        (r#""sized":1"#, "wrong_type sized"),
        (r#""equity":-1"#, "negative equity"),
        (r#""quote_rate":0"#, "not_positive quote_rate"),
        (r#""signal_score":"x""#, "wrong_type signal_score"),
        (r#""confidence":1e999"#, "not_finite confidence"),
        (r#""risk_reward_ratio":NaN"#, "not_finite risk_reward_ratio"),
        (r#""stop_loss":{}"#, "wrong_type stop_loss"),
        (r#""take_profit":1e40"#, "overlong take_profit"),
        (r#""tags":{"a":1}"#, "wrong_type tags.a"),
        (r#""pric":1"#, "unknown_field pric"),
        (r#""settle":{}"#, "unknown_field settle"),
        (r#""price":1,"price":1"#, "duplicate_field price"),
        (
            r#""trade_type":"risk","trade_type":"risk""#,
            "duplicate_field trade_type",
        ),
    ] {
        assert_eq!(warnings(&format!(",{more}")), [expected], "{more}");
        // What is dropped reads as absent; nothing else changes.
        let line = close(&format!(",{more}"));
        let read = RequestLine {
            warnings: Vec::new(),
            ..request(&line)
        };
        assert_eq!(read, request(&close("")), "{more}");
    }
}

#[test]
fn a_dropped_field_has_its_default() {
    let line = close(r#","trade_type":"Risk","working":{"closing":"x"},"sized":"yes""#);
    let line = request(&line);
    assert_eq!(line.terms.trade_type, TradeType::Normal);
    assert_eq!(line.terms.working, WorkingOrders::default());
    assert_eq!(line.warnings.len(), 3);
    assert_eq!(
        line.warnings[0].message,
        "`trade_type` is `\"Risk\"`; it must be `normal`, `pilot`, `exploration`, `exit`, `risk` or `auto`"
    );
}

/// The bug: a fault of `working.opening`, which no close looks at, dropped `working.closing` with it,
/// and the close was for what closes already as well. The fix: each is read by itself.
#[test]
fn what_closes_already_is_kept_beside_a_fault() {
    for (working, expected) in [
        (
            r#"{"opening":"x","closing":0.5}"#,
            "not_a_decimal working.opening",
        ),
        (
            r#"{"closing":0.5,"opening":-1}"#,
            "negative working.opening",
        ),
        (
            r#"{"closing":0.5,"opening":NaN}"#,
            "not_finite working.opening",
        ),
        (r#"{"closing":0.5,"open":1}"#, "unknown_field working.open"),
        (
            r#"{"opening":1,"closing":0.5,"opening":1}"#,
            "duplicate_field working.opening",
        ),
    ] {
        let more = format!(r#","working":{working}"#);
        assert_eq!(warnings(&more), [expected], "{working}");
        let line = close(&more);
        let read = request(&line).terms.working;
        assert_eq!(
            (read.opening, read.closing),
            (Amount::ZERO, amount("0.5")),
            "{working}"
        );
    }
    let two = r#","working":{"opening":"x","closing":"y","more":1}"#;
    let expected = [
        "unknown_field working.more",
        "not_a_decimal working.opening",
        "not_a_decimal working.closing",
    ];
    assert_eq!(warnings(two), expected);
    let opening = r#","working":{"opening":"0.5","closing":"y"}"#;
    assert_eq!(
        request(&close(opening)).terms.working.opening,
        amount("0.5")
    );
}

#[test]
fn all_three_kinds_of_close_are_excepted() {
    for (action, side, taken) in [
        ("BUY", "short", true),
        ("SELL", "long", true),
        ("CLOSE", "long", true),
        ("close", "short", true),
        ("BUY", "long", false),
        ("SELL", "short", false),
        ("HOLD", "long", false),
        ("SKIP", "short", false),
        ("?", "long", false),
    ] {
        let line = |quantity: &str| {
            format!(
                r#"{{"final_action":"{action}","symbol":"s","strategy":"s","position":{{"side":"{side}","quantity":{quantity}}},"price":0}}"#
            )
        };
        assert_eq!(
            parse_line(line("1").as_bytes()).is_ok(),
            taken,
            "{action} {side}"
        );
        assert!(parse_line(line("0").as_bytes()).is_err(), "{action} flat");
    }
}

#[test]
fn what_a_close_needs_must_be_right() {
    let position = r#""position":{"side":"long","quantity":"2"}"#;
    for (from, to, expected) in [
        (
            r#""symbol":"BTC/USDT""#,
            r#""symbol":"""#,
            "empty: `symbol` is `\"\"`; it must be a string of 1 to 64 bytes",
        ),
        (
            r#""symbol":"BTC/USDT","#,
            "",
            "field_missing: `symbol` is missing; it must be a string of 1 to 64 bytes",
        ),
        (
            r#""strategy":"s""#,
            r#""strategy":1"#,
            "wrong_type: `strategy` is `1`; it must be a string of 1 to 64 bytes",
        ),
        (
            r#""strategy":"s""#,
            r#""strategy":"s","strategy":"s""#,
            "duplicate_field: `strategy` is given twice",
        ),
        (
            r#""symbol":"#,
            r#""symbol":"x","symbol":"#,
            "duplicate_field: `symbol` is given twice",
        ),
    ] {
        // The bad price comes later, the bad id before; neither is what refuses the close.
        let line = close(r#","id":"","price":0"#).replace(from, to);
        assert_eq!(fault(line), expected);
    }
    for (from, to, expected) in [
        (
            position,
            &*format!("{position},{position}"),
            "duplicate_field: `position` is given twice",
        ),
        (
            r#""quantity":"2""#,
            r#""quantity":"2","x":1"#,
            "unknown_field: `position.x` is no field of `position`",
        ),
        (
            r#""quantity":"2""#,
            r#""quantity":NaN"#,
            "not_finite: `position.quantity` is `NaN`; it must be a decimal of 0 or more",
        ),
        (
            r#""SELL""#,
            r#""SELL","final_action":"SELL""#,
            "duplicate_field: `final_action` is given twice",
        ),
    ] {
        assert_eq!(fault(close("").replace(from, to)), expected);
    }
}

#[test]
fn warnings_are_bounded() {
    let more: String = (0..9000).map(|at| format!(",\"k{at}\":1")).collect();
    assert_eq!(warnings(&more).len(), 17);
    assert_eq!(
        request(&close(&more)).warnings[16].message,
        "8984 more are no fields of a request"
    );
}

#[test]
fn a_cut_is_told() {
    for (more, expected) in [
        (
            r#","close_quantity":3"#,
            Some("`close_quantity` is `3`; it was cut to `2`"),
        ),
        (
            r#","close_quantity":"2","working":{"closing":0.5}"#,
            Some("`close_quantity` is `2`; it was cut to `1.5`"),
        ),
        (r#","close_quantity":2"#, None),
        ("", None),
    ] {
        let line = close(more);
        let cut = Fault::of_cut(&request(&line).terms);
        assert_eq!(cut.map(|fault| fault.message).as_deref(), expected);
    }
    let line = flat(r#","close_quantity":2"#);
    assert_eq!(Fault::of_cut(&request(&line).terms), None);
}
