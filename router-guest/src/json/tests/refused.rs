//! Lines that are refused as a whole, and which fault is told of several.

use super::*;

#[test]
fn a_missing_field_is_named() {
    for (line, expected) in [
        (
            "{}",
            "field_missing: `final_action` is missing; it must be a string",
        ),
        (
            r#"{"final_action":null,"symbol":"s","strategy":"s"}"#,
            "field_missing: `final_action` is missing; it must be a string",
        ),
        (
            r#"{"final_action":"HOLD","strategy":"s"}"#,
            "field_missing: `symbol` is missing; it must be a string of 1 to 64 bytes",
        ),
        (
            r#"{"final_action":"HOLD","symbol":"s"}"#,
            "field_missing: `strategy` is missing; it must be a string of 1 to 64 bytes",
        ),
        (
            r#"{"final_action":1,"symbol":"s","strategy":"s"}"#,
            "wrong_type: `final_action` is `1`; it must be a string",
        ),
        (
            r#"{"final_action":"BUY","symbol":"s","strategy":"s"}"#,
            "position_missing: `position` is missing; BUY, SELL and CLOSE need it, and `null` says flat",
        ),
        (
            r#"{"final_action":"sell","symbol":"s","strategy":"s"}"#,
            "position_missing: `position` is missing; BUY, SELL and CLOSE need it, and `null` says flat",
        ),
        (
            r#"{"final_action":"CLOSE","symbol":"s","strategy":"s"}"#,
            "position_missing: `position` is missing; BUY, SELL and CLOSE need it, and `null` says flat",
        ),
    ] {
        assert_eq!(fault(line), expected);
    }
}

