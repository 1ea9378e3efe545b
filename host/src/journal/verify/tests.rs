use super::*;
use crate::journal::record::{
    ChangeKind, ChangedEvent, Entry, Proofs, ReleasedEvent, SettledEvent, ShownState,
};
use crate::journal::testing::{
    CLOSES, EXPLORES, OPENS, SHORTS, TestStore, decision, request, shown,
};
use crate::ledger::{EventId, ReservationId, Settled, Settlement};
use crate::policy::DEFAULT_DOCUMENT;
use crate::{Amount, Side};
use jiff::Timestamp;

/// Entries 1 (a change), 2 to 5 (decisions, of which 4 reserves), 6 (a settlement), 7 (a
/// release), 8 (a change).
fn journaled() -> TestStore {
    let mut store = TestStore::new();
    let (number, policy) = store.policy(DEFAULT_DOCUMENT);
    let now: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
    let change = |kind, what| ChangedEvent {
        recorded_at: now,
        kind,
        asked_by: "ops",
        digest: Some(policy.digest()),
        generation: Some(1),
        state: None,
        until: None,
        what,
        milliseconds: Some(3),
        proofs: Proofs::default(),
    };
    store.entry(&Entry::Changed(change(ChangeKind::Started, None)), None);
    let reservation = ReservationId::of_number(1);
    for line in [OPENS, SHORTS, EXPLORES, CLOSES] {
        let request = request(line);
        let sees = request.terms().sees_budgets();
        let shown = ShownState {
            budgets: shown("0").budgets.filter(|_| sees),
            ..shown("0")
        };
        let mut decision = decision(&policy, &request, &shown);
        if let Some(charge) = &mut decision.answer.charge {
            charge.reservation = Some(reservation);
        }
        store.decided(number, &request, Some(&shown), &decision, None);
    }
    store.connection.execute_batch(
        "INSERT INTO reservations SELECT 1, budget, at, symbol, strategy, side, need, '1', '0', '20', 0, seq, NULL
         FROM decisions WHERE seq = 4",
    ).unwrap();
    let amount = |text: &str| text.parse::<Amount>().unwrap();
    store.entry(
        &Entry::Settled(SettledEvent {
            recorded_at: now,
            settlement: Settlement {
                reservation,
                event_id: EventId::new("fill-1").unwrap(),
                notional: amount("20"),
                side: Side::Buy,
                is_final: false,
            },
            settled: Settled {
                used: amount("20"),
                released: Amount::ZERO,
                reserved: amount("30"),
                overrun: None,
                side_mismatch: false,
                repeated: false,
            },
            asked_by: None,
        }),
        None,
    );
    store.entry(
        &Entry::Released(ReleasedEvent {
            recorded_at: now,
            reservation,
            event_id: EventId::new("cancel-1").unwrap(),
            released: amount("30"),
            is_expiry: false,
            stays_open: Some(false),
            asked_by: Some("ops"),
        }),
        None,
    );
    store.entry(
        &Entry::Changed(change(ChangeKind::Refused, Some("no"))),
        None,
    );
    store.end_chain();
    store
}

fn verified(store: &TestStore, checkpoint: Option<Checkpoint>) -> Verified {
    verify(&store.journal(), checkpoint, &mut |_| {}).unwrap()
}

/// That tampering like this is found, at these places and no others.
#[track_caller]
fn found(tampering: &str, expected: &[(&str, &str)]) {
    let store = journaled();
    store.tamper(tampering);
    let verified = verified(&store, None);
    let said: Vec<_> = verified
        .findings
        .iter()
        .map(|finding| (finding.place.as_str(), finding.what.as_str()))
        .collect();
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for ((place, what), (expected_place, beginning)) in said.iter().zip(expected) {
        assert_eq!(place, expected_place, "{said:#?}");
        assert!(what.starts_with(beginning), "{said:#?}");
    }
    assert!(!verified.is_sound());
}

const CHAIN: &str = "the chain does not come to what is written with it";

