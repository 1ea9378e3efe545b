use router_guest::document::Document;

use super::*;

const HEAD: &str = "
name: shown
version: 2
account_currency: USDT
risk: { short_enabled: yes }
symbols:
  ETH/USDT: { allow_short: yes, min_quantity: 0.5 }
tiers:
  good: { intent: normal, score: 0.65 }
  pilot: { score: 0.5, budget: trial }
  explore: { budget: trial }
budgets:
  trial: { limit: 100 USDT, per: day }
routes:
";

fn table(head: &str, routes: &str) -> TruthTable {
    let text = format!("{head}{routes}");
    TruthTable::of(
        &Document::parse(&text).unwrap_or_else(|findings| panic!("{findings}\nin\n{text}")),
    )
}

/// A line for each row: its conditions, then what it answers.
fn lines(table: &TruthTable) -> Vec<String> {
    let rows = table.rows.iter();
    rows.map(|row| {
        let conditions = [
            &row.state,
            &row.trade_type,
            &row.action_and_position,
            &row.other,
        ];
        let conditions: Vec<&str> = conditions
            .into_iter()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        format!(
            "{} {} → {} {} {}",
            row.number,
            conditions.join(" | "),
            row.side,
            row.intent,
            row.reason
        )
    })
    .collect()
}

#[track_caller]
fn check(routes: &str, rows: &[&str], left_out: &[(&str, &str)]) {
    let table = table(HEAD, routes);
    assert_eq!(lines(&table), rows);
    let told: Vec<_> = table
        .left_out
        .iter()
        .map(|out| (out.rule.as_str(), out.why.as_str()))
        .collect();
    assert_eq!(told, left_out);
}

const REST: &str = "  - rest: { skip: rest }\n";

