use std::sync::LazyLock;

use proptest::prelude::*;
use router_guest::decision::{OrderIntent, PositionEffect, Side};
use router_guest::json::FaultCode;
use router_guest::manifest::Manifest;
use router_guest::request::{FinalAction, Position, PositionSide, TradeType, WorkingOrders};
use router_guest::state::{BudgetUse, TradingState};

use super::*;
use crate::digest::Digest;
use crate::guard::BudgetReport;
use crate::journal::mask::MaskField;

mod strategies;

use strategies::{Case, amount, case, instant};

static IDENTITY: LazyLock<Arc<PolicyIdentity>> = LazyLock::new(|| {
    let digest = Digest::of(b"a policy");
    Arc::new(PolicyIdentity {
        manifest: Arc::new(Manifest {
            schema: 1,
            name: "p".into(),
            version: "1".into(),
            account_currency: "USDT".into(),
            reasons: Vec::new(),
            rules: Vec::new(),
            tiers: Vec::new(),
            budgets: Vec::new(),
            symbols: Vec::new(),
            score_thresholds: Vec::new(),
            amount_thresholds: Vec::new(),
        }),
        digest,
        digest_text: digest.to_string(),
        generation: 7,
    })
});

const GRANTED_1: &str = "0100072c0046ef010000e8ceb1b00d82a7935f0101f0bfdb950d00036f2d33084254432f55534454\
    0573636f7574f0bfdb950d00000200d0860300900300904e0001000000000000020002030401d00f\
    ed221214000001d00f0000000002b0ea0101";
const EXPIRED_1: &str = "010300e8ceb1b00d8d849060010374746c0000";
const STARTED_1: &str = "010407e8ceb1b00dc29a905d00057374617274d4ce447d041869eee836c8fd01869e6e5a64d55484\
    6cb704b774391b77f1041a0100";

fn encoded(case: &Case, mask: Option<&Mask>) -> Vec<u8> {
    let decision = case.decision(&IDENTITY);
    let mut bytes = Vec::new();
    let entry = Entry::Decided(Decided {
        request: &case.request,
        shown: case.shown.as_ref().map(ShownState::state),
        decision: &decision,
        at: case.at,
        recorded_at: case.recorded_at,
        policy: PolicyNumber::new(3),
        generation: 7,
        keeps_id: case.keeps_id,
        grant: case.grant,
    });
    entry.encode(mask, &mut bytes);
    bytes
}

