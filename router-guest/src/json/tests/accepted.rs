use super::*;
use crate::request::{FinalAction, PositionSide, TradeType};

#[test]
fn reads_a_line_as_a_bot_wrote_it() {
    let line = request(REAL);
    assert_eq!(line.id.as_deref(), Some("BTCUSDT-1641021600"));
    assert_eq!(line.timestamp.as_deref(), Some("2022-01-01T07:20:00Z"));
    assert_eq!((&*line.symbol, &*line.strategy), ("BTC/USDT", "momentum"));
    assert_eq!(line.terms.final_action, FinalAction::Sell);
    assert_eq!(line.terms.trade_type, TradeType::Exploration);
    assert_eq!(line.terms.price, Some(amount("46983")));
    assert_eq!(line.terms.signal_score, Some(0.403));
    assert_eq!(line.stop_loss.as_deref(), Some(r#""47216.42""#));
    assert_eq!((line.terms.position, line.warnings.len()), (None, 0));
}

#[test]
fn reads_every_field() {
    let line = request(FULL);
    let position = line.terms.position.unwrap();
    assert_eq!(
        (position.side, position.quantity),
        (PositionSide::Short, amount("1.5"))
    );
    assert_eq!(line.terms.close_quantity, Some(amount("1")));
    assert_eq!(line.terms.working.opening, amount("0.1"));
    assert_eq!(line.terms.working.closing, amount("0.25"));
    assert_eq!(line.terms.price, Some(amount("0.095865")));
    assert_eq!(line.terms.target_notional, Some(amount("12.5")));
    assert!(line.terms.sized);
    assert_eq!(line.terms.equity, Some(amount("10000")));
    assert_eq!(line.terms.quote_rate, Some(amount("14000")));
    assert_eq!(line.terms.signal_score, Some(-0.5));
    assert_eq!(line.terms.confidence, Some(1.0));
    assert_eq!(line.terms.risk_reward_ratio, Some(1.5));
    assert_eq!(
        (line.stop_loss.as_deref(), line.take_profit.as_deref()),
        (Some("0"), Some(r#""0.1""#))
    );
    assert_eq!(line.terms.take_profit, Some(amount("0.1")));
    assert_eq!(line.tags, Some(r#"{"a":"b"}"#));
}

#[test]
fn null_is_absent() {
    let nulls = r#","id":null,"timestamp":null,"trade_type":null,"close_quantity":null,"working":null,"price":null,"target_notional":null,"sized":null,"equity":null,"quote_rate":null,"signal_score":null,"confidence":null,"risk_reward_ratio":null,"stop_loss":null,"take_profit":null,"tags":null"#;
    assert_eq!(request(&flat(nulls)), request(&flat("")));
    let line = flat(r#","working":{"opening":null,"closing":null}"#);
    assert_eq!(request(&line), request(&flat("")));
}

#[test]
fn words_of_actions_and_types() {
    for (word, action) in [
        ("BUY", FinalAction::Buy),
        ("sell", FinalAction::Sell),
        ("Hold", FinalAction::Hold),
        ("sKIP", FinalAction::Skip),
        ("Close", FinalAction::Close),
        ("LIQUIDATE", FinalAction::Unknown),
        ("", FinalAction::Unknown),
        ("BUY ", FinalAction::Unknown),
    ] {
        let line =
            format!(r#"{{"final_action":"{word}","symbol":"s","strategy":"s","position":null}}"#);
        let line = request(&line);
        assert_eq!(
            (line.terms.final_action, &*line.final_action),
            (action, word)
        );
    }
    for (word, trade_type) in [
        ("normal", TradeType::Normal),
        ("pilot", TradeType::Pilot),
        ("exploration", TradeType::Exploration),
        ("explore", TradeType::Exploration),
        ("exit", TradeType::Exit),
        ("risk", TradeType::Risk),
        ("auto", TradeType::Auto),
    ] {
        let line = flat(&format!(r#","trade_type":"{word}""#));
        assert_eq!(request(&line).terms.trade_type, trade_type);
    }
}

#[test]
fn only_orders_need_a_position() {
    for action in ["HOLD", "SKIP", "whatever"] {
        let line = format!(r#"{{"final_action":"{action}","symbol":"s","strategy":"s"}}"#);
        assert_eq!(request(&line).terms.position, None);
    }
    for quantity in ["0", "\"0.000\"", "-0"] {
        let line = format!(
            r#"{{"final_action":"BUY","symbol":"s","strategy":"s","position":{{"side":"long","quantity":{quantity}}}}}"#
        );
        assert_eq!(request(&line).terms.open_position(), None);
    }
}

#[test]
fn amounts_are_taken_exactly() {
    for (written, value) in [
        ("0.1", "0.1"),
        (r#""0.1""#, "0.1"),
        ("1e3", "1000"),
        ("1.5E-3", "0.0015"),
        (r#""1.50e+2""#, "150"),
        ("0.30000000000000004", "0.30000000000000004"),
        (
            "9999999999999999999999999999",
            "9999999999999999999999999999",
        ),
        (
            "0.0000000000000000000000000001",
            "0.0000000000000000000000000001",
        ),
        (r#""007.50""#, "7.5"),
        ("123456789012345678", "123456789012345678"),
        ("1234567890.123456789", "1234567890.123456789"),
        (r#""1\u0032""#, "12"),
    ] {
        let line = flat(&format!(r#","price":{written}"#));
        assert_eq!(
            request(&line).terms.price.unwrap().to_string(),
            value,
            "{written}"
        );
    }
}

#[test]
fn escapes_are_read_in_keys_and_values() {
    let line = flat(r#","pri\u0063e":"1","id":"\u00e9\"\ud83d\ude80""#);
    let line = request(&line);
    assert_eq!(line.terms.price, Some(amount("1")));
    assert_eq!(line.id.as_deref(), Some("é\"🚀"));
}

#[test]
fn white_space_and_order_do_not_matter() {
    let line = "\t { \"position\" : { \"quantity\" : 1 , \"side\" : \"long\" } ,\r\n \"strategy\":\"s\",\"symbol\":\"x\",\"final_action\":\"HOLD\" } \r";
    assert_eq!(request(line).terms.position.unwrap().quantity, amount("1"));
}

#[test]
fn names_have_up_to_64_bytes() {
    let name = "é".repeat(32);
    let line =
        format!(r#"{{"id":"{name}","final_action":"HOLD","symbol":"{name}","strategy":"{name}"}}"#);
    assert_eq!(request(&line).symbol, name);
}

#[test]
fn tags_have_up_to_a_kibibyte() {
    let tags = format!(r#"{{"k":"{}"}}"#, "x".repeat(1024 - 8));
    assert_eq!(tags.len(), 1024);
    let line = flat(&format!(r#","tags":{tags}"#));
    assert_eq!(request(&line).tags, Some(&*tags));
    let line = flat(r#","tags":{}"#);
    assert_eq!(request(&line).tags, Some("{}"));
    let line = flat(r#","tags":{"NaN":"NaN, Infinity","a":"\"[NaN]"}"#);
    assert!(request(&line).tags.is_some());
}
