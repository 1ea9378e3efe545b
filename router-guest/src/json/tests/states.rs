use super::*;
use crate::state::{BudgetUse, TradingState};

#[track_caller]
fn refused(text: &str) -> String {
    let fault = parse_state(text).expect_err(text);
    format!("{}: {fault}", fault.code.word())
}

#[test]
fn reads_states() {
    for text in ["{}", " { } ", r#"{"trading_state":null,"budgets":null}"#] {
        assert_eq!(parse_state(text).unwrap(), StateText::default());
    }
    let text = r#"{"trading_state": "REDUCING", "budgets": [{"used": "1.5", "reserved": 0, "orders": 4294967295}, {"orders": 0, "used": 0, "reserved": "2"}]}"#;
    let first = BudgetUse {
        used: amount("1.5"),
        reserved: Amount::ZERO,
        orders: u32::MAX,
    };
    let second = BudgetUse {
        used: Amount::ZERO,
        reserved: amount("2"),
        orders: 0,
    };
    let expected = StateText {
        trading_state: TradingState::Reducing,
        budgets: Some(vec![first, second]),
    };
    assert_eq!(parse_state(text).unwrap(), expected);
    assert_eq!(
        parse_state(r#"{"budgets":[]}"#).unwrap().budgets,
        Some(Vec::new())
    );
}

#[test]
fn refuses_states() {
    let list = "a list of objects of `used`, `reserved` and `orders`";
    for (text, expected) in [
        (
            "",
            "not_an_object: the state is no object; it must be `{\"trading_state\", \"budgets\"}`",
        ),
        (
            "[]",
            "not_an_object: the state is no object; it must be `{\"trading_state\", \"budgets\"}`",
        ),
        (
            "{",
            "bad_json: not JSON at column 1: expected a name in double quotes, the line ends",
        ),
        (
            r#"{"trading_state":"active"}"#,
            "unknown_trading_state: `trading_state` is `\"active\"`; it must be `ACTIVE`, `REDUCING` or `HALTED`",
        ),
        (
            r#"{"trading_state":1}"#,
            "wrong_type: `trading_state` is `1`; it must be `ACTIVE`, `REDUCING` or `HALTED`",
        ),
        (
            r#"{"state":"ACTIVE"}"#,
            "unknown_field: `state` is no field of the state",
        ),
        (
            r#"{"budget":[]}"#,
            "unknown_field: `budget` is no field of the state; did you mean `budgets`",
        ),
        (
            r#"{"budgets":[],"budgets":[]}"#,
            "duplicate_field: `budgets` is given twice",
        ),
        (
            r#"{"budgets":{}}"#,
            &*format!("wrong_type: `budgets` is `{{}}`; it must be {list}"),
        ),
        (
            r#"{"budgets":[1]}"#,
            &*format!("wrong_type: `budgets` is `1`; it must be {list}"),
        ),
        (
            r#"{"budgets":[NaN]}"#,
            &*format!("not_finite: `budgets` is `NaN`; it must be {list}"),
        ),
        (
            r#"{"budgets":[{}]}"#,
            "field_missing: `budgets.used` is missing; it must be a decimal of 0 or more",
        ),
        (
            r#"{"budgets":[{"used":0,"reserved":0}]}"#,
            "field_missing: `budgets.orders` is missing; it must be a whole number of at most 4294967295",
        ),
        (
            r#"{"budgets":[{"used":-1,"reserved":0,"orders":0}]}"#,
            "negative: `budgets.used` is `-1`; it must be a decimal of 0 or more",
        ),
        (
            r#"{"budgets":[{"used":0,"reserved":NaN,"orders":0}]}"#,
            "not_finite: `budgets.reserved` is `NaN`; it must be a decimal of 0 or more",
        ),
        (
            r#"{"budgets":[{"used":0,"reserved":0,"orders":-1}]}"#,
            "negative: `budgets.orders` is `-1`; it must be a whole number of at most 4294967295",
        ),
        (
            r#"{"budgets":[{"used":0,"reserved":0,"orders":1.5}]}"#,
            "wrong_type: `budgets.orders` is `1.5`; it must be a whole number of at most 4294967295",
        ),
        (
            r#"{"budgets":[{"used":0,"reserved":0,"orders":"1"}]}"#,
            "wrong_type: `budgets.orders` is `\"1\"`; it must be a whole number of at most 4294967295",
        ),
        (
            r#"{"budgets":[{"used":0,"reserved":0,"orders":4294967296}]}"#,
            "overlong: `budgets.orders` is `4294967296`; it must be a whole number of at most 4294967295",
        ),
        (
            r#"{"budgets":[{"used":0,"reserved":0,"orders":0,"x":0}]}"#,
            "unknown_field: `budgets.x` is no field of `budgets`",
        ),
    ] {
        assert_eq!(refused(text), expected);
    }
}
