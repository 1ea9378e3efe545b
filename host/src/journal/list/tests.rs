use super::*;
use crate::Scenario;
use crate::journal::mask::Mask;
use crate::journal::period::Period;
use crate::journal::record::{ChangeKind, ChangedEvent, Entry, Proofs};
use crate::journal::testing::{EXPLORES, OPENS, SHORTS, TestStore, decision, request, shown};
use crate::policy::DEFAULT_DOCUMENT;

fn journaled() -> TestStore {
    let mut store = TestStore::new();
    let (number, policy) = store.policy(DEFAULT_DOCUMENT);
    for line in [OPENS, SHORTS, EXPLORES] {
        let (request, mut shown) = (request(line), shown("120"));
        if !request.terms().sees_budgets() {
            shown.budgets = None;
        }
        let decision = decision(&policy, &request, &shown);
        store.decided(number, &request, Some(&shown), &decision, None);
    }
    store
}

fn listed(store: &TestStore, filter: &Filter, format: ListFormat) -> String {
    let mut out = Vec::new();
    list(&store.journal(), filter, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn text_is_a_line_for_each_entry() {
    assert_eq!(
        listed(&journaled(), &Filter::default(), ListFormat::Text),
        "\
2026-11-24T08:00:00Z 1 BUY BTC/USDT momentum → BUY open_long (intent normal) quantity=0.02 notional=1000 id=o-1
2026-11-24T08:01:00Z 2 SELL ETH/USDT momentum → SKIP shorting_disabled (intent normal) id=o-2
2026-11-24T08:02:00Z 3 BUY BTC/USDT scout → BUY open_long (intent explore) quantity=0.001 notional=50 exploration: need=50 remaining=180 id=o-3
"
    );
}

#[test]
fn json_holds_what_route_and_explain_take_and_what_route_answered() {
    let store = journaled();
    let text = listed(&store, &Filter::default(), ListFormat::Json);
    for (line, sent) in text.lines().zip([OPENS, SHORTS, EXPLORES]) {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        // The request can be sent again,
        let (then, sent) = (entry["request"].to_string(), request(sent));
        let again = request(&then);
        assert_eq!(again.terms(), sent.terms());
        assert_eq!(
            (again.id(), again.timestamp()),
            (sent.id(), sent.timestamp())
        );
        // and explained with its state.
        let scenario = serde_json::json!({
            "request": entry["request"], "state": entry["state"]
        });
        Scenario::parse(&scenario.to_string()).unwrap();
        assert_eq!(entry["decision"]["id"], entry["request"]["id"]);
        assert_eq!(entry["decision"]["policy"]["name"], "default");
    }
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["request"]["tags"]["desk"], "a");
    assert_eq!(first["decision"]["metadata"]["signal_score"], 0.7);
}

#[track_caller]
fn finds(set: impl FnOnce(&mut Filter), expected: &[i64]) {
    let mut filter = Filter::default();
    set(&mut filter);
    let text = listed(&journaled(), &filter, ListFormat::Json);
    let found: Vec<i64> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"]
                .as_i64()
                .unwrap()
        })
        .collect();
    assert_eq!(found, expected, "{filter:?}");
}

#[test]
fn filters_leave_the_others_out() {
    let some = |text: &str| Some(text.to_owned());
    finds(|filter| filter.symbol = some("BTC/USDT"), &[1, 3]);
    finds(|filter| filter.strategy = some("scout"), &[3]);
    finds(|filter| filter.side = some("SKIP"), &[2]);
    finds(|filter| filter.reason = some("open_long"), &[1, 3]);
    finds(|filter| filter.id = some("o-2"), &[2]);
    finds(|filter| filter.limit = Some(2), &[2, 3]);
    finds(|filter| filter.symbol = some("DOGE/USDT"), &[]);
    finds(
        |filter| {
            filter.period = Period {
                since: Some("2026-11-24T08:01:00Z".parse().unwrap()),
                until: Some("2026-11-24T08:02:00Z".parse().unwrap()),
            };
        },
        &[2],
    );
}

#[test]
fn masked_fields_are_named_and_nowhere_to_be_read() {
    let mut store = TestStore::new();
    let (number, policy) = store.policy(DEFAULT_DOCUMENT);
    let mask = Mask::new(&[7; 16], "id,symbol,strategy,tags".parse().unwrap()).unwrap();
    let (request, mut shown) = (request(OPENS), shown("0"));
    shown.budgets = None;
    let decision = decision(&policy, &request, &shown);
    store.decided(number, &request, Some(&shown), &decision, Some(&mask));
    let json = listed(&store, &Filter::default(), ListFormat::Json);
    assert!(
        json.contains(r#""masked":["id","symbol","strategy","tags"]"#),
        "{json}"
    );
    let text = listed(&store, &Filter::default(), ListFormat::Text);
    for secret in ["o-1", "BTC", "momentum", "desk"] {
        assert!(
            !json.contains(secret) && !text.contains(secret),
            "{json}\n{text}"
        );
    }
}

#[test]
fn following_tells_what_comes() {
    let mut store = journaled();
    let journal = store.journal();
    let mut out = Vec::new();
    let mut looks = 0;
    let filter = Filter {
        limit: Some(1),
        ..Filter::default()
    };
    let mut goes_on = || {
        looks += 1;
        if looks == 2 {
            let change = ChangedEvent {
                recorded_at: "2026-11-24T09:00:00Z".parse().unwrap(),
                kind: ChangeKind::TradingState,
                asked_by: "ops",
                digest: None,
                generation: None,
                state: Some(crate::TradingState::Halted),
                until: None,
                what: None,
                milliseconds: None,
                proofs: Proofs::default(),
            };
            store.entry(&Entry::Changed(change), None);
        }
        looks < 4
    };
    follow(&journal, &filter, ListFormat::Text, &mut out, &mut goes_on).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("2026-11-24T08:02:00Z 3 BUY"), "{text}");
    assert_eq!(
        lines[1],
        "2026-11-24T09:00:00Z 4 TRADING_STATE HALTED asked_by=ops"
    );
}