#[test]
fn what_was_written_is_sound() {
    let store = journaled();
    let checkpoint = Checkpoint::of(&store.journal(), Timestamp::UNIX_EPOCH).unwrap();
    let verified = verified(&store, Some(checkpoint));
    assert_eq!(verified.findings, []);
    assert_eq!((verified.entries, verified.last), (8, 8));
    let text = write_text(&verified);
    assert!(
        text.starts_with("8 entries: as they were written\n"),
        "{text}"
    );
    assert!(
        text.contains("held to the checkpoint of 1970-01-01T00:00:00Z after entry 8"),
        "{text}"
    );
    assert_eq!(write_json(&verified)["sound"], true);
}

#[test]
fn an_empty_journal_is_sound() {
    let store = TestStore::new();
    let verified = verified(&store, None);
    assert_eq!((verified.found, verified.entries), (0, 0));
}

#[test]
fn a_changed_record_is_found() {
    for (table, seq) in [("decisions", 3), ("settlements", 6), ("changes", 8)] {
        // Another byte within a text, so that the record can still be read.
        let (from, to) = match table {
            "decisions" => ("ETH/USDT", "ETC/USDT"),
            "settlements" => ("fill-1", "fill-2"),
            _ => ("ops", "oqs"),
        };
        let store = journaled();
        let query = format!("SELECT record FROM {table} WHERE seq = {seq}");
        let record: Vec<u8> = store
            .connection
            .query_row(&query, [], |row| row.get(0))
            .unwrap();
        let at = record
            .windows(from.len())
            .position(|part| part == from.as_bytes())
            .unwrap();
        let mut changed = record.clone();
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        let update = format!("UPDATE {table} SET record = ?1 WHERE seq = {seq}");
        store.connection.execute(&update, [changed]).unwrap();
        let verified = verified(&store, None);
        let place = format!("entry {seq} ({table})");
        assert_eq!(verified.findings[0].place, place);
        assert!(verified.findings[0].what.starts_with(CHAIN));
        // The column does not say what the record says now.
        assert_eq!(verified.findings[1].place, place);
        assert!(verified.findings[1].what.starts_with("its column `"));
    }
}

#[test]
fn a_changed_column_is_found() {
    for (table, seq, column, said) in [
        (
            "decisions",
            2,
            "symbol",
            "its column `symbol` says `x`, and its record `BTC/USDT`",
        ),
        (
            "decisions",
            3,
            "reason",
            "its column `reason` says `x`, and its record `shorting_disabled`",
        ),
        (
            "decisions",
            4,
            "need",
            "its column `need` says `x`, and its record `50`",
        ),
        (
            "decisions",
            5,
            "notional",
            "its column `notional` says `x`, and its record nothing",
        ),
        (
            "settlements",
            6,
            "used",
            "its column `used` says `x`, and its record `20`",
        ),
        (
            "settlements",
            7,
            "asked_by",
            "its column `asked_by` says `x`, and its record `ops`",
        ),
        (
            "changes",
            8,
            "what",
            "its column `what` says `x`, and its record `no`",
        ),
    ] {
        let place = format!("entry {seq} ({table})");
        found(
            &format!("UPDATE {table} SET {column} = 'x' WHERE seq = {seq}"),
            &[(&place, said)],
        );
    }
    found(
        "UPDATE decisions SET fuel = 1, keeps_id = 0 WHERE seq = 2",
        &[
            (
                "entry 2 (decisions)",
                "its column `fuel` says `1`, and its record `",
            ),
            (
                "entry 2 (decisions)",
                "its column `keeps_id` says `0`, and its record `1`",
            ),
        ],
    );
}

