use super::*;
use crate::journal::record::{ChangeKind, ChangedEvent, Entry, Proofs};
use crate::journal::testing::{EXPLORES, TestStore, decision, request, shown};
use crate::policy::DEFAULT_DOCUMENT;

/// A decision that consulted the budget, and these reservations: number, time of the day,
/// symbol, reserved, settled, open.
fn journaled(document: &str, reservations: &[(i64, &str, &str, &str, &str, bool)]) -> TestStore {
    let mut store = TestStore::new();
    let (number, policy) = store.policy(document);
    let (request, shown) = (request(EXPLORES), shown("0"));
    let decision = decision(&policy, &request, &shown);
    store.decided(number, &request, Some(&shown), &decision, None);
    for (number, time, symbol, reserved, settled, is_open) in reservations {
        let at: Timestamp = format!("2026-11-{time}:00Z").parse().unwrap();
        let at = at.as_microsecond();
        store.tamper(&format!(
            "INSERT INTO reservations VALUES ({number}, 'exploration', {at}, '{symbol}', 'scout',
             'BUY', '50', '1', '{reserved}', '{settled}', {is_open}, 1, NULL)"
        ));
    }
    store
}

fn told(store: &TestStore, at: &str) -> String {
    write_text(&budgets(&store.journal(), Some(at.parse().unwrap())).unwrap())
}

const RESERVATIONS: [(i64, &str, &str, &str, &str, bool); 4] = [
    (1, "23T23:59", "BTC/USDT", "0", "100", false),
    (2, "24T08:02", "BTC/USDT", "50", "0", true),
    (3, "24T08:03", "ETH/USDT", "5", "20.5", true),
    (4, "24T08:04", "ETH/USDT", "0", "0", false),
];

#[test]
fn tells_what_the_window_holds_and_who_holds_it() {
    let store = journaled(DEFAULT_DOCUMENT, &RESERVATIONS);
    assert_eq!(
        told(&store, "2026-11-24T12:00:00Z"),
        "\
policy `default` version 1, amounts in USDT, at 2026-11-24T12:00:00Z
exploration: 3% of equity, per day, from 2026-11-24T00:00:00Z to 2026-11-25T00:00:00Z (UTC)
  limit 300 by the equity 10000 of the last decision that consulted it (2026-11-24T08:02:00Z)
  used 20.5, reserved 55, remaining 224.5, 2 orders
  held by R2: BUY BTC/USDT (scout), 50 since 2026-11-24T08:02:00Z
  held by R3: BUY ETH/USDT (scout), 5 since 2026-11-24T08:03:00Z
"
    );
    assert!(told(&store, "2026-11-23T12:00:00Z").contains("used 100, reserved 0, remaining 200"));
    assert!(told(&store, "2026-11-26T12:00:00Z").contains("  nothing is used or held\n"));
}

#[test]
fn each_part_of_a_scope_stands_for_itself() {
    let budget = "exploration: { limit: 3% of equity, per: day, zone: UTC }";
    assert!(DEFAULT_DOCUMENT.contains(budget));
    let document = DEFAULT_DOCUMENT.replace(
        budget,
        "exploration: { limit: 3% of equity, per: day, zone: UTC, scope: symbol, orders: 5 }",
    );
    let store = journaled(&document, &RESERVATIONS);
    let text = told(&store, "2026-11-24T12:00:00Z");
    for line in [
        "exploration: 3% of equity, at most 5 orders, per day for each symbol, from ",
        "  BTC/USDT: used 0, reserved 50, remaining 250, 1 of 5 orders\n",
        "  ETH/USDT: used 20.5, reserved 5, remaining 274.5, 1 of 5 orders\n",
    ] {
        assert!(text.contains(line), "{line}\n--- is not in\n{text}");
    }
}

/// The limit was that of the last decision: after a swap, of the policy before.
#[test]
fn the_limit_is_that_of_the_live_policy() {
    let mut store = journaled(DEFAULT_DOCUMENT, &RESERVATIONS);
    let more = DEFAULT_DOCUMENT.replace("limit: 3% of equity", "limit: 5% of equity");
    let (_, policy) = store.policy(&more);
    let swapped = ChangedEvent {
        recorded_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        kind: ChangeKind::Swap,
        asked_by: "ops",
        digest: Some(policy.digest()),
        generation: Some(2),
        state: None,
        until: None,
        what: None,
        milliseconds: None,
        proofs: Proofs::default(),
    };
    store.entry(&Entry::Changed(swapped), None);
    let text = told(&store, "2026-11-24T12:00:00Z");
    for line in [
        "exploration: 5% of equity, per day, from ",
        "  limit 500 by the equity 10000 of the last decision that consulted it (2026-11-24T08:02:00Z)\n",
        "  used 20.5, reserved 55, remaining 424.5, 2 orders\n",
    ] {
        assert!(text.contains(line), "{line}\n--- is not in\n{text}");
    }
}

#[test]
fn json_has_the_same() {
    let store = journaled(DEFAULT_DOCUMENT, &RESERVATIONS);
    let at = Some("2026-11-24T12:00:00Z".parse().unwrap());
    let json = write_json(&budgets(&store.journal(), at).unwrap());
    let budget = &json["budgets"][0];
    assert_eq!(budget["parts"][0]["remaining"], "224.5");
    assert_eq!(
        (&budget["limit"], &budget["held_by"]),
        (&"300".into(), &2.into())
    );
    assert_eq!(budget["holders"][1]["reservation"], "R3");
}

#[test]
fn an_empty_store_and_a_row_that_is_none_are_told() {
    let error = budgets(&TestStore::new().journal(), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the store has no policy yet: no router has run on it"
    );
    let store = journaled(
        DEFAULT_DOCUMENT,
        &[(7, "24T08:02", "BTC/USDT", "x", "0", true)],
    );
    let at = Some("2026-11-24T12:00:00Z".parse().unwrap());
    assert_eq!(
        budgets(&store.journal(), at).unwrap_err().to_string(),
        "reservation R7 of the store has the reserved amount `x`, which is no amount"
    );
}
