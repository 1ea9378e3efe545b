//! Answers that no policy may give: every one costs the policy its place.

use router_guest::amount::Amount;
use router_guest::decision::{self, BudgetClaim, OrderIntent, Refusal, RequestField, Side};
use router_guest::request::{FinalAction, OrderTerms, Position, PositionSide, TradeType};
use router_guest::state::TradingState;

use crate::bench::*;

#[test]
fn lies_about_the_side() {
    use FinalAction::{Buy, Hold, Sell, Skip, Unknown};
    use TradeType::Normal;
    let sell = |answer| {
        bent(answer, |answer: &mut decision::Decision| {
            answer.side = Side::Sell
        })
    };
    for (action, answer, what) in [
        (Sell, normal_opening(), "answers SELL with BUY"),
        (Buy, sell(normal_opening()), "answers BUY with SELL"),
        (Hold, normal_opening(), "answers HOLD with BUY"),
        (Skip, sell(normal_opening()), "answers SKIP with SELL"),
        (Unknown, normal_opening(), "answers UNKNOWN with BUY"),
    ] {
        lies(
            &flat(action, Normal),
            answer,
            NORMAL_UNAVAILABLE,
            &format!("Violation: I1: {what}"),
        );
    }
}

#[test]
fn lies_about_how_much_to_close() {
    use FinalAction::{Close, Sell};
    use PositionSide::Long;
    use TradeType::Normal;
    let quantity = |text: &str| bent(closing(), |answer| answer.quantity = Some(amount(text)));
    let close = on(Close, Normal, Long);
    lies(
        &close,
        quantity("2.5"),
        CLOSED,
        "Violation: I3: closes 2.5, and 2 may be closed",
    );
    lies(
        &close,
        quantity("0"),
        CLOSED,
        "Violation: I3: closes 0, and 2 may be closed",
    );
    lies(
        &close,
        quantity("1"),
        CLOSED,
        "Violation: I12: closes 1 where 2 must be closed",
    );
    let asked_for = |set: fn(&mut OrderTerms)| {
        asked(Sell, Normal, "ETH/USDT", |terms| {
            terms.position = Some(Position {
                side: Long,
                quantity: amount("2"),
            });
            set(terms);
        })
    };
    let part = asked_for(|terms| terms.close_quantity = Some(amount("0.5")));
    lies(
        &part,
        closing(),
        "SELL exit close_long 0.5 by fail-safe",
        "Violation: I3: closes 2, and 0.5 may be closed",
    );
    let working = asked_for(|terms| terms.working.closing = amount("1.5"));
    lies(
        &working,
        closing(),
        "SELL exit close_long 0.5 by fail-safe",
        "Violation: I3: closes 2, and 0.5 may be closed",
    );
}

#[test]
fn lies_about_what_to_close() {
    use FinalAction::{Buy, Close};
    use PositionSide::{Long, Short};
    use TradeType::Normal;
    let buy = bent(closing(), |answer| answer.side = Side::Buy);
    lies(
        &on(Close, Normal, Long),
        buy,
        CLOSED,
        "Violation: I3: closes a long with a BUY",
    );
    let short = on(Close, Normal, Short);
    lies(
        &short,
        closing(),
        "BUY exit close_short 2 by fail-safe",
        "Violation: I3: closes a short with a SELL",
    );
    let same = on(Buy, Normal, Long);
    lies(
        &same,
        buy,
        NORMAL_UNAVAILABLE,
        "Violation: I3: closes a long with a BUY",
    );
    let none = "Violation: I3: closes, and there is no position";
    lies(&flat(Close, Normal), closing(), NORMAL_UNAVAILABLE, none);
}

