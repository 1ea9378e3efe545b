//! Every field with every value that it does not take.

use super::*;

/// The fault of one more field on a flat BUY.
#[track_caller]
fn of(field: &str, value: &str) -> String {
    fault(flat(&format!(r#","{field}":{value}"#)))
}

#[track_caller]
fn each(fields: &[&str], value: &str, code: &str, must: &str) {
    for field in fields {
        let expected = format!("{code}: `{field}` is `{value}`; it must be {must}");
        assert_eq!(of(field, value), expected);
    }
}

const POSITIVE: [&str; 4] = ["close_quantity", "price", "target_notional", "quote_rate"];
const AMOUNTS: [&str; 3] = ["equity", "stop_loss", "take_profit"];
const SCORES: [&str; 3] = ["signal_score", "confidence", "risk_reward_ratio"];

#[test]
fn amounts_above_zero() {
    let must = "a decimal above 0";
    for value in ["true", "{}", "[1]", "false"] {
        each(&POSITIVE, value, "wrong_type", must);
    }
    for value in ["0", r#""0""#, "-0", "0.000", "0e5", r#""-0.0""#] {
        each(&POSITIVE, value, "not_positive", must);
    }
    for value in ["-1", r#""-0.5""#, "-1e-9"] {
        each(&POSITIVE, value, "negative", must);
    }
    not_decimals(&POSITIVE, must);
}

#[test]
fn amounts_of_zero_or_more() {
    let must = "a decimal of 0 or more";
    for value in ["true", "{}", "[1]"] {
        each(&AMOUNTS, value, "wrong_type", must);
    }
    for value in ["-1", r#""-0.5""#, "-1e-9"] {
        each(&AMOUNTS, value, "negative", must);
    }
    not_decimals(&AMOUNTS, must);
}

#[track_caller]
fn not_decimals(fields: &[&str], must: &str) {
    for value in [
        r#""""#,
        r#""abc""#,
        r#"" 1""#,
        r#""1,000""#,
        r#"".5""#,
        r#""5.""#,
        r#""+1""#,
        r#""1e""#,
        r#"".""#,
        r#""1.2.3""#,
        r#""0x10""#,
        r#""1_000""#,
        r#""null""#,
    ] {
        each(fields, value, "not_a_decimal", must);
    }
    for value in [
        "NaN",
        "Infinity",
        "-Infinity",
        r#""NaN""#,
        r#""nan""#,
        r#""-inf""#,
        r#""Infinity""#,
    ] {
        each(fields, value, "not_finite", must);
    }
    each(fields, r#""\ud800""#, "bad_escape", must);
    let long = "1".repeat(40);
    for value in [
        &*long,
        "1e28",
        "1e-29",
        "1e999999999999999999999",
        &format!("\"0.{long}\""),
    ] {
        for field in fields {
            let expected = format!(
                "overlong: `{field}` is `{value}`; written out, it must have at most 28 digits"
            );
            assert_eq!(of(field, value), expected);
        }
    }
}

#[test]
fn scores_are_finite_numbers() {
    for value in [r#""0.5""#, "true", "{}", "[]", r#""NaN""#] {
        each(&SCORES, value, "wrong_type", "a finite number");
    }
    for value in ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"] {
        each(&SCORES, value, "not_finite", "a finite number");
    }
}

#[test]
fn names() {
    let must = "a string of 1 to 64 bytes";
    let long = format!("\"{}\"", "x".repeat(65));
    let shown = format!("\"{}…", "x".repeat(63));
    for field in ["id", "symbol", "strategy"] {
        let line = |value: &str| {
            let of = |name: &str| {
                if name == field {
                    value.to_owned()
                } else {
                    "\"n\"".to_owned()
                }
            };
            let (id, symbol, strategy) = (of("id"), of("symbol"), of("strategy"));
            fault(format!(
                r#"{{"id":{id},"final_action":"HOLD","symbol":{symbol},"strategy":{strategy}}}"#
            ))
        };
        for (value, code, shown) in [
            ("1", "wrong_type", "1"),
            ("true", "wrong_type", "true"),
            ("[\"n\"]", "wrong_type", "[\"n\"]"),
            ("NaN", "not_finite", "NaN"),
            ("\"\"", "empty", "\"\""),
            (&*long, "too_long", &*shown),
            (r#""\udc00""#, "bad_escape", r#""\udc00""#),
            (r#""\ud800x""#, "bad_escape", r#""\ud800x""#),
        ] {
            assert_eq!(
                line(value),
                format!("{code}: `{field}` is `{shown}`; it must be {must}")
            );
        }
    }
}

#[test]
fn words_and_flags() {
    for (field, value, expected) in [
        (
            "timestamp",
            "1641021600",
            "wrong_type: `timestamp` is `1641021600`; it must be a string with an RFC 3339 time",
        ),
        (
            "timestamp",
            "Infinity",
            "not_finite: `timestamp` is `Infinity`; it must be a string with an RFC 3339 time",
        ),
        (
            "trade_type",
            r#""Normal""#,
            "unknown_trade_type: `trade_type` is `\"Normal\"`; it must be `normal`, `pilot`, `exploration`, `exit`, `risk` or `auto`",
        ),
        (
            "trade_type",
            r#""""#,
            "unknown_trade_type: `trade_type` is `\"\"`; it must be `normal`, `pilot`, `exploration`, `exit`, `risk` or `auto`",
        ),
        (
            "trade_type",
            "1",
            "wrong_type: `trade_type` is `1`; it must be `normal`, `pilot`, `exploration`, `exit`, `risk` or `auto`",
        ),
        (
            "sized",
            r#""true""#,
            "wrong_type: `sized` is `\"true\"`; it must be `true` or `false`",
        ),
        (
            "sized",
            "1",
            "wrong_type: `sized` is `1`; it must be `true` or `false`",
        ),
        (
            "sized",
            "NaN",
            "not_finite: `sized` is `NaN`; it must be `true` or `false`",
        ),
    ] {
        assert_eq!(of(field, value), expected);
    }
}

#[test]
fn tags() {
    let long = format!(r#"{{"k":"{}"}}"#, "x".repeat(1017));
    let shown = format!("{{\"k\":\"{}…", "x".repeat(58));
    for (value, expected) in [
        (
            &*long,
            &*format!(
                "too_long: `tags` is `{shown}`; it must be an object of strings of at most 1 KiB"
            ),
        ),
        (
            "[]",
            "wrong_type: `tags` is `[]`; it must be an object of strings of at most 1 KiB",
        ),
        (
            r#""a""#,
            "wrong_type: `tags` is `\"a\"`; it must be an object of strings of at most 1 KiB",
        ),
        (
            r#"{"a":1}"#,
            "wrong_type: `tags.a` is `1`; it must be a string",
        ),
        (
            r#"{"a":"b","c":null}"#,
            "wrong_type: `tags.c` is `null`; it must be a string",
        ),
        (
            r#"{"a":{"b":"c"}}"#,
            r#"wrong_type: `tags.a` is `{"b":"c"}`; it must be a string"#,
        ),
        (
            r#"{"a":"\ud800"}"#,
            r#"bad_escape: `tags.a` is `"\ud800"`; it must be a string"#,
        ),
        (
            r#"{"\ud800":"a"}"#,
            r#"bad_escape: `tags` is `{"\ud800":"a"}`; it must be an object of strings of at most 1 KiB"#,
        ),
        (
            r#"{"a":NaN}"#,
            "not_finite: `tags` is `{\"a\":NaN}`; it must be an object of strings of at most 1 KiB",
        ),
    ] {
        assert_eq!(of("tags", value), expected);
    }
}

#[test]
fn position_and_working() {
    let position = |value: &str| {
        fault(format!(
            r#"{{"final_action":"BUY","symbol":"s","strategy":"s","position":{value}}}"#
        ))
    };
    for (value, expected) in [
        (
            "1",
            "wrong_type: `position` is `1`; it must be an object of `side` and `quantity`, or `null`",
        ),
        (
            "NaN",
            "not_finite: `position` is `NaN`; it must be an object of `side` and `quantity`, or `null`",
        ),
        (
            "{}",
            "field_missing: `position.side` is missing; it must be `long` or `short`",
        ),
        (
            r#"{"side":"long"}"#,
            "field_missing: `position.quantity` is missing; it must be a decimal of 0 or more",
        ),
        (
            r#"{"side":null,"quantity":0}"#,
            "field_missing: `position.side` is missing; it must be `long` or `short`",
        ),
        (
            r#"{"side":"LONG","quantity":1}"#,
            "unknown_side: `position.side` is `\"LONG\"`; it must be `long` or `short`",
        ),
        (
            r#"{"side":1,"quantity":1}"#,
            "wrong_type: `position.side` is `1`; it must be `long` or `short`",
        ),
        (
            r#"{"side":"long","quantity":-1}"#,
            "negative: `position.quantity` is `-1`; it must be a decimal of 0 or more",
        ),
        (
            r#"{"side":"long","quantity":NaN}"#,
            "not_finite: `position.quantity` is `NaN`; it must be a decimal of 0 or more",
        ),
        (
            r#"{"side":"long","quantity": -Infinity }"#,
            "not_finite: `position.quantity` is `-Infinity`; it must be a decimal of 0 or more",
        ),
        (
            r#"{"side":"long","quantiy":1}"#,
            "unknown_field: `position.quantiy` is no field of `position`; did you mean `position.quantity`",
        ),
        (
            r#"{"side":"long","quantity":1,"entry":2}"#,
            "unknown_field: `position.entry` is no field of `position`",
        ),
        (
            r#"{"side":"long","side":"long","quantity":1}"#,
            "duplicate_field: `position.side` is given twice",
        ),
        (
            r#"{"\ud800":1}"#,
            r#"bad_escape: `position` is `{"\ud800":1}`; it must be an object of `side` and `quantity`, or `null`"#,
        ),
    ] {
        assert_eq!(position(value), expected);
    }
    for (value, expected) in [
        (
            "[]",
            "wrong_type: `working` is `[]`; it must be an object of `opening` and `closing`",
        ),
        (
            r#"{"opening":-1}"#,
            "negative: `working.opening` is `-1`; it must be a decimal of 0 or more",
        ),
        (
            r#"{"closing":"x"}"#,
            "not_a_decimal: `working.closing` is `\"x\"`; it must be a decimal of 0 or more",
        ),
        (
            r#"{"closing":NaN}"#,
            "not_finite: `working.closing` is `NaN`; it must be a decimal of 0 or more",
        ),
        (
            r#"{"open":1}"#,
            "unknown_field: `working.open` is no field of `working`",
        ),
        (
            r#"{"Opening":1}"#,
            "unknown_field: `working.Opening` is no field of `working`; did you mean `working.opening`",
        ),
        (
            r#"{"closing":1,"closing":1}"#,
            "duplicate_field: `working.closing` is given twice",
        ),
    ] {
        assert_eq!(of("working", value), expected);
    }
}
