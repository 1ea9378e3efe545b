//! Requests and states as text, out of a seed: with odd spellings, and with faults now and then.

use router_guest::request::{OrderTerms, Request};
use router_guest::state::BudgetUse;

use crate::generate::{self, Numbers};
use crate::generate_policy;

/// A request as a line, with faults and odd spellings now and then.
pub fn line(numbers: &mut Numbers) -> String {
    let Request {
        symbol,
        strategy,
        terms,
    } = generate_policy::request(numbers);
    let action = *numbers.choose(&["BUY", "SELL", "Hold", "skip", "CLOSE", "STRONG_BUY", "buy"]);
    let trade_type = terms.trade_type.word();
    let mut text = format!(
        "{{\"id\":\"a-{}\",\"final_action\":\"{action}\",\"symbol\":\"{symbol}\",\"strategy\":\"{strategy}\",\"trade_type\":\"{trade_type}\"",
        numbers.below(1_000)
    );
    match terms.position {
        Some(position) => {
            text += &format!(
                ",\"position\":{{\"side\":\"{}\",\"quantity\":{}}}",
                position.side.word(),
                position.quantity
            );
        }
        None if numbers.once_in(20) => {}
        None => text += ", \"position\": null",
    }
    figures(numbers, &terms, &mut text);
    let odd = [
        ",\"sized\":true",
        ",\"sized\":1",
        ",\"tags\":{\"a\":\"\\u00e9 \\\"\"}",
        ",\"colour\":2",
        ",\"price\":NaN",
        ",\"id\":\"\"",
    ];
    if numbers.once_in(8) {
        text += *numbers.choose::<&str>(&odd);
    }
    let closing = terms.working.closing;
    text += &format!(
        ",\"working\":{{\"closing\":\"{closing}\",\"opening\":{}}}}}",
        terms.working.opening
    );
    if numbers.once_in(60) {
        let cut = usize::try_from(numbers.below(text.len() as u64)).unwrap_or(0);
        text.truncate(cut);
    }
    text
}

/// Amounts and scores, spelled as numbers or as strings.
fn figures(numbers: &mut Numbers, terms: &OrderTerms, text: &mut String) {
    for (key, amount) in [
        ("close_quantity", terms.close_quantity),
        ("price", terms.price),
        ("target_notional", terms.target_notional),
        ("equity", terms.equity),
        ("quote_rate", terms.quote_rate),
        ("stop_loss", terms.stop_loss),
        ("take_profit", terms.take_profit),
    ] {
        if let Some(amount) = amount {
            let spelled = *numbers.choose(&["", "\"", "-", "e2", "x"]);
            *text += &match spelled {
                "-" if numbers.once_in(20) => format!(",\"{key}\":-{amount}"),
                "x" if numbers.once_in(20) => format!(",\"{key}\":\"{amount}x\""),
                "e2" if !amount.to_string().contains('.') => format!(",\"{key}\":{amount}E+2"),
                "\"" => format!(",\"{key}\":\"{amount}\""),
                _ => format!(",\"{key}\":{amount}"),
            };
        }
    }
    for (key, score) in [
        ("signal_score", terms.signal_score),
        ("confidence", terms.confidence),
        ("risk_reward_ratio", terms.risk_reward_ratio),
    ] {
        if let Some(score) = score {
            let odd = [
                "NaN",
                "Infinity",
                "-Infinity",
                "1e400",
                "-1e400",
                "-0.65E0",
                "65e-2",
            ];
            *text += &if numbers.once_in(60) {
                format!(",\"{key}\":{}", numbers.choose::<&str>(&odd))
            } else {
                format!(",\"{key}\":{score}")
            };
        }
    }
}

/// A state as a text, with a use for so many budgets; now and then a faulty one.
pub fn state(numbers: &mut Numbers, budgets: usize) -> String {
    let uses: Vec<String> = (0..budgets)
        .map(|_| {
            let BudgetUse {
                used,
                reserved,
                orders,
            } = generate::budget_use(numbers);
            format!("{{\"used\":\"{used}\",\"reserved\":{reserved},\"orders\":{orders}}}")
        })
        .collect();
    let word = generate::trading_state(numbers).word();
    match numbers.below(30) {
        0 => "{}".to_owned(),
        1 => format!("{{\"trading_state\":\"{word}\"}}"),
        2 => "{\"trading_state\":\"OFF\"}".to_owned(),
        3 => "[".to_owned(),
        _ => format!(
            "{{\"trading_state\":\"{word}\",\"budgets\":[{}]}}",
            uses.join(",")
        ),
    }
}
