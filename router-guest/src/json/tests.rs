//! What lines say, what is refused of them, and how decisions are written.

mod accepted;
mod closes;
mod decisions;
mod embedded;
mod lines;
mod properties;
mod refused;
mod states;
mod values;

use super::*;
use crate::amount::Amount;

/// A line as a bot wrote it.
const REAL: &str = r#"{"id": "BTCUSDT-1641021600", "timestamp": "2022-01-01T07:20:00Z", "final_action": "SELL", "symbol": "BTC/USDT", "strategy": "momentum", "trade_type": "exploration", "price": "46983.00", "target_notional": "230.60", "equity": "10000.00", "signal_score": 0.403, "confidence": 0.5343, "stop_loss": "47216.42", "take_profit": "46523.87", "risk_reward_ratio": 1.967, "position": null}"#;

/// A line that gives every field.
const FULL: &str = r#"{"id":"a-1","timestamp":"2022-01-01T07:20:00Z","final_action":"BUY","symbol":"ETH/BTC","strategy":"momentum","trade_type":"auto","position":{"side":"short","quantity":"1.5"},"close_quantity":1,"working":{"opening":"0.1","closing":0.25},"price":"0.09586500","target_notional":12.5,"sized":true,"equity":1e4,"quote_rate":"14000","signal_score":-0.5,"confidence":1,"risk_reward_ratio":1.5e0,"stop_loss":0,"take_profit":"0.1","tags":{"a":"b"}}"#;

/// A flat BUY with more fields: the least that a request says.
fn flat(more: &str) -> String {
    format!(r#"{{"final_action":"BUY","symbol":"BTC/USDT","strategy":"s","position":null{more}}}"#)
}

/// A SELL that closes a long, with more fields.
fn close(more: &str) -> String {
    let position = r#"{"side":"long","quantity":"2"}"#;
    format!(
        r#"{{"final_action":"SELL","symbol":"BTC/USDT","strategy":"s","position":{position}{more}}}"#
    )
}

#[track_caller]
fn request(line: &str) -> RequestLine<'_> {
    match parse_line(line.as_bytes()) {
        Ok(Line::Request(request)) => request,
        other => panic!("{line}: {other:?}"),
    }
}

/// `code: message` of the fault that refuses a line.
#[track_caller]
fn fault(line: impl AsRef<[u8]>) -> String {
    let line = line.as_ref();
    match parse_line(line) {
        Err(error) => format!("{}: {error}", error.fault.code.word()),
        Ok(taken) => panic!("{}: {taken:?}", String::from_utf8_lossy(line)),
    }
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}
