//! A table has one encoding, and no other bytes are a table.

use alloc::string::ToString;

use proptest::prelude::*;

use super::*;
use crate::amount::Amount;
use crate::table::STATES_ALL;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

/// A table with something of everything.
fn table() -> Table {
    let clause = Clause {
        symbol: Some(NameTest {
            patterns: vec!["*/USDT".into(), "BTC/*".into()],
            negated: true,
        }),
        scores: vec![NumberTest {
            field: ScoreField::Confidence,
            range: NumberRange::Within {
                low: End::Including(-0.5),
                high: End::Open,
            },
        }],
        amounts: vec![NumberTest {
            field: AmountField::Price,
            range: NumberRange::Within {
                low: End::Open,
                high: End::Excluding(amount("123456789012345678901234.5678")),
            },
        }],
        states: STATES_ALL - 1,
        sized: Flag::Yes,
        ..Clause::ANY
    };
    Table {
        name: "every".into(),
        version: "1".into(),
        account_currency: "USDT".into(),
        symbols: vec![SymbolInfo {
            name: "BTC/USDT".into(),
            shortable: true,
            step: Some(amount("0.00001")),
            min_quantity: None,
            min_notional: Some(amount("5")),
        }],
        tiers: vec![Tier {
            info: TierInfo {
                name: "pilot".into(),
                intent: OrderIntent::Pilot,
                size: amount("0.4"),
                budget: Some(0),
            },
            signal_strength_min: Some(0.55),
            risk_reward_min: None,
            confidence_min: Some(0.1),
        }],
        budgets: vec![BudgetInfo {
            name: "b".into(),
            amount: Some(amount("500")),
            percent: None,
            orders: Some(300),
            window: Window::Rolling { seconds: 86_400 },
            zone: "UTC".into(),
            scope: Scope::Strategy,
        }],
        reasons: vec!["one".into(), "two".into()],
        rules: vec![
            Rule {
                name: "skip".into(),
                clauses: vec![clause, Clause::ANY],
                outcome: Outcome::Skip { reason: 1 },
            },
            Rule {
                name: "open".into(),
                clauses: vec![Clause::ANY],
                outcome: Outcome::Open {
                    long_reason: 0,
                    short_reason: 1,
                },
            },
        ],
    }
}

#[test]
fn comes_back() {
    let bytes = table().encode().unwrap();
    assert_eq!(Table::decode(&bytes), Ok(table()));
    for end in 0..bytes.len() {
        assert!(Table::decode(&bytes[..end]).is_err(), "{end}");
    }
}

#[test]
fn refused() {
    let bytes = table().encode().unwrap();
    let with = |at: usize, byte: u8| {
        let mut changed = bytes.clone();
        changed[at] = byte;
        Table::decode(&changed).unwrap_err().to_string()
    };
    assert_eq!(with(0, b'e'), "these bytes are no policy table");
    assert_eq!(
        with(4, 2),
        "the table is in version 2 of the encoding, and this engine reads 1"
    );
    assert_eq!(with(5, 0xff), "the table's bytes are damaged");
    let longer = [&*bytes, &[0]].concat();
    assert_eq!(Table::decode(&longer), Err(TableError::Damaged));
}

#[test]
fn numbers_have_one_encoding() {
    for (mut bytes, number) in [
        (&[0][..], Some(0)),
        (&[0x7f], Some(127)),
        (&[0x80, 1], Some(128)),
        (&[0x80, 0], None),
        (&[0x80], None),
        (&[0xff, 0xff, 0xff, 0xff, 0x0f], Some(u32::MAX)),
        (&[0xff, 0xff, 0xff, 0xff, 0x10], None),
        (&[0xff; 20], None),
    ] {
        assert_eq!(u32::read(&mut bytes), number);
    }
    for (mut bytes, is_amount) in [
        (&[5, 1][..], true),
        (&[50, 1], false),
        (&[0, 0], true),
        (&[0, 1], false),
        (&[5, 29], false),
    ] {
        assert_eq!(Amount::read(&mut bytes).is_some(), is_amount);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn bytes_that_are_a_table_are_its_encoding(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = table().encode().unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(end.index(bytes.len()));
        }
        if let Ok(table) = Table::decode(&bytes) {
            prop_assert_eq!(table.encode().unwrap(), bytes);
        }
    }
}
