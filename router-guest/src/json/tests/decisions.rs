//! The canonical text of decisions and refusals.

use super::*;
use crate::decision::{OrderIntent, PositionEffect, Side};
use crate::request::PositionSide;

const BARE: DecisionLine<'_> = DecisionLine {
    id: None,
    symbol: "BTC/USDT",
    final_action: "hold",
    tags: None,
    side: Side::Skip,
    order_intent: OrderIntent::Normal,
    reason: "hold_signal",
    rule: "hold",
    position_effect: PositionEffect::None,
    position_side: None,
    reduce_only: false,
    quantity: None,
    notional: None,
    budget: None,
    reservation: None,
    metadata: MetadataLine {
        strategy: "s",
        signal_score: None,
        confidence: None,
        stop_loss: None,
        take_profit: None,
        risk_reward_ratio: None,
    },
    policy: None,
    fuel: None,
    repeated: false,
    warnings: &[],
};

#[track_caller]
fn written(line: &DecisionLine<'_>) -> String {
    let mut out = Vec::new();
    line.write(&mut out);
    let text = String::from_utf8(out).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap();
    text
}

#[test]
fn a_skip_says_the_least() {
    assert_eq!(
        written(&BARE),
        r#"{"symbol":"BTC/USDT","final_action":"hold","side":"SKIP","order_intent":"normal","reason":"hold_signal","rule":"hold","position_effect":"none","reduce_only":false,"metadata":{"strategy":"s","order_intent":"normal","is_exploration":false,"is_pilot":false,"is_normal":true}}"#
    );
}

#[test]
fn everything_stands_in_its_order() {
    let warning = Fault::of_field(FaultCode::WrongType, "id", "`id` is `7`");
    let of_line = Fault::of_line(FaultCode::UnknownField, "2 more");
    let line = DecisionLine {
        id: Some("a\"1"),
        final_action: "BUY",
        tags: Some(" { \"a\" : \"b c\\\" \" ,\n\"d\":\"\" } "),
        side: Side::Buy,
        order_intent: OrderIntent::Explore,
        reason: "open_long",
        rule: "open",
        position_effect: PositionEffect::Open,
        position_side: Some(PositionSide::Long),
        quantity: Some(amount("0.00250000")),
        notional: Some(amount("115.30")),
        budget: Some(BudgetLine {
            name: "exploration",
            need: amount("115.3"),
            used: amount("0"),
            reserved: amount("100"),
            limit: Some(amount("300")),
            remaining: Some(amount("200")),
            orders: Some(1),
            orders_limit: Some(10),
        }),
        reservation: Some("7"),
        metadata: MetadataLine {
            strategy: "momentum",
            signal_score: Some("0.40300"),
            confidence: Some("1"),
            stop_loss: Some("\"47216.420\""),
            take_profit: Some("4.65e4"),
            risk_reward_ratio: Some("-1.5e0"),
        },
        policy: Some(PolicyLine {
            name: "default",
            version: "1",
            digest: Some("sha256:00"),
            generation: Some(3),
        }),
        fuel: Some(1234),
        repeated: true,
        warnings: &[warning, of_line],
        ..BARE
    };
    assert_eq!(
        written(&line),
        concat!(
            r#"{"id":"a\"1","symbol":"BTC/USDT","final_action":"BUY","tags":{"a":"b c\" ","d":""},"#,
            r#""side":"BUY","order_intent":"explore","reason":"open_long","rule":"open","#,
            r#""position_effect":"open","position_side":"long","reduce_only":false,"#,
            r#""quantity":"0.0025","notional":"115.3","#,
            r#""budget":{"name":"exploration","need":"115.3","used":"0","reserved":"100","limit":"300","remaining":"200","orders":1,"orders_limit":10},"#,
            r#""reservation":"7","#,
            r#""metadata":{"strategy":"momentum","order_intent":"explore","is_exploration":true,"is_pilot":false,"is_normal":false,"signal_score":0.40300,"confidence":1,"stop_loss":"47216.420","take_profit":4.65e4,"risk_reward_ratio":-1.5e0},"#,
            r#""policy":{"name":"default","version":"1","digest":"sha256:00","generation":3},"#,
            r#""fuel":1234,"repeated":true,"#,
            r#""warnings":[{"code":"wrong_type","field":"id","message":"`id` is `7`"},{"code":"unknown_field","message":"2 more"}]}"#,
        )
    );
}

#[test]
fn metadata_takes_what_the_request_gave() {
    let request = request(FULL);
    let expected = MetadataLine {
        strategy: "momentum",
        signal_score: Some("-0.5"),
        confidence: Some("1"),
        stop_loss: Some("0"),
        take_profit: Some("\"0.1\""),
        risk_reward_ratio: Some("1.5e0"),
    };
    assert_eq!(MetadataLine::of(&request), expected);
}

#[test]
fn strings_are_escaped_as_little_as_may_be() {
    let symbol = "\u{8}\u{c}\n\r\t\u{0}\u{1f}\"\\/é🚀\u{7f}\u{2028}";
    let line = DecisionLine { symbol, ..BARE };
    let expected = "\"symbol\":\"\\b\\f\\n\\r\\t\\u0000\\u001f\\\"\\\\/é🚀\u{7f}\u{2028}\"";
    assert!(written(&line).contains(expected));
}

#[test]
fn amounts_are_written_as_they_print() {
    for text in [
        "0",
        "1",
        "10",
        "0.1",
        "0.01",
        "100.01",
        "18446744073709551615",
        "18446744073709551616",
        "9999999999999999999999999999",
        "0.9999999999999999999999999999",
        "0.0000000000000000000000000001",
        "1000000000000000000000000000",
        "10000000000000.00000000000001",
        "1844674407370955161.6",
        "184467440737095516.16",
    ] {
        let mut out = Vec::new();
        write::amount(&mut out, amount(text));
        assert_eq!(String::from_utf8(out).unwrap(), format!("\"{text}\""));
    }
    // Not in its shortest form, as products come out.
    for (coefficient, scale, text) in [
        (1_500_u128, 3, "1.5"),
        (0, 12, "0"),
        (1_500, 0, "1500"),
        (10_u128.pow(27), 28, "0.1"),
        (184_467_440_737_095_516_160, 2, "1844674407370955161.6"),
    ] {
        let mut out = Vec::new();
        write::amount(&mut out, Amount::new(coefficient, scale).unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), format!("\"{text}\""));
    }
}

#[test]
fn counts() {
    for (number, text) in [(0, "0"), (10, "10"), (u64::MAX, "18446744073709551615")] {
        let mut out = Vec::new();
        write::whole(&mut out, number);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}

#[test]
fn refusals() {
    for (line, id, symbol, expected) in [
        (
            Some(3),
            Some("a"),
            Some("s"),
            r#"{"line":3,"id":"a","symbol":"s","side":"SKIP","error":{"code":"bad_json","message":"a \"b\""}}"#,
        ),
        (
            None,
            None,
            Some("s"),
            r#"{"symbol":"s","side":"SKIP","error":{"code":"bad_json","message":"a \"b\""}}"#,
        ),
        (
            None,
            None,
            None,
            r#"{"side":"SKIP","error":{"code":"bad_json","message":"a \"b\""}}"#,
        ),
    ] {
        let mut out = Vec::new();
        write_refusal(line, id, symbol, "bad_json", "a \"b\"", &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn codes_have_words_of_their_own() {
    let mut words: Vec<_> = FaultCode::ALL.iter().map(|code| code.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), FaultCode::ALL.len());
    for (at, code) in FaultCode::ALL.into_iter().enumerate() {
        assert_eq!(code as usize, at);
    }
}
