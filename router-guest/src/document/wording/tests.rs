use super::*;
use crate::document::Document;

const HEAD: &str = "
name: words
version: 1
account_currency: USDT
tiers:
  good: { intent: normal, score: 0.65 }
  pilot: { score: 0.5, budget: trial }
  explore: { budget: trial }
budgets:
  trial: { limit: 100 USDT, per: day }
routes:
";

fn document(when: &str) -> Document {
    let text =
        format!("{HEAD}  - only: {{ when: {when}, skip: tried }}\n  - last: {{ skip: tried }}\n");
    Document::parse(&text).unwrap_or_else(|findings| panic!("{findings}\nin\n{text}"))
}

/// The first clause that `when` reads as.
fn first_clause(when: &str) -> (Clause, Vec<Tier>) {
    let table = document(when).table().clone();
    (table.rules[0].clauses[0].clone(), table.tiers)
}

fn words(when: &str) -> Vec<String> {
    let (clause, tiers) = first_clause(when);
    let conditions = conditions(&clause, &tiers);
    let text = |condition: &Condition| {
        let word = condition.subject().word();
        format!("{word}: {}", condition.wanted())
    };
    conditions.iter().map(text).collect()
}

#[track_caller]
fn check(when: &str, expected: &[&str]) {
    assert_eq!(words(when), expected, "{when}");
}

#[test]
fn conditions_in_the_order_in_which_they_are_tested() {
    check(
        "{ budget: exhausted, confidence: \"< 0.5\", strategy: m*, sized: no, tier: none, position: flat, state: HALTED, type: auto, action: BUY, symbol: [\"*/BTC\", X], dust: no, price: \"> 1 and <= 20\", below_minimum: no }",
        &[
            "state: HALTED",
            "type: auto",
            "action: BUY",
            "position: flat",
            "dust: no",
            "sized: no",
            "symbol: `*/BTC` or `X`",
            "strategy: `m*`",
            "tier: none",
            "confidence: < 0.5",
            "price: > 1 and <= 20",
            "below_minimum: no",
            "budget: exhausted",
        ],
    );
}

#[test]
fn sets_are_told_by_their_shorter_side() {
    check("{ type: not risk }", &["type: not risk"]);
    check(
        "{ type: [normal, pilot, explore, auto] }",
        &["type: neither exit nor risk"],
    );
    check("{ type: [exit, risk] }", &["type: exit or risk"]);
    check(
        "{ type: [normal, pilot, exit] }",
        &["type: normal, pilot or exit"],
    );
    check("{ state: not ACTIVE }", &["state: not ACTIVE"]);
    check(
        "{ tier: { not: [good, none] } }",
        &["tier: pilot or explore"],
    );
    check("{ tier: not none }", &["tier: not none"]);
    check(
        "{ action: { not: [BUY, SELL] } }",
        &["action: neither BUY nor SELL"],
    );
    check(
        "{ symbol: { not: [A, B, C] } }",
        &["symbol: none of `A`, `B`, `C`"],
    );
    check(
        "{ confidence: 0.3 .. 0.55 }",
        &["confidence: >= 0.3 and < 0.55"],
    );
    check("{ price: absent }", &["price: absent"]);
}

#[test]
fn actions_and_positions_are_taken_apart_again() {
    check(
        "{ action: BUY, position: short }",
        &["action: BUY", "position: short"],
    );
    check("{ position: opposite }", &["position: opposite"]);
    check("{ position: same }", &["position: same"]);
    check(
        "{ action: [BUY, SELL], position: flat }",
        &["action: BUY or SELL", "position: flat"],
    );
    check(
        "{ action: CLOSE, position: [long, short] }",
        &["action: CLOSE", "position: not flat"],
    );
    check(
        "{ action: [BUY, SELL], position: not same }",
        &["action: BUY or SELL", "position: not same"],
    );
    check("{ action: unknown }", &["action: unknown"]);
}

/// `a`, `[a, b]`, `{ not: [a, b] }`: how a document writes it.
fn written(wanted: &Wanted) -> String {
    let list = |words: &[String], negated: bool| {
        let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let list = format!("[{}]", words.join(", "));
        if negated {
            format!("{{ not: {list} }}")
        } else {
            list
        }
    };
    match wanted {
        Wanted::Words { words, negated } => list(words, *negated),
        Wanted::Names(test) => list(&test.patterns, test.negated),
        Wanted::Fact(yes) => if *yes { "yes" } else { "no" }.into(),
        Wanted::Budget { exhausted: true } => "exhausted".into(),
        Wanted::Budget { exhausted: false } => "holds".into(),
        Wanted::Range(range) => format!("\"{range}\""),
    }
}

/// What is written of the conditions reads as the same clause.
#[track_caller]
fn check_reads_back(clause: &Clause, tiers: &[Tier]) {
    let conditions = conditions(clause, tiers);
    let written: Vec<_> = conditions
        .iter()
        .map(|condition| {
            format!(
                "{}: {}",
                condition.subject().word(),
                written(condition.wanted())
            )
        })
        .collect();
    let when = format!("{{ {} }}", written.join(", "));
    let (again, _) = first_clause(&when);
    assert_eq!(again, *clause, "{when}");
}

#[test]
fn what_is_written_reads_as_the_same_clause() {
    let positions = ["flat", "long", "short", "opposite", "same"];
    for chosen in 1..32 {
        let words: Vec<_> = (0..5)
            .filter(|at| chosen >> at & 1 == 1)
            .map(|at| positions[at])
            .collect();
        for actions in [
            "BUY",
            "not SELL",
            "[BUY, SELL, CLOSE]",
            "{ not: [HOLD, CLOSE] }",
        ] {
            for not in [false, true] {
                let list = format!("[{}]", words.join(", "));
                let position = if not {
                    format!("{{ not: {list} }}")
                } else {
                    list
                };
                let text = format!(
                    "{HEAD}  - only: {{ when: {{ action: {actions}, position: {position} }}, skip: tried }}\n  - last: {{ skip: tried }}\n"
                );
                // Not every set of words leaves a pair.
                let Ok(document) = Document::parse(&text) else {
                    continue;
                };
                let table = document.table();
                check_reads_back(&table.rules[0].clauses[0], &table.tiers);
            }
        }
    }
    for when in [
        "{ state: [ACTIVE, HALTED], tier: [good, none], signal_score: \"> -0.5 and < 0.5\" }",
        "{ type: { not: [auto, exit, risk, normal] }, symbol: \"not BTC/*\", closable: yes, opening: no }",
        "{ stop_loss: present, take_profit: absent, equity: \">= 0.000000000001\", budget: holds, below_minimum: yes }",
    ] {
        let (clause, tiers) = first_clause(when);
        check_reads_back(&clause, &tiers);
    }
}
