//! Policies that give no answer, or none that can be read: the instance is thrown away, and the
//! policy keeps its place.

use router_guest::request::{FinalAction, PositionSide, TradeType};
use router_guest::state::{BudgetUse, TradingState};

use crate::bench::*;
use crate::component::Hostile;
use crate::image::answer_bytes;

#[test]
fn policies_that_fail_keep_their_place_and_hold_up_no_exit() {
    use FinalAction::{Buy, Close};
    let explore = flat(Buy, TradeType::Exploration);
    let close = on(Close, TradeType::Normal, PositionSide::Long);
    let out_of_bounds = "it trapped: it reached outside of its memory";
    for (decide, what) in [
        (
            "unreachable",
            "it trapped: it gave up (a panic, or no memory left)",
        ),
        (
            "(loop $on (br $on))",
            "it ran out of fuel: 10000000 units are its bound",
        ),
        (
            "(return (call $answer (local.get $request)))",
            "it trapped: its calls went too deep",
        ),
        ("(drop (i32.load (i32.const -4)))", out_of_bounds),
        (
            "(drop (memory.grow (i32.const 300))) (i32.store (i32.const 0x1000000) (i32.const 1))",
            out_of_bounds,
        ),
        (
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
            "it trapped: a division by zero or an overflow",
        ),
        (
            "(return (call_indirect (type $decide) (local.get $request) (i32.const 0)))",
            "it trapped: a call of something that is no such function",
        ),
        (
            "(return (i32.const -8))",
            "its answer cannot be read: pointer out of bounds of memory",
        ),
        (
            "(return (i32.const 1025))",
            "its answer cannot be read: return pointer not aligned",
        ),
    ] {
        let hostile = Hostile {
            decide,
            ..Hostile::new()
        };
        let incident = format!("PolicyFault: {what}");
        costs(
            &hostile,
            TradingState::Active,
            &explore,
            UNAVAILABLE,
            &incident,
        );
        costs(&hostile, TradingState::Active, &close, CLOSED, &incident);
    }
}

#[test]
fn a_policy_gets_no_more_memory_than_its_bound() {
    let explore = flat(FinalAction::Buy, TradeType::Exploration);
    // It is told so, and can go on.
    let grow = "(if (i32.ne (memory.grow (i32.const 300)) (i32.const -1)) (then unreachable)) (return (i32.const {sound}))";
    let bench = Bench::new(
        Hostile {
            decide: grow,
            ..Hostile::new()
        }
        .policy(),
    );
    assert_eq!(bench.decide(&explore), SOUND);
    let fits = "(if (i32.eq (memory.grow (i32.const 250)) (i32.const -1)) (then unreachable)) (return (i32.const {sound}))";
    let bench = Bench::new(
        Hostile {
            decide: fits,
            ..Hostile::new()
        }
        .policy(),
    );
    assert_eq!(bench.decide(&explore), SOUND);
    // What an instance has grown to is nobody else's, and stays within its own bound.
    assert_eq!(bench.decide(&explore), UNAVAILABLE);
    assert_eq!(
        bench.incidents(),
        ["PolicyFault: it trapped: it gave up (a panic, or no memory left)"]
    );
    assert_eq!(bench.decide(&explore), SOUND);
}

/// Bytes of an answer that no decision has.
#[track_caller]
fn malformed(bend: impl FnOnce(&mut Vec<u8>), what: &str) {
    let mut hostile = Hostile::new();
    bend(&mut hostile.bad);
    let explore = flat(FinalAction::Buy, TradeType::Exploration);
    costs(
        &hostile,
        TradingState::Active,
        &explore,
        UNAVAILABLE,
        &format!("PolicyFault: {what}"),
    );
}

