//! Components whose answers cannot be read, or are not true.

use execution_router::Request;
use router_guest::decision::{BudgetClaim, Decision, OrderIntent, Refusal, Side};
use router_guest::request::{FinalAction, PositionSide, TradeType};

use crate::bench::*;
use crate::component::Hostile;
use crate::image::answer_bytes;
use crate::table::{Asked, Case};

pub(crate) fn cases() -> Vec<Case> {
    let mut all = malformed();
    all.extend(untrue_orders());
    all.extend(untrue_amounts());
    all
}

/// The sound answer with one byte another.
fn byte(name: &'static str, at: usize, byte: u8) -> Case {
    Case::new(name, move || {
        let mut hostile = Hostile::new();
        hostile.bad[at] = byte;
        hostile.bytes()
    })
}

fn pointing(name: &'static str, decide: &'static str) -> Case {
    Case::new(name, move || {
        Hostile {
            decide,
            ..Hostile::new()
        }
        .bytes()
    })
}

fn malformed() -> Vec<Case> {
    vec![
        pointing(
            "an answer at an address that is none",
            "(return (i32.const -8))",
        ),
        pointing(
            "an answer at an address that is not aligned",
            "(return (i32.const 1025))",
        ),
        Case::new("an allocation out of bounds, at every request", || {
            Hostile {
                realloc: "(return (i32.const -16))",
                ..Hostile::new()
            }
            .bytes()
        }),
        byte("neither a decision nor a refusal", 0, 2),
        Case::new("a negative amount", || {
            let mut hostile = Hostile::new();
            // The words of the notional, where there are no signs: -100 in two's complement.
            hostile.bad[32..40].copy_from_slice(&(-1_i64).to_le_bytes());
            hostile.bad[40..48].copy_from_slice(&(-100_i64).to_le_bytes());
            hostile.bytes()
        }),
        byte("a side that there is not", 8, 3),
        byte("an intent that there is not", 9, 255),
        byte("an amount that is neither there nor absent", 24, 2),
        byte("an amount of 29 places", 48, 29),
        byte("an amount of more than 28 digits", 119, 255),
    ]
}

fn lie(
    name: &'static str,
    request: impl Fn() -> Request<'static> + 'static,
    answer: impl Fn() -> Result<Decision, Refusal> + 'static,
) -> Case {
    Case::new(name, move || {
        Hostile {
            bad: answer_bytes(&answer()),
            ..Hostile::new()
        }
        .bytes()
    })
    .asked(Asked::Request(Box::new(request)))
}

/// About what is to be done, and why.
fn untrue_orders() -> Vec<Case> {
    use FinalAction::{Buy, Close, Hold, Sell};
    use TradeType::{Exit, Normal};
    vec![
        lie(
            "BUY for SELL",
            || flat(Sell, Normal),
            || Ok(normal_opening()),
        ),
        lie(
            "an order for HOLD",
            || flat(Hold, Normal),
            || Ok(normal_opening()),
        ),
        lie(
            "a close larger than the position",
            || on(Close, Normal, PositionSide::Long),
            || {
                Ok(bent(closing(), |answer| {
                    answer.quantity = Some(amount("2.5"))
                }))
            },
        ),
        lie(
            "a short that is not listed",
            || flat(Sell, Normal),
            || Ok(bent(normal_opening(), |answer| answer.side = Side::Sell)),
        ),
        lie(
            "a reason that it never declared",
            || flat(Buy, Normal),
            || Ok(skipping(6)),
        ),
        lie(
            "a rule that it does not have",
            || flat(Buy, Normal),
            || Ok(bent(skipping(5), |answer| answer.rule = u32::MAX)),
        ),
        lie(
            "an opening for an exit",
            || flat(Buy, Exit),
            || Ok(normal_opening()),
        ),
        lie(
            "another intent than was asked for",
            || flat(Buy, Normal),
            || {
                Ok(bent(normal_opening(), |answer| {
                    answer.intent = OrderIntent::Risk
                }))
            },
        ),
        lie(
            "an exit that is held up",
            || on(Close, Normal, PositionSide::Long),
            || Ok(skipping(5)),
        ),
        lie(
            "a refusal for what is there",
            || flat(Buy, Normal),
            || {
                let field = router_guest::decision::RequestField::Price;
                Err(Refusal::FieldMissing(field))
            },
        ),
        lie("no route", || flat(Buy, Normal), || Err(Refusal::NoRoute)),
    ]
}

fn claim(budget: u32, need: &str) -> Option<BudgetClaim> {
    let need = amount(need);
    Some(BudgetClaim { budget, need })
}

/// About money.
fn untrue_amounts() -> Vec<Case> {
    use FinalAction::Buy;
    use TradeType::{Exploration, Normal};
    vec![
        lie(
            "a charge for a normal order",
            || flat(Buy, Normal),
            || {
                Ok(bent(normal_opening(), |answer| {
                    answer.budget = claim(0, "100")
                }))
            },
        ),
        lie(
            "a budget refused for a normal order",
            || flat(Buy, Normal),
            || Err(Refusal::BudgetsMissing),
        ),
        lie(
            "a charge of less than the need",
            || flat(Buy, Exploration),
            || {
                Ok(bent(opening(), |answer| {
                    answer.budget = claim(0, "99.999999999999")
                }))
            },
        ),
        lie(
            "an opening that charges nothing",
            || flat(Buy, Exploration),
            || Ok(bent(opening(), |answer| answer.budget = None)),
        ),
        lie(
            "a budget that it does not have",
            || flat(Buy, Exploration),
            || Ok(bent(opening(), |answer| answer.budget = claim(7, "100"))),
        ),
        lie(
            "an opening larger than its target",
            || flat(Buy, Normal),
            || {
                let notional = Some(amount("500.000000000001"));
                Ok(bent(normal_opening(), |answer| answer.notional = notional))
            },
        ),
        lie(
            "an opening of the largest amount",
            || flat(Buy, Exploration),
            || {
                Ok(bent(opening(), |answer| {
                    answer.notional = Some(amount("9999999999999999999999999999"))
                }))
            },
        ),
    ]
}