#[test]
fn lies_about_what_a_close_is_for() {
    use FinalAction::{Close, Sell};
    use PositionSide::Long;
    use TradeType::{Exit, Normal, Risk};
    let close = on(Close, Normal, Long);
    for (request, intent, decision, what) in [
        (
            &close,
            OrderIntent::Normal,
            CLOSED,
            "closes with intent normal, not exit",
        ),
        (
            &close,
            OrderIntent::Risk,
            CLOSED,
            "closes with intent risk, not exit",
        ),
        (
            &on(Sell, Risk, Long),
            OrderIntent::Exit,
            "SELL risk close_long 2 by fail-safe",
            "closes with intent exit, not risk",
        ),
        (
            &on(Sell, Exit, Long),
            OrderIntent::Pilot,
            CLOSED,
            "closes with intent pilot, not exit",
        ),
    ] {
        let answer = bent(closing(), |answer| answer.intent = intent);
        lies(
            request,
            answer,
            decision,
            &format!("Violation: I10: {what}"),
        );
    }
}

#[test]
fn lies_to_hold_up_an_exit() {
    use FinalAction::{Close, Sell};
    use PositionSide::Long;
    use TradeType::{Exit, Normal, Risk};
    for (request, reason, decision, word) in [
        (on(Close, Normal, Long), 5, CLOSED, "because"),
        (on(Close, Normal, Long), 2, CLOSED, "trading_halted"),
        (on(Close, Normal, Long), 3, CLOSED, "already_closing"),
        (on(Sell, Exit, Long), 4, CLOSED, "dust"),
        (
            on(Sell, Risk, Long),
            5,
            "SELL risk close_long 2 by fail-safe",
            "because",
        ),
    ] {
        let incident = format!("Violation: I12: skips a close of 2 with reason `{word}`");
        lies(&request, skipping(reason), decision, &incident);
    }
    // The operator has halted trading: that, and nothing else, may stop it.
    let halted = TradingState::Halted;
    let close = on(Close, Normal, Long);
    lies_in(
        halted,
        &close,
        skipping(2),
        "SKIP normal trading_halted by only",
        "",
    );
    lies_in(
        halted,
        &close,
        skipping(5),
        "SKIP normal trading_halted by fail-safe",
        "Violation: I12: skips a close of 2 with reason `because`",
    );
}

#[test]
fn lies_about_how_much_to_open() {
    use FinalAction::Buy;
    use TradeType::{Exploration, Normal};
    let larger = bent(opening(), |answer| {
        answer.notional = Some(amount("500.01"));
        answer.budget = Some(BudgetClaim {
            budget: 0,
            need: amount("500.01"),
        });
    });
    lies(
        &flat(Buy, Exploration),
        larger,
        UNAVAILABLE,
        "Violation: I8: opens 500.01, and the target is 500",
    );
    let nothing = bent(normal_opening(), |answer| {
        answer.notional = Some(Amount::ZERO)
    });
    lies(
        &flat(Buy, Normal),
        nothing,
        NORMAL_UNAVAILABLE,
        "Violation: I8: opens 0, and the target is 500",
    );
}

#[test]
fn lies_about_whether_to_open() {
    use FinalAction::{Buy, Close, Sell};
    use PositionSide::Long;
    use TradeType::{Exit, Normal, Risk};
    lies(
        &on(Close, Normal, Long),
        normal_opening(),
        CLOSED,
        "Violation: I9: opens for CLOSE of type normal",
    );
    lies(
        &on(Buy, Normal, PositionSide::Short),
        normal_opening(),
        "BUY exit close_short 2 by fail-safe",
        "Violation: I0: opens a long while the other leg is open",
    );
    let of_exit = "SKIP exit policy_unavailable by fail-safe";
    lies(
        &flat(Buy, Exit),
        normal_opening(),
        of_exit,
        "Violation: I9: opens for BUY of type exit",
    );
    let of_risk = "SKIP risk policy_unavailable by fail-safe";
    lies(
        &flat(Buy, Risk),
        normal_opening(),
        of_risk,
        "Violation: I9: opens for BUY of type risk",
    );
    let short = bent(normal_opening(), |answer| answer.side = Side::Sell);
    lies(
        &flat(Sell, Normal),
        short,
        NORMAL_UNAVAILABLE,
        "Violation: I4: opens a short in `ETH/USDT`, which is not listed as shortable",
    );
    let listed = asked(Sell, Normal, "EOS/USDT", |_| {});
    lies(&listed, short, "SELL normal opened 2 by only", "");
}