proptest! {
    #[test]
    fn a_decision_comes_back_whole(case in case()) {
        let bytes = encoded(&case, None);
        prop_assert!(bytes.len() <= RECORD_BYTES_MAX);
        let record = DecisionRecord::decode(&bytes).unwrap();
        prop_assert_eq!(&record.request, &case.request);
        prop_assert_eq!(&record.shown, &case.shown);
        prop_assert_eq!(&record.answer, &case.answer);
        prop_assert_eq!(&record.warnings, &case.warnings);
        prop_assert_eq!((record.repeated, record.keeps_id), (case.repeated, case.keeps_id));
        prop_assert_eq!(record.grant, case.grant);
        prop_assert_eq!((record.at, record.recorded_at), (case.at, case.recorded_at));
        prop_assert_eq!((record.policy.number(), record.generation), (3, 7));
        prop_assert!(record.masked.is_empty());
        let decision = record.decision(&IDENTITY);
        prop_assert_eq!(RecordedAnswer::of(&decision.answer), case.answer);
    }

    #[test]
    fn what_is_masked_is_nowhere_and_the_rest_comes_back(case in case()) {
        let fields = "id,symbol,strategy".parse().unwrap();
        let mask = Mask::new(&[7; 32], fields).unwrap();
        let bytes = encoded(&case, Some(&mask));
        let record = DecisionRecord::decode(&bytes).unwrap();
        prop_assert_eq!(record.masked, fields);
        let symbol = mask.text(MaskField::Symbol, case.request.symbol());
        prop_assert_eq!(record.request.symbol(), &*symbol);
        prop_assert_eq!(record.request.terms(), case.request.terms());
        prop_assert_eq!(&record.answer, &case.answer);
    }

    #[test]
    fn cut_and_prolonged_bytes_are_no_decision(case in case(), cut in any::<prop::sample::Index>()) {
        let mut bytes = encoded(&case, None);
        let part = &bytes[..cut.index(bytes.len())];
        prop_assert!(DecisionRecord::decode(part).is_err());
        let at = bytes.len();
        bytes.push(0);
        prop_assert_eq!(
            DecisionRecord::decode(&bytes).unwrap_err(),
            RecordError::Behind { at }
        );
    }

    #[test]
    fn changed_bytes_never_panic(case in case(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encoded(&case, None);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = Record::decode(&bytes);
    }

    #[test]
    fn a_settlement_comes_back_whole(
        recorded_at in instant(), number in 1_u64.., event in "[a-z0-9]{1,64}",
        amounts in prop::array::uniform4(amount()), overrun in prop::option::of(amount()),
        flags in prop::array::uniform4(any::<bool>()), asker in prop::option::of("[a-z]{0,64}"),
    ) {
        let [notional, used, released, reserved] = amounts;
        let [is_final, side_mismatch, repeated, buys] = flags;
        let event = SettledEvent {
            recorded_at,
            settlement: Settlement {
                reservation: ReservationId::of_number(number),
                event_id: EventId::new(&event).unwrap(),
                notional,
                side: if buys { Side::Buy } else { Side::Sell },
                is_final,
            },
            settled: Settled { used, released, reserved, overrun, side_mismatch, repeated },
            asked_by: asker.as_deref(),
        };
        let mut bytes = Vec::new();
        Entry::Settled(event).encode(None, &mut bytes);
        let Record::Settled(read) = Record::decode(&bytes).unwrap() else { panic!("another kind") };
        prop_assert_eq!(read, event);
    }

    #[test]
    fn a_release_comes_back_whole(
        recorded_at in instant(), number in 1_u64.., event in "[a-z0-9]{1,64}",
        released in amount(), is_expiry in any::<bool>(), asker in prop::option::of("[a-z]{0,64}"),
        stays_open in any::<bool>(),
    ) {
        let event = ReleasedEvent {
            recorded_at,
            reservation: ReservationId::of_number(number),
            event_id: EventId::new(&event).unwrap(),
            released,
            is_expiry,
            stays_open: Some(is_expiry && stays_open),
            asked_by: asker.as_deref(),
        };
        let mut bytes = Vec::new();
        Entry::Released(event).encode(None, &mut bytes);
        let Record::Released(read) = Record::decode(&bytes).unwrap() else { panic!("another kind") };
        prop_assert_eq!(read, event);
    }

    #[test]
    fn a_change_comes_back_whole(
        recorded_at in instant(), kind in prop::sample::select(&ChangeKind::ALL[..]),
        asked_by in ".{0,64}", digest in prop::option::of(any::<[u8; 32]>()),
        generation in any::<Option<u64>>(), milliseconds in any::<Option<u64>>(),
        state in prop::option::of(prop::sample::select(&TradingState::ALL[..])),
        until in prop::option::of(instant()), what in prop::option::of(".{0,200}"),
        policy in prop::option::of(any::<[u8; 64]>()), mask in prop::option::of(".{0,80}"),
    ) {
        let event = ChangedEvent {
            recorded_at, kind, asked_by: &asked_by, digest: digest.map(Digest::from_bytes),
            generation, state, until, what: what.as_deref(), milliseconds,
            proofs: Proofs { policy: policy.as_ref().map(|proof| &proof[..]), mask: mask.as_deref() },
        };
        let mut bytes = Vec::new();
        Entry::Changed(event).encode(None, &mut bytes);
        let Record::Changed(read) = Record::decode(&bytes).unwrap() else { panic!("another kind") };
        prop_assert_eq!(read, event);
    }
}

#[test]
fn says_what_is_wrong_with_bytes_that_are_no_entry() {
    for (bytes, expected) in [
        (&[][..], "it is cut off at byte 0, in its version"),
        (
            &[9, 0],
            "its form has version 9, and this program reads up to 2",
        ),
        (&[1], "it is cut off at byte 1, in its kind of entry"),
        (&[1, 5], "at byte 1 stands what is no kind of entry"),
        (&[1, 0, 1], "it is cut off at byte 2, in its flags"),
        (
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 255],
            "at byte 9 stands what is no flags",
        ),
        (
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3],
            "it is cut off at byte 12, in its policy",
        ),
    ] {
        assert_eq!(Record::decode(bytes).unwrap_err().to_string(), expected);
    }
}

/// What a program of version 1 wrote, byte for byte.
#[test]
fn version_1_is_read() {
    let bytes = |hex: &str| -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2);
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    };
    let granted = bytes(GRANTED_1);
    let Record::Decided(granted) = Record::decode(&granted).unwrap() else {
        panic!("another kind")
    };
    assert_eq!(granted.request.id(), Some("o-3"));
    assert_eq!(granted.answer.reservation.unwrap().number(), 1);
    assert_eq!(granted.grant, None);
    let expired = bytes(EXPIRED_1);
    let Record::Released(expired) = Record::decode(&expired).unwrap() else {
        panic!("another kind")
    };
    assert_eq!((expired.is_expiry, expired.stays_open), (true, None));
    let started = bytes(STARTED_1);
    let Record::Changed(started) = Record::decode(&started).unwrap() else {
        panic!("another kind")
    };
    assert_eq!(started.kind, ChangeKind::Started);
    assert_eq!(started.proofs, Proofs::default());
}

#[test]
fn another_kind_is_no_decision() {
    let mut bytes = Vec::new();
    let event = ReleasedEvent {
        recorded_at: Timestamp::UNIX_EPOCH,
        reservation: ReservationId::of_number(1),
        event_id: EventId::new("e").unwrap(),
        released: Amount::ZERO,
        is_expiry: false,
        stays_open: Some(false),
        asked_by: None,
    };
    Entry::Released(event).encode(None, &mut bytes);
    assert_eq!(
        DecisionRecord::decode(&bytes).unwrap_err().to_string(),
        "at byte 1 stands what is no decision"
    );
}

#[test]
fn numbers_of_kinds_never_move() {
    let words = ChangeKind::ALL.map(ChangeKind::word);
    assert_eq!(
        words,
        [
            "started",
            "swap",
            "rollback",
            "refused",
            "quarantined",
            "quarantine_cleared",
            "trading_state",
            "violation"
        ]
    );
    for (number, kind) in ChangeKind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, number);
    }
}