#[test]
fn every_readable_column_is_held_to_the_record() {
    let store = journaled();
    for (table, seq) in [("decisions", 4), ("settlements", 6), ("changes", 8)] {
        let query = format!(
            "SELECT name, type FROM pragma_table_info('{table}')
             WHERE name NOT IN ('seq', 'record', 'chain')"
        );
        let mut statement = store.connection.prepare(&query).unwrap();
        let columns = statement
            .query_map([], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .unwrap();
        for (column, kind) in columns.map(Result::unwrap) {
            let value = if kind == "TEXT" { "'tampered'" } else { "4711" };
            let store = journaled();
            store.tamper(&format!(
                "UPDATE {table} SET {column} = {value} WHERE seq = {seq}"
            ));
            let verified = verified(&store, None);
            let expected = format!("its column `{column}` says");
            let is_told = verified.findings.iter().any(|finding| {
                finding.place == format!("entry {seq} ({table})")
                    && finding.what.starts_with(&expected)
            });
            assert!(is_told, "{table}.{column}: {:#?}", verified.findings);
        }
    }
}

#[test]
fn a_removed_entry_is_found() {
    found(
        "DELETE FROM decisions WHERE seq = 3",
        &[("entry 4 (decisions)", "entry 3 is missing before it")],
    );
    found(
        "DELETE FROM decisions WHERE seq IN (2, 3)",
        &[(
            "entry 4 (decisions)",
            "entries 2 to 3 are missing before it",
        )],
    );
    found(
        "DELETE FROM changes WHERE seq = 1",
        &[("entry 2 (decisions)", "entry 1 is missing before it")],
    );
    found(
        "DELETE FROM settlements WHERE seq = 6",
        &[
            ("entry 7 (settlements)", "entry 6 is missing before it"),
            (
                "reservation R1",
                "its column `reserved` says `0`, and the journal `20`",
            ),
            (
                "reservation R1",
                "its column `settled` says `20`, and the journal `0`",
            ),
        ],
    );
}

#[test]
fn entries_that_were_closed_up_after_one_was_removed_are_found() {
    found(
        "DELETE FROM decisions WHERE seq = 3;
         UPDATE decisions SET seq = 3 WHERE seq = 4;
         UPDATE decisions SET seq = 4 WHERE seq = 5;
         UPDATE reservations SET decision = 3;
         UPDATE settlements SET seq = seq - 1;
         UPDATE changes SET seq = 7 WHERE seq = 8;
         UPDATE meta SET value = 7 WHERE key = 'chain_seq'",
        &[("entry 3 (decisions)", CHAIN)],
    );
}

#[test]
fn entries_that_changed_places_are_found() {
    found(
        "UPDATE decisions SET seq = 100 WHERE seq = 2;
         UPDATE decisions SET seq = 2 WHERE seq = 3;
         UPDATE decisions SET seq = 3 WHERE seq = 100",
        &[
            ("entry 2 (decisions)", CHAIN),
            ("entry 3 (decisions)", CHAIN),
            ("entry 4 (decisions)", CHAIN),
        ],
    );
    found(
        "UPDATE settlements SET seq = 100 WHERE seq = 6;
         UPDATE settlements SET seq = 6 WHERE seq = 7;
         UPDATE settlements SET seq = 7 WHERE seq = 100",
        &[
            ("entry 6 (settlements)", CHAIN),
            ("entry 7 (settlements)", CHAIN),
            ("entry 8 (changes)", CHAIN),
            (
                "reservation R1",
                "its column `reserved` says `0`, and the journal `30`",
            ),
        ],
    );
}

#[test]
fn a_cut_end_is_found() {
    found(
        "DELETE FROM changes WHERE seq = 8",
        &[(
            "the journal's end",
            "the store says that entry 8 is the last one, and entry 7 is",
        )],
    );
    found(
        "DELETE FROM meta WHERE key = 'chain_hash'",
        &[("the journal's end", "`")],
    );
}

#[test]
fn a_cut_end_that_was_covered_up_is_found_by_a_checkpoint() {
    let store = journaled();
    let checkpoint = Checkpoint::of(&store.journal(), Timestamp::UNIX_EPOCH).unwrap();
    store.tamper("DELETE FROM changes WHERE seq = 8;
        UPDATE meta SET value = 7 WHERE key = 'chain_seq';
        UPDATE meta SET value = (SELECT chain FROM settlements WHERE seq = 7) WHERE key = 'chain_hash'");
    assert!(verified(&store, None).is_sound());
    let verified = verified(&store, Some(checkpoint));
    assert_eq!(
        verified.findings[0].what,
        "the checkpoint was made after entry 8, and entry 7 is the last one"
    );
}

#[test]
fn a_journal_that_was_written_anew_is_found_by_a_checkpoint() {
    let checkpoint = Checkpoint::of(&journaled().journal(), Timestamp::UNIX_EPOCH).unwrap();
    let mut store = TestStore::new();
    let change = ChangedEvent {
        recorded_at: Timestamp::UNIX_EPOCH,
        kind: ChangeKind::Started,
        asked_by: "nobody",
        digest: None,
        generation: None,
        state: None,
        until: None,
        what: None,
        milliseconds: None,
        proofs: Proofs::default(),
    };
    for _ in 0..8 {
        store.entry(&Entry::Changed(change), None);
    }
    store.end_chain();
    assert!(verified(&store, None).is_sound());
    let verified = verified(&store, Some(checkpoint));
    assert_eq!(verified.findings[0].place, "entry 8 (changes)");
    assert!(
        verified.findings[0]
            .what
            .contains("the journal was written anew"),
        "{:?}",
        verified.findings
    );
}

#[test]
fn reservations_are_held_to_the_journal() {
    found(
        "UPDATE reservations SET settled = '1'",
        &[(
            "reservation R1",
            "its column `settled` says `1`, and the journal `20`",
        )],
    );
    found(
        "DELETE FROM reservations",
        &[("reservation R1", "entry 4 made it, and it is missing")],
    );
    found(
        "INSERT INTO reservations SELECT 2, budget, at, symbol, strategy, side, need, quote_rate,
         reserved, settled, is_open, 2, NULL FROM reservations",
        &[("reservation R2", "entry 2 is to have made it, and did not")],
    );
}

#[test]
fn another_policy_under_the_same_number_is_found() {
    found(
        "UPDATE policies SET component = x'00'",
        &[("policy 1", "its digest is `")],
    );
    let other = "5".repeat(64);
    let store = journaled();
    store.tamper(&format!("UPDATE policies SET digest = '{other}'"));
    let verified = verified(&store, None);
    let places: Vec<_> = verified
        .findings
        .iter()
        .map(|one| one.place.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "policy 1",
            "entry 2 (decisions)",
            "entry 3 (decisions)",
            "entry 4 (decisions)",
            "entry 5 (decisions)"
        ]
    );
    assert!(verified.findings[1].what.starts_with("generation 1 was "));
}

/// Activations of these generations, one after the other.
fn activated(generations: &[u64]) -> TestStore {
    let mut store = TestStore::new();
    let (_, policy) = store.policy(DEFAULT_DOCUMENT);
    for generation in generations {
        let activation = ChangedEvent {
            recorded_at: Timestamp::UNIX_EPOCH,
            kind: ChangeKind::Swap,
            asked_by: "ops",
            digest: Some(policy.digest()),
            generation: Some(*generation),
            state: None,
            until: None,
            what: None,
            milliseconds: None,
            proofs: Proofs::default(),
        };
        store.entry(&Entry::Changed(activation), None);
    }
    store.end_chain();
    store
}

#[test]
fn generations_go_upwards_and_none_is_given_twice() {
    for (generations, expected) in [
        (&[1, 2, 3, 7][..], &[][..]),
        (
            &[1, 2, 2, 3],
            &[(
                "entry 3 (changes)",
                "it makes generation 2 live, and entry 2 made another one of this number",
            )],
        ),
        (
            &[1, 5, 3, 6],
            &[(
                "entry 3 (changes)",
                "it makes generation 3 live, and entry 2 made generation 5 before it",
            )],
        ),
    ] {
        let verified = verified(&activated(generations), None);
        let said: Vec<_> = verified
            .findings
            .iter()
            .map(|one| (one.place.as_str(), one.what.as_str()))
            .collect();
        assert_eq!(said, expected, "{generations:?}");
    }
}

/// A store of an older program: its latest time may be later than any that its entries have.
#[test]
fn an_older_store_is_held_to_what_it_says() {
    let store = journaled();
    store.tamper("UPDATE meta SET value = value + 1 WHERE key = 'latest'; PRAGMA user_version = 1");
    assert_eq!(verified(&store, None).findings, []);
    store.tamper("UPDATE meta SET value = value - 2 WHERE key = 'latest'");
    assert_eq!(verified(&store, None).findings[0].place, "`latest` of meta");
    store.tamper("UPDATE meta SET value = value + 2 WHERE key = 'latest'; PRAGMA user_version = 2");
    assert_eq!(verified(&store, None).findings[0].place, "`latest` of meta");
}