#[test]
fn conditions_stand_in_their_columns() {
    check(
        &format!(
            "  - a: {{ when: {{ state: not ACTIVE, type: [exit, risk], action: CLOSE, dust: yes }}, skip: why }}
  - b: {{ when: {{ symbol: [\"*/BTC\", X], tier: not none, confidence: \"< 0.5\", sized: no }}, skip: why }}
{REST}"
        ),
        &[
            "1 not ACTIVE | exit or risk | CLOSE with a position | dust → SKIP of the type why",
            "2 not sized, symbol `*/BTC` or `X`, tier not none, confidence < 0.5 → SKIP of the type why",
            "3  → SKIP of the type rest",
        ],
        &[],
    );
}

#[test]
fn a_verb_has_a_row_for_each_side_and_for_what_it_cannot_do() {
    check(
        "  - close: { when: { position: opposite }, close: position }
  - open: { open: sized, reason: go }
",
        &[
            "1a SELL or CLOSE with a long | closable → SELL exit (type risk: risk) close_long",
            "1b BUY or CLOSE with a short | closable → BUY exit (type risk: risk) close_short",
            "1c BUY with a short, SELL with a long, CLOSE with a position → none  no answer: the fail-safe decides",
            "2a ACTIVE | neither exit nor risk | BUY without a short → BUY of the type go",
            "2b ACTIVE | neither exit nor risk | SELL without a long | short_allowed → SELL of the type go",
            "2c BUY without a short, SELL without a long, CLOSE when flat, any other → none  no answer: the fail-safe decides",
        ],
        &[],
    );
}

#[test]
fn dust_counts_as_flat_where_nothing_else_is_left() {
    check(
        "  - close: { when: { position: [long, short], dust: no, type: not risk }, close: position }
  - other: { when: { position: not flat, dust: no }, skip: held }
  - open: { when: { action: BUY, state: ACTIVE, type: normal }, open: sized }
  - rest: { skip: rest }
",
        &[
            "1a not risk | SELL or CLOSE with a long | not dust, closable → SELL exit close_long",
            "1b not risk | BUY or CLOSE with a short | not dust, closable → BUY exit close_short",
            "1c not risk | long or short | not dust → none  no answer: the fail-safe decides",
            "2 long or short | not dust → SKIP of the type held",
            "3 ACTIVE | normal | BUY when flat or dust → BUY normal open_long",
            "4 flat or dust → SKIP of the type rest",
        ],
        &[],
    );
}

#[test]
fn alternatives_that_say_nothing_new_are_no_rows() {
    check(
        &format!(
            "  - a:
      when:
        - {{ action: BUY, position: flat }}
        - {{ action: SELL, position: flat }}
        - {{ action: BUY, position: flat, sized: yes }}
        - {{ state: HALTED, type: exit }}
        - {{ state: HALTED, type: risk }}
      skip: why
{REST}"
        ),
        &[
            "1a BUY or SELL when flat → SKIP of the type why",
            "1b HALTED | exit or risk → SKIP of the type why",
            "2 BUY or SELL with a position, any other → SKIP of the type rest",
        ],
        &[],
    );
}

#[test]
fn what_no_request_reaches_is_left_out() {
    check(
        &format!(
            "  - buys: {{ when: {{ action: BUY }}, skip: why }}
  - again: {{ when: {{ action: BUY, symbol: \"BTC/*\" }}, skip: why }}
  - some: {{ when: {{ action: [BUY, SELL], position: long }}, skip: why }}
{REST}"
        ),
        &[
            "1 BUY → SKIP of the type why",
            "3 SELL with a long → SKIP of the type why",
            "4 SELL without a long; HOLD, SKIP, CLOSE or unknown → SKIP of the type rest",
        ],
        &[("again", "rules above it take every request that it would")],
    );
    let nothing_known = HEAD.replace(
        "{ allow_short: yes, min_quantity: 0.5 }",
        "{ allow_short: no }",
    );
    let table = table(
        &nothing_known,
        "  - dusty: { when: { dust: yes }, skip: why }
  - short: { when: { short_allowed: yes }, skip: why }
  - sell: { when: { action: SELL, short_allowed: no, dust: no }, skip: why }
  - open: { when: { type: pilot, action: [BUY, SELL], position: flat }, open: sized }
  - auto: { when: { type: auto, tier: pilot, budget: exhausted }, skip: why }
  - spent: { when: { budget: exhausted }, skip: why }
  - rest: { skip: rest }
",
    );
    assert_eq!(
        lines(&table),
        [
            "3 SELL → SKIP of the type why",
            "4a ACTIVE | pilot | BUY when flat → BUY pilot open_long",
            "4b pilot | BUY when flat → none  no answer: the fail-safe decides",
            "5 auto | not SELL | tier pilot, budget exhausted → SKIP pilot why",
            "6 pilot, exploration or auto | not SELL | budget exhausted → SKIP of the type why",
            "7 not SELL → SKIP of the type rest",
        ]
    );
    let told: Vec<_> = table
        .left_out
        .iter()
        .map(|out| (out.rule.as_str(), out.why.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("dusty", "no symbol has a `min_quantity`"),
            ("short", "no symbol may be shorted"),
        ]
    );
}

#[test]
fn written() {
    let table = table(
        HEAD,
        "  - a: { when: { symbol: [\"A|B\", \"C\\\"D\"] }, skip: why }
  - b: { open: sized }
",
    );
    assert_eq!(
        table.to_markdown(),
        "\
| #  | state  | type                  | action and position | other conditions       | side | intent      | reason                           | rule |
| -- | ------ | --------------------- | ------------------- | ---------------------- | ---- | ----------- | -------------------------------- | ---- |
| 1  |        |                       |                     | symbol `A\\|B` or `C\"D` | SKIP | of the type | `why`                            | `a`  |
| 2a | ACTIVE | neither exit nor risk | BUY without a short |                        | BUY  | of the type | `open_long`                      | `b`  |
| 2b | ACTIVE | neither exit nor risk | BUY with a short    | dust                   | BUY  | of the type | `open_long`                      | `b`  |
| 2c | ACTIVE | neither exit nor risk | SELL without a long | short_allowed          | SELL | of the type | `open_short`                     | `b`  |
| 2d | ACTIVE | neither exit nor risk | SELL with a long    | dust, short_allowed    | SELL | of the type | `open_short`                     | `b`  |
| 2e |        |                       |                     |                        | none |             | no answer: the fail-safe decides | `b`  |
"
    );
    assert_eq!(
        table.to_csv(),
        "number,state,type,action_and_position,other,side,intent,reason,rule
1,,,,\"symbol `A|B` or `C\"\"D`\",SKIP,of the type,why,a
2a,ACTIVE,neither exit nor risk,BUY without a short,,BUY,of the type,open_long,b
2b,ACTIVE,neither exit nor risk,BUY with a short,dust,BUY,of the type,open_long,b
2c,ACTIVE,neither exit nor risk,SELL without a long,short_allowed,SELL,of the type,open_short,b
2d,ACTIVE,neither exit nor risk,SELL with a long,\"dust, short_allowed\",SELL,of the type,open_short,b
2e,,,,,none,,no answer: the fail-safe decides,b
"
    );
    let json: serde_json::Value = serde_json::from_str(&table.to_json()).unwrap();
    assert_eq!(
        json["rows"][4],
        serde_json::json!({
            "number": "2d",
            "state": "ACTIVE",
            "type": "neither exit nor risk",
            "action_and_position": "SELL with a long",
            "other": "dust, short_allowed",
            "side": "SELL",
            "intent": "of the type",
            "reason": "open_short",
            "rule": "b",
        })
    );
}