#[test]
fn answers_that_are_none() {
    for (at, byte, what) in [
        (
            0,
            2,
            "its answer cannot be read: invalid expected discriminant",
        ),
        (
            8,
            3,
            "its answer cannot be read: unexpected discriminant: 3",
        ),
        (
            9,
            255,
            "its answer cannot be read: unexpected discriminant: 255",
        ),
        (
            20,
            3,
            "its answer cannot be read: unexpected discriminant: 3",
        ),
        (
            24,
            2,
            "its answer cannot be read: invalid option discriminant",
        ),
        (
            48,
            29,
            "the notional of its answer is no amount: more than 28 digits or places",
        ),
        (
            128,
            255,
            "the need of its answer is no amount: more than 28 digits or places",
        ),
        (
            119,
            255,
            "the need of its answer is no amount: more than 28 digits or places",
        ),
    ] {
        malformed(|bytes| bytes[at] = byte, what);
    }
}

#[test]
fn what_surrounds_the_answer_can_fail_too() {
    use FinalAction::{Buy, Close};
    let explore = flat(Buy, TradeType::Exploration);
    let close = on(Close, TradeType::Normal, PositionSide::Long);
    // These fail at every request, the sound one too.
    for (hostile, what) in [
        (
            Hostile {
                after: "unreachable",
                ..Hostile::new()
            },
            "it trapped: it gave up (a panic, or no memory left)",
        ),
        (
            Hostile {
                after: "(loop $on (br $on))",
                ..Hostile::new()
            },
            "it ran out of fuel: 10000000 units are its bound",
        ),
        (
            Hostile {
                realloc: "(return (i32.const -16))",
                ..Hostile::new()
            },
            "its answer cannot be read: realloc return: beyond end of memory",
        ),
        (
            Hostile {
                realloc: "(return (i32.const 1))",
                ..Hostile::new()
            },
            "its answer cannot be read: realloc return: result not aligned",
        ),
        (
            Hostile {
                realloc: "unreachable",
                ..Hostile::new()
            },
            "it trapped: it gave up (a panic, or no memory left)",
        ),
    ] {
        let bench = Bench::new(hostile.policy());
        assert_eq!(bench.decide(&explore), UNAVAILABLE);
        assert_eq!(bench.decide(&close), CLOSED);
        assert_eq!(
            bench.incidents(),
            [
                format!("PolicyFault: {what}"),
                format!("PolicyFault: {what}")
            ]
        );
        assert!(!bench.router.is_withdrawn());
        assert_eq!(bench.held(), BudgetUse::default());
    }
}

#[test]
fn batches_that_fail_are_decided_one_by_one() {
    let sound = sound_request();
    let close = on(FinalAction::Close, TradeType::Normal, PositionSide::Long);
    let requests = [sound.clone(), close, sound];
    for batch in [
        "",
        "unreachable",
        "(loop $on (br $on))",
        // A list of half the address space, one of another length, one that is nowhere.
        "(i32.store (i32.add (i32.const {list}) (i32.const 4)) (i32.const 0x7fffffff))",
        "(i32.store (i32.add (i32.const {list}) (i32.const 4)) (i32.const 100))",
        "(i32.store (i32.add (i32.const {list}) (i32.const 4)) (i32.const 2))",
        "(i32.store (i32.const {list}) (i32.const -8))",
        "(i32.store (i32.const {list}) (i32.const 4))",
    ] {
        let hostile = Hostile {
            batch,
            bad: answer_bytes(&Ok(closing())),
            ..Hostile::new()
        };
        let bench = Bench::new(hostile.policy());
        let decided: Vec<String> = bench
            .router
            .decide_batch(&requests)
            .into_iter()
            .map(said)
            .collect();
        if batch.is_empty() {
            // Its batches answer everything alike: to a close that is a lie.
            assert_eq!(decided, [SOUND, CLOSED, UNAVAILABLE]);
            assert_eq!(
                bench.incidents(),
                ["Violation: I2: consults a budget for type normal with intent explore"]
            );
            assert_eq!(bench.held().reserved, amount("100"));
        } else {
            assert_eq!(
                decided,
                [SOUND, "SELL exit closed 2 by only", SOUND],
                "{batch}"
            );
            assert_eq!(bench.incidents(), [""; 0], "{batch}");
            assert_eq!(bench.held().reserved, amount("200"), "{batch}");
        }
    }
}