#[test]
fn lies_about_what_an_opening_is_for() {
    use FinalAction::Buy;
    use TradeType::{Exploration, Pilot};
    let explore = flat(Buy, Exploration);
    for (request, intent, decision, what) in [
        (
            &explore,
            OrderIntent::Pilot,
            UNAVAILABLE,
            "opens type exploration with intent pilot",
        ),
        (
            &flat(Buy, Pilot),
            OrderIntent::Explore,
            "SKIP pilot policy_unavailable by fail-safe",
            "opens type pilot with intent explore",
        ),
    ] {
        let answer = bent(opening(), |answer| answer.intent = intent);
        lies(
            request,
            answer,
            decision,
            &format!("Violation: I10: {what}"),
        );
    }
    let as_normal = "Violation: I10: opens type exploration with intent normal";
    lies(&explore, normal_opening(), UNAVAILABLE, as_normal);
}

#[test]
fn lies_that_ignore_the_trading_state() {
    let explore = flat(FinalAction::Buy, TradeType::Exploration);
    for (state, word) in [
        (TradingState::Reducing, "REDUCING"),
        (TradingState::Halted, "HALTED"),
    ] {
        let incident = format!("Violation: I11: opens while the trading state is {word}");
        lies_in(state, &explore, opening(), UNAVAILABLE, &incident);
    }
    let close = on(FinalAction::Close, TradeType::Normal, PositionSide::Long);
    let halted = "SKIP normal trading_halted by fail-safe";
    lies_in(
        TradingState::Halted,
        &close,
        closing(),
        halted,
        "Violation: I11: closes while the trading state is HALTED",
    );
}

#[test]
fn lies_about_a_budget() {
    use FinalAction::Buy;
    use TradeType::{Auto, Exploration, Normal};
    let explore = flat(Buy, Exploration);
    let claim = |budget, need: &str| {
        Some(BudgetClaim {
            budget,
            need: amount(need),
        })
    };
    let charging = |need: &str| bent(opening(), |answer| answer.budget = claim(0, need));
    lies(
        &explore,
        charging("99.999999999999"),
        UNAVAILABLE,
        "Violation: I5: charges 99.999999999999, and the order needs 100",
    );
    lies(
        &explore,
        charging("900.01"),
        UNAVAILABLE,
        "Violation: I5: charges 900.01 to a budget that has 900 left",
    );
    let free = bent(opening(), |answer| answer.budget = None);
    lies(
        &explore,
        free,
        UNAVAILABLE,
        "Violation: I5: opens with intent explore and charges no budget",
    );
    let pays = bent(normal_opening(), |answer| answer.budget = claim(0, "100"));
    let isolated = "Violation: I2: consults a budget for type";
    lies(
        &flat(Buy, Normal),
        pays,
        NORMAL_UNAVAILABLE,
        &format!("{isolated} normal with intent normal"),
    );
    lies(
        &flat(Buy, Auto),
        pays,
        NORMAL_UNAVAILABLE,
        &format!("{isolated} auto with intent normal"),
    );
    let held_up = bent(skipping(5), |answer| answer.budget = claim(0, "100"));
    lies(
        &flat(Buy, Normal),
        held_up,
        NORMAL_UNAVAILABLE,
        &format!("{isolated} normal with intent normal"),
    );
    let poor = asked(Buy, Exploration, "ETH/USDT", |terms| terms.equity = None);
    lies(
        &poor,
        opening(),
        UNAVAILABLE,
        "Violation: I5: consults budget `exploration` without an equity to take its limit of",
    );
    let foreign = asked(Buy, Exploration, "ETH/EUR", |_| {});
    lies(
        &foreign,
        opening(),
        UNAVAILABLE,
        "Violation: I5: charges a budget without a quote rate",
    );
}

