//! The lines that are no requests.

use super::*;
use crate::decision::Side;

const SETTLE: &str = r#"{"settle":{"reservation":"r-1","event_id":"e","notional":"12.5","side":"BUY","final":true}}"#;
const RELEASE: &str = r#"{"release":{"reservation":"r-1","event_id":"e"}}"#;

#[test]
fn reads_settlements_and_releases() {
    let Ok(Line::Settle(settle)) = parse_line(SETTLE.as_bytes()) else {
        panic!("{SETTLE}")
    };
    assert_eq!((&*settle.reservation, &*settle.event_id), ("r-1", "e"));
    assert_eq!((settle.notional, settle.side), (amount("12.5"), Side::Buy));
    assert!(settle.is_final);
    for last in ["", r#","final":false"#, r#","final":null"#] {
        let line = SETTLE
            .replace(r#","final":true"#, last)
            .replace("BUY", "SELL");
        let Ok(Line::Settle(settle)) = parse_line(line.as_bytes()) else {
            panic!("{line}")
        };
        assert_eq!((settle.side, settle.is_final), (Side::Sell, false));
    }
    let Ok(Line::Release(release)) = parse_line(RELEASE.as_bytes()) else {
        panic!("{RELEASE}")
    };
    assert_eq!((&*release.reservation, &*release.event_id), ("r-1", "e"));
}

#[test]
fn hands_on_control_lines() {
    for (line, control) in [
        (r#" {"control":"status"} "#, r#""status""#),
        (
            r#"{"control":{"swap":"p.wasm"},"by":"me"}"#,
            r#"{"swap":"p.wasm"}"#,
        ),
    ] {
        let Ok(Line::Control(read)) = parse_line(line.as_bytes()) else {
            panic!("{line}")
        };
        assert_eq!((read.control, read.text), (control, line.trim()));
    }
}

#[test]
fn refuses_what_they_do_not_say() {
    for (from, to, expected) in [
        (
            r#""r-1""#,
            "1",
            "wrong_type: `settle.reservation` is `1`; it must be a string of 1 to 64 bytes",
        ),
        (
            r#""r-1""#,
            r#""""#,
            "empty: `settle.reservation` is `\"\"`; it must be a string of 1 to 64 bytes",
        ),
        (
            r#""event_id":"e","#,
            "",
            "field_missing: `settle.event_id` is missing; it must be a string of 1 to 64 bytes",
        ),
        (
            r#""12.5""#,
            "-1",
            "negative: `settle.notional` is `-1`; it must be a decimal of 0 or more",
        ),
        (
            r#""12.5""#,
            "NaN",
            "not_finite: `settle.notional` is `NaN`; it must be a decimal of 0 or more",
        ),
        (
            r#""12.5""#,
            "null",
            "field_missing: `settle.notional` is missing; it must be a decimal of 0 or more",
        ),
        (
            "BUY",
            "SKIP",
            "unknown_side: `settle.side` is `\"SKIP\"`; it must be `BUY` or `SELL`",
        ),
        (
            "BUY",
            "buy",
            "unknown_side: `settle.side` is `\"buy\"`; it must be `BUY` or `SELL`",
        ),
        (
            "true",
            "1",
            "wrong_type: `settle.final` is `1`; it must be `true` or `false`",
        ),
        (
            r#""final""#,
            r#""finaly""#,
            "unknown_field: `settle.finaly` is no field of `settle`; did you mean `settle.final`",
        ),
        (
            r#""final":true"#,
            r#""final":true,"final":true"#,
            "duplicate_field: `settle.final` is given twice",
        ),
    ] {
        assert_eq!(fault(SETTLE.replacen(from, to, 1)), expected);
    }
    for (line, expected) in [
        (
            r#"{"settle":1}"#,
            "wrong_type: `settle` is `1`; it must be an object, and alone on its line",
        ),
        (
            r#"{"settle":null}"#,
            "wrong_type: `settle` is `null`; it must be an object, and alone on its line",
        ),
        (
            r#"{"release":{"reservation":"r"}}"#,
            "field_missing: `release.event_id` is missing; it must be a string of 1 to 64 bytes",
        ),
        (
            r#"{"release":{"reservation":"r","event_id":"e","notional":1}}"#,
            "unknown_field: `release.notional` is no field of `release`",
        ),
        (
            r#"{"settle":{},"release":{}}"#,
            "unknown_field: `settle` is `{}`; it must be an object, and alone on its line",
        ),
        (
            r#"{"release":{},"release":{}}"#,
            "unknown_field: `release` is `{}`; it must be an object, and alone on its line",
        ),
        (
            r#"{"setle":{}}"#,
            "unknown_field: `setle` is no field of a request; did you mean `settle`",
        ),
        (
            r#"{"control":1,"control":2}"#,
            "duplicate_field: `control` is given twice",
        ),
    ] {
        assert_eq!(fault(line), expected);
    }
    let error = parse_request(SETTLE.as_bytes()).unwrap_err();
    assert_eq!(error.fault.code, FaultCode::UnknownField);
    let error = parse_request(br#"{"control":1}"#).unwrap_err();
    assert_eq!(error.fault.code, FaultCode::UnknownField);
}
