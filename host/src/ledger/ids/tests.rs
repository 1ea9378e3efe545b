//! What is remembered, how long, and what counts as the same request.

use router_guest::request::{FinalAction, TradeType};

use super::*;

fn identity(id: &str) -> Identity<'_> {
    Identity::new(
        id,
        FinalAction::Buy,
        "BTC/USDT",
        "momentum",
        TradeType::Pilot,
    )
    .unwrap()
}

fn at(seconds: i64) -> Moment {
    Moment::from_microseconds(seconds * 1_000_000)
}

#[test]
fn the_same_request_is_known() {
    let mut ids = IdMemory::new();
    assert_eq!(ids.lookup(&identity("a")), Known::New);
    assert_eq!(ids.record(&identity("a"), "first"), Known::New);
    assert_eq!(ids.lookup(&identity("a")), Known::Repeat("first"));
    assert_eq!(
        ids.record(&identity("a"), "second"),
        Known::Repeat("first"),
        "the first stays"
    );
    ids.allot(at(0)).unwrap();
    assert_eq!(
        ids.record_charged(&identity("a"), "third", at(9)),
        Known::Repeat("first")
    );
    assert_eq!(ids.lookup(&identity("a")), Known::Repeat("first"));
    assert_eq!(ids.len(), 1);
}

#[test]
fn every_part_of_the_identity_counts() {
    let (buy, pilot) = (FinalAction::Buy, TradeType::Pilot);
    let mut ids = IdMemory::new();
    ids.record(&Identity::new("a", buy, "BTC", "USDT", pilot).unwrap(), ());
    for (action, symbol, strategy, trade_type) in [
        (FinalAction::Sell, "BTC", "USDT", pilot),
        (buy, "ETH", "USDT", pilot),
        (buy, "BTC", "other", pilot),
        (buy, "BTC", "USDT", TradeType::Normal),
        // The same bytes, cut elsewhere.
        (buy, "BTCU", "SDT", pilot),
        (buy, "BT", "CUSDT", pilot),
        (buy, "BTC", "USDT2", pilot),
        (buy, "BTC", "USD", pilot),
    ] {
        let other = Identity::new("a", action, symbol, strategy, trade_type).unwrap();
        assert_eq!(ids.lookup(&other), Known::OtherIdentity, "{other:?}");
        assert_eq!(ids.record(&other, ()), Known::OtherIdentity);
    }
    let longer = Identity::new("aBTC", buy, "U", "SDT", pilot).unwrap();
    assert_eq!(ids.lookup(&longer), Known::New);
    assert_eq!(ids.len(), 1);
}

#[test]
fn the_last_others_are_remembered() {
    let mut ids = IdMemory::new();
    let total = OTHER_IDS_MAX * 3;
    for number in 0..total {
        assert_eq!(
            ids.record(&identity(&number.to_string()), number),
            Known::New
        );
    }
    for number in 0..total {
        let expected = if number < total - OTHER_IDS_MAX {
            Known::New
        } else {
            Known::Repeat(number)
        };
        assert_eq!(ids.lookup(&identity(&number.to_string())), expected);
    }
    assert_eq!(
        (ids.len(), ids.entries.len()),
        (OTHER_IDS_MAX, OTHER_IDS_MAX)
    );
}

#[test]
fn charged_ids_stay_as_long_as_their_window() {
    let mut ids = IdMemory::new();
    for number in 0..CHARGED_IDS_MAX {
        ids.allot(at(0)).unwrap();
        // One ends earlier than all the others, and it is not the first.
        let until = if number == 500 { at(50) } else { at(100) };
        ids.record_charged(&identity(&number.to_string()), number, until);
    }
    assert!(!ids.has_room_for_charge(at(49)));
    let error = ids.allot(at(49)).unwrap_err();
    assert_eq!(
        (error, error.code()),
        (StoreError::Full(Holding::Ids), "store_full")
    );
    assert_eq!(
        error.to_string(),
        "the store is full: it holds the most request ids that it can"
    );
    assert_eq!(
        ids.record(&identity("other"), 7),
        Known::New,
        "others have room of their own"
    );

    assert!(ids.has_room_for_charge(at(50)));
    ids.allot(at(50)).unwrap();
    assert_eq!(
        ids.lookup(&identity("500")),
        Known::New,
        "its window has ended"
    );
    assert_eq!(ids.lookup(&identity("499")), Known::Repeat(499));
    assert!(!ids.has_room_for_charge(at(50)), "allotted room is taken");
    ids.give_back();
    assert!(ids.has_room_for_charge(at(50)));
    ids.allot(at(50)).unwrap();
    assert_eq!(ids.record_charged(&identity("new"), 8, at(100)), Known::New);
    assert_eq!(ids.len(), CHARGED_IDS_MAX + 1);
    assert_eq!(
        ids.entries.len(),
        CHARGED_IDS_MAX + 1,
        "slots are used again"
    );
}

#[test]
fn an_identity_has_bounds() {
    let long = "x".repeat(65);
    let of = |id, symbol, strategy| {
        Identity::new(id, FinalAction::Buy, symbol, strategy, TradeType::Normal)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(of(&long[..64], &long[..64], &long[..64]), Ok(()));
    for (id, symbol, strategy, text) in [
        ("", "s", "t", "`id` has 0 bytes: 1 to 64 make an identity"),
        (
            long.as_str(),
            "s",
            "t",
            "`id` has 65 bytes: 1 to 64 make an identity",
        ),
        (
            "i",
            "",
            "t",
            "`symbol` has 0 bytes: 1 to 64 make an identity",
        ),
        (
            "i",
            "s",
            long.as_str(),
            "`strategy` has 65 bytes: 1 to 64 make an identity",
        ),
    ] {
        assert_eq!(of(id, symbol, strategy), Err(text.to_owned()));
    }
}