#[test]
fn answers_that_contradict_themselves() {
    use FinalAction::Buy;
    use TradeType::{Exploration, Normal};
    let sizes = |side, effect| {
        format!("Violation: I0: side {side} with effect {effect} and the size of neither or both")
    };
    for (answer, incident) in [
        (
            bent(skipping(5), |answer| answer.quantity = Some(amount("1"))),
            sizes("SKIP", "none"),
        ),
        (
            bent(skipping(5), |answer| answer.side = Side::Buy),
            sizes("BUY", "none"),
        ),
        (
            bent(normal_opening(), |answer| answer.notional = None),
            sizes("BUY", "open"),
        ),
        (
            bent(normal_opening(), |answer| {
                answer.quantity = Some(amount("1"))
            }),
            sizes("BUY", "open"),
        ),
        (
            bent(normal_opening(), |answer| answer.side = Side::Skip),
            sizes("SKIP", "open"),
        ),
    ] {
        lies(&flat(Buy, Normal), answer, NORMAL_UNAVAILABLE, &incident);
    }
    let explore = flat(Buy, Exploration);
    for (answer, incident) in [
        (
            bent(opening(), |answer| answer.reason = 6),
            "Violation: I6: gives reason 6, and the manifest declares 6",
        ),
        (
            bent(opening(), |answer| answer.rule = 1),
            "Violation: I0: names rule 1, and the manifest lists 1",
        ),
        (
            bent(opening(), |answer| answer.tier = Some(u32::MAX)),
            "Violation: I0: names a tier, and the manifest lists 1",
        ),
        (
            bent(opening(), |answer| {
                answer.budget = Some(BudgetClaim {
                    budget: 1,
                    need: amount("100"),
                })
            }),
            "Violation: I0: names budget 1, and the manifest lists 1",
        ),
    ] {
        lies(&explore, answer, UNAVAILABLE, incident);
    }
}

#[test]
fn refusals_are_believed_only_where_they_can_be_true() {
    use FinalAction::{Buy, Close, Sell};
    use PositionSide::Long;
    use RequestField::{Equity, Price, QuoteRate};
    use TradeType::{Exploration, Normal, Risk};
    let explore = flat(Buy, Exploration);
    let missing = Refusal::FieldMissing(Price);
    refuses(
        &on(Close, Normal, Long),
        missing,
        CLOSED,
        "Violation: I12: refuses a request that closes",
    );
    refuses(
        &on(Sell, Risk, Long),
        Refusal::BudgetsMissing,
        "SELL risk close_long 2 by fail-safe",
        "Violation: I12: refuses a request that closes",
    );
    for (refusal, what) in [
        (missing, "`price` is missing; the route needs it"),
        (
            Refusal::FieldMissing(Equity),
            "`equity` is missing; the route needs it",
        ),
        (
            Refusal::FieldOverflow(QuoteRate),
            "`quote_rate` makes an amount of more than 28 digits",
        ),
        (
            Refusal::BudgetsMissing,
            "`budgets` of the state must have one entry for each budget of the policy",
        ),
    ] {
        let incident = format!("Violation: I0: refuses for what is not so: {what}");
        refuses(&explore, refusal, UNAVAILABLE, &incident);
    }
    refuses(
        &flat(Buy, Normal),
        Refusal::BudgetsMissing,
        NORMAL_UNAVAILABLE,
        "Violation: I2: refuses type normal for want of a budget",
    );
    let no_route = "PolicyFault: it has no route for the request";
    refuses(&explore, Refusal::NoRoute, UNAVAILABLE, no_route);
    refuses(&on(Close, Normal, Long), Refusal::NoRoute, CLOSED, no_route);
    let poor = asked(Buy, Exploration, "ETH/USDT", |terms| terms.price = None);
    refuses(
        &poor,
        missing,
        "field_missing: `price` is missing; the route needs it",
        "",
    );
}