#[test]
fn an_unknown_field_is_named_with_the_nearest() {
    for (field, expected) in [
        (
            "pric",
            "unknown_field: `pric` is no field of a request; did you mean `price`",
        ),
        (
            "prcie",
            "unknown_field: `prcie` is no field of a request; did you mean `price`",
        ),
        (
            "stopLoss",
            "unknown_field: `stopLoss` is no field of a request; did you mean `stop_loss`",
        ),
        (
            "final_acton",
            "unknown_field: `final_acton` is no field of a request; did you mean `final_action`",
        ),
        (
            "risk-reward-ratio",
            "unknown_field: `risk-reward-ratio` is no field of a request; did you mean `risk_reward_ratio`",
        ),
        (
            "leverage",
            "unknown_field: `leverage` is no field of a request",
        ),
        ("", "unknown_field: `` is no field of a request"),
        ("a\\nb", "unknown_field: `a\\nb` is no field of a request"),
    ] {
        assert_eq!(fault(flat(&format!(r#","{field}":1"#))), expected);
    }
    let long = "k".repeat(5000);
    let expected = format!(
        "unknown_field: `{}…` is no field of a request",
        "k".repeat(64)
    );
    assert_eq!(fault(flat(&format!(r#","{long}":1"#))), expected);
}

#[test]
fn a_key_twice_is_refused() {
    for field in ["id", "symbol", "final_action", "position", "price", "tags"] {
        let line = FULL.replace("short", "long");
        let line = line.replacen('{', &format!(r#"{{"{field}":null,"#), 1);
        assert_eq!(
            fault(line),
            format!("duplicate_field: `{field}` is given twice")
        );
    }
    let escaped = flat(r#","price":1,"\u0070rice":1"#);
    assert_eq!(fault(escaped), "duplicate_field: `price` is given twice");
}

#[test]
fn the_first_fault_by_field_is_told_unknown_ones_before() {
    let line = r#"{"tags":1,"price":0,"position":1,"strategy":"","id":""}"#;
    assert_eq!(
        fault(line),
        "empty: `id` is `\"\"`; it must be a string of 1 to 64 bytes"
    );
    let line = r#"{"price":0,"position":null,"final_acton":"BUY","symbol":"s","strategy":"s"}"#;
    assert_eq!(
        fault(line),
        "unknown_field: `final_acton` is no field of a request; did you mean `final_action`"
    );
}

#[test]
fn what_is_not_json_is_told_with_its_column() {
    for (line, expected) in [
        (r#"{"a" 1}"#, "bad_json: not JSON at column 6: expected `:`"),
        (
            r#"{"a":1 "b":2}"#,
            "bad_json: not JSON at column 8: expected `,` or `}`",
        ),
        (
            r#"{"a":[1 2]}"#,
            "bad_json: not JSON at column 9: expected `,` or `]`",
        ),
        (
            r#"{"a":}"#,
            "bad_json: not JSON at column 6: expected a value",
        ),
        (
            r#"{"a":1,}"#,
            "bad_json: not JSON at column 8: expected something behind the comma",
        ),
        (
            r#"{"a":1"#,
            "bad_json: not JSON at column 6: expected `,` or `}`, the line ends",
        ),
        (
            r#"{"a"#,
            "bad_json: not JSON at column 3: expected `\"`, the line ends",
        ),
        (
            r#"{"a":"#,
            "bad_json: not JSON at column 5: expected a value, the line ends",
        ),
        (
            r#"{a:1}"#,
            "bad_json: not JSON at column 2: expected a name in double quotes",
        ),
        (
            r#"{'a':1}"#,
            "bad_json: not JSON at column 2: expected a name in double quotes",
        ),
        (
            r#"{"a":01}"#,
            "bad_json: not JSON at column 7: expected a number as JSON writes it",
        ),
        (
            r#"{"a":1.}"#,
            "bad_json: not JSON at column 8: expected a number as JSON writes it",
        ),
        (
            r#"{"a":.5}"#,
            "bad_json: not JSON at column 6: expected a value",
        ),
        (
            r#"{"a":+1}"#,
            "bad_json: not JSON at column 6: expected a value",
        ),
        (
            r#"{"a":nul}"#,
            "bad_json: not JSON at column 9: expected `true`, `false` or `null`",
        ),
        (
            r#"{"a":True}"#,
            "bad_json: not JSON at column 6: expected a value",
        ),
        (
            r#"{"a":"\x"}"#,
            "bad_json: not JSON at column 8: expected an escape that JSON knows",
        ),
        (
            "{\"a\":\"\t\"}",
            "bad_json: not JSON at column 7: expected an escape, not a control character",
        ),
        (
            "{\"a\":1}x",
            "bad_json: not JSON at column 8: expected the end of the line",
        ),
        (
            r#"{"a":1}{"b":2}"#,
            "bad_json: not JSON at column 8: expected the end of the line",
        ),
        (
            "nonsense",
            "bad_json: not JSON at column 2: expected `true`, `false` or `null`",
        ),
        (
            r#"{"a":NaN,"b"}"#,
            "bad_json: not JSON at column 13: expected `:`",
        ),
        (
            r#"{NaN:1}"#,
            "bad_json: not JSON at column 2: expected a name in double quotes",
        ),
        (
            r#"{"price":1NaN}"#,
            "bad_json: not JSON at column 11: expected `,` or `}`",
        ),
        (
            r#"{"price":NaNs}"#,
            "bad_json: not JSON at column 10: expected a value",
        ),
        (
            r#"{"price":+Infinity}"#,
            "bad_json: not JSON at column 10: expected a value",
        ),
        (
            "{\"a\":\t\"\\ud800\"",
            "bad_json: not JSON at column 14: expected `,` or `}`, the line ends",
        ),
        (
            r#"{"\ud800":1}"#,
            "bad_json: not JSON at column 10: expected the other half of a surrogate pair",
        ),
        (
            r#"{"a":"\u00g0"}"#,
            "bad_json: not JSON at column 11: expected an escape that JSON knows",
        ),
        (
            &format!("{{\"a\":{}", "[".repeat(200)),
            "bad_json: not JSON at column 134: expected no more than 128 levels",
        ),
        (
            "{\n\"a\" 1}",
            "bad_json: not JSON at line 2, column 5: expected `:`",
        ),
    ] {
        assert_eq!(fault(line), expected, "{line}");
    }
    for (line, column) in [
        (&b"{\"a\":\"\xff\"}"[..], 7),
        (b"\xc3(", 1),
        (b"{\"\xed\xa0\x80\":1}", 3),
    ] {
        assert_eq!(
            fault(line),
            format!("bad_json: not JSON at column {column}: expected UTF-8")
        );
    }
}

#[test]
fn a_line_must_be_one_object() {
    for (line, expected) in [
        ("", "empty_line: the line is empty; it must be one object"),
        (
            " \t\r\n",
            "empty_line: the line is empty; it must be one object",
        ),
        (
            "[]",
            "not_an_object: the line is `[]`; it must be one object",
        ),
        (
            "null",
            "not_an_object: the line is `null`; it must be one object",
        ),
        (
            "NaN",
            "not_an_object: the line is `NaN`; it must be one object",
        ),
        (
            "\"BUY\"",
            "not_an_object: the line is `\"BUY\"`; it must be one object",
        ),
        (
            "1.5",
            "not_an_object: the line is `1.5`; it must be one object",
        ),
    ] {
        assert_eq!(fault(line), expected);
    }
}

#[test]
fn depth_is_no_danger() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let levels = 65_536 / open.len();
        let bomb = open.repeat(levels);
        assert!(fault(&bomb).starts_with("bad_json: "));
        assert!(fault(format!("{{\"position\":{bomb}")).starts_with("bad_json: "));
        let closed = format!("{bomb}1{}", close.repeat(levels));
        for field in ["tags", "position", "price", "id", "working"] {
            let line =
                flat("")
                    .replace("null", "0")
                    .replacen('{', &format!("{{\"{field}\":{closed},"), 1);
            fault(line);
        }
    }
}

#[test]
fn a_refusal_tells_whose_line_it_was_where_readable() {
    for (line, id, symbol) in [
        (
            FULL.replace("0.09586500", "x"),
            Some("a-1"),
            Some("ETH/BTC"),
        ),
        (FULL.replace("\"a-1\"", "5"), None, Some("ETH/BTC")),
        (FULL.replace("\"ETH/BTC\"", "\"\""), Some("a-1"), None),
        (format!("{FULL}x"), Some("a-1"), Some("ETH/BTC")),
        (
            FULL.replace("\"auto\"", "NaN"),
            Some("a-1"),
            Some("ETH/BTC"),
        ),
        (FULL.chars().take(80).collect(), Some("a-1"), None),
        (
            FULL.chars().take(99).collect(),
            Some("a-1"),
            Some("ETH/BTC"),
        ),
        (
            FULL.replacen('{', r#"{"id":"b","#, 1),
            None,
            Some("ETH/BTC"),
        ),
        ("[".to_owned(), None, None),
    ] {
        let line = line.replace("short", "long");
        let error = parse_line(line.as_bytes()).unwrap_err();
        assert_eq!(
            (error.id.as_deref(), error.symbol.as_deref()),
            (id, symbol),
            "{line}"
        );
    }
    let line = [br#"{"id":"a","symbol":"b","x":""#.as_slice(), b"\xff\"}"].concat();
    let error = parse_line(&line).unwrap_err();
    assert_eq!(
        (error.id.as_deref(), error.symbol.as_deref()),
        (Some("a"), Some("b"))
    );
}
