//! What each policy answers to each request when it is asked alone, and whether a decision that
//! names a policy is that policy's. Nothing here is shared with a swap.

use execution_router::policy::Policy;
use execution_router::{
    Amount, Decision, FinalAction, OrderIntent, Position, PositionEffect, PositionSide, Request,
    Router, Side, TradeType,
};
use jiff::{SignedDuration, Timestamp};

use super::Failure;

/// Grants after which every budget of the policies is spent.
const GRANTS_MAX: usize = 8;
const FIRST_DAY: i64 = 20_500;

/// What makes a request trouble for a policy that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Nothing.
    Trend,
    /// A policy may have no route for it.
    Gap,
    /// A policy may break an invariant on it.
    Evil,
}

impl Strategy {
    const fn word(self) -> &'static str {
        match self {
            Self::Trend => "trend",
            Self::Gap => "gap",
            Self::Evil => "evil",
        }
    }
}

/// Every action on every position with every type, of a day; with those that some fail on where
/// that is asked for. Their order is always the same.
pub(super) fn requests(day: u32, with_trouble: bool) -> Result<Vec<Request<'static>>, Failure> {
    let time = noon(day)?;
    let mut all = Vec::new();
    for action in [
        FinalAction::Buy,
        FinalAction::Sell,
        FinalAction::Close,
        FinalAction::Hold,
    ] {
        for side in [None, Some(PositionSide::Long), Some(PositionSide::Short)] {
            for trade_type in TRADE_TYPES {
                for symbol in ["BTC/USDT", "ETH/USDT"] {
                    all.push(request(
                        action,
                        side,
                        trade_type,
                        symbol,
                        Strategy::Trend,
                        time,
                    )?);
                }
            }
        }
    }
    if with_trouble {
        let (buy, normal, long) = (
            FinalAction::Buy,
            TradeType::Normal,
            Some(PositionSide::Long),
        );
        all.push(request(buy, None, normal, "BTC/USDT", Strategy::Gap, time)?);
        all.push(request(
            FinalAction::Close,
            long,
            normal,
            "BTC/USDT",
            Strategy::Evil,
            time,
        )?);
    }
    Ok(all)
}

/// An opening that needs little of a budget.
pub(super) fn small_pilot() -> Result<Request<'static>, Failure> {
    let request = Request::builder(FinalAction::Buy, "BTC/USDT", "anchor")
        .timestamp(noon(0)?)
        .trade_type(TradeType::Pilot)
        .position(None)
        .price(Amount::whole(100))
        .target_notional(Amount::whole(60))
        .equity(Amount::whole(10_000))
        .build();
    Ok(request?)
}

/// The time of a day's requests.
pub(super) fn noon(day: u32) -> Result<Timestamp, Failure> {
    let midnight = Timestamp::from_second(86_400 * (FIRST_DAY + i64::from(day)))?;
    Ok(midnight + SignedDuration::from_hours(12))
}

const TRADE_TYPES: [TradeType; 6] = [
    TradeType::Normal,
    TradeType::Pilot,
    TradeType::Exploration,
    TradeType::Exit,
    TradeType::Risk,
    TradeType::Auto,
];

fn request(
    action: FinalAction,
    side: Option<PositionSide>,
    trade_type: TradeType,
    symbol: &'static str,
    strategy: Strategy,
    time: Timestamp,
) -> Result<Request<'static>, Failure> {
    let position = side.map(|side| Position {
        side,
        quantity: Amount::whole(2),
    });
    let request = Request::builder(action, symbol, strategy.word())
        .timestamp(time)
        .trade_type(trade_type)
        .position(position)
        .price(Amount::whole(100))
        .target_notional(Amount::whole(500))
        .equity(Amount::whole(10_000))
        .terms(|terms| {
            terms.signal_score = Some(0.6);
            terms.risk_reward_ratio = Some(1.4);
            terms.confidence = Some(0.7);
            terms.stop_loss = Some(Amount::whole(90));
        })
        .build();
    Ok(request?)
}

/// A decision as far as it is the policy's, and no state has a part in it.
#[derive(Debug, PartialEq)]
struct Said {
    side: Side,
    intent: OrderIntent,
    effect: PositionEffect,
    reason: String,
    rule: String,
    quantity: Option<Amount>,
    notional: Option<Amount>,
}

impl Said {
    fn by(decision: &Decision) -> Self {
        Self {
            side: decision.side(),
            intent: decision.order_intent(),
            effect: decision.position_effect(),
            reason: decision.reason().to_owned(),
            rule: decision.rule().to_owned(),
            quantity: decision.quantity(),
            notional: decision.notional(),
        }
    }

    fn is(&self, decision: &Decision) -> bool {
        self.side == decision.side()
            && self.intent == decision.order_intent()
            && self.effect == decision.position_effect()
            && self.reason == decision.reason()
            && self.rule == decision.rule()
            && self.quantity == decision.quantity()
            && self.notional == decision.notional()
    }
}

/// All that a policy ever answers to a request, by what its budget holds.
#[derive(Debug, Default)]
struct Expected {
    /// When it consults no budget.
    free: Option<Said>,
    granted: Option<Said>,
    refused: Option<Said>,
}

/// What one policy answers.
#[derive(Debug)]
pub(super) struct Answers {
    expected: Vec<Expected>,
}

impl Answers {
    /// Asks a policy everything, each time on a router of its own.
    pub(super) fn of(policy: &Policy, requests: &[Request<'_>]) -> Result<Self, Failure> {
        let expected = requests.iter().map(|request| expected(policy, request));
        Ok(Self {
            expected: expected.collect::<Result<_, _>>()?,
        })
    }

    /// Why a decision on a request is none that the policy would have made, where it is not.
    pub(super) fn fault(&self, at: usize, decision: &Decision) -> Option<&'static str> {
        let expected = self.expected.get(at)?;
        let (said, otherwise) = match (decision.budget(), fits(decision)) {
            (None, _) => (&expected.free, "it never answers that"),
            (Some(_), true) => (
                &expected.granted,
                "it never answers that while a budget holds the need",
            ),
            (Some(_), false) => (
                &expected.refused,
                "it never answers that while a budget is spent",
            ),
        };
        let is_its = said.as_ref().is_some_and(|said| said.is(decision));
        (!is_its).then_some(otherwise)
    }
}

fn expected(policy: &Policy, request: &Request<'_>) -> Result<Expected, Failure> {
    let router = Router::new(policy.clone())?;
    let mut expected = Expected::default();
    for _ in 0..GRANTS_MAX {
        let decision = router.decide(request)?;
        if decision.policy().is_none() {
            break;
        }
        let said = Some(Said::by(&decision));
        match (decision.budget(), fits(&decision)) {
            (None, _) => {
                expected.free = said;
                break;
            }
            (Some(_), true) => expected.granted = said,
            (Some(_), false) => expected.refused = said,
        }
    }
    Ok(expected)
}

/// Whether the budget that a decision consulted holds what it needs, by its own figures: all of
/// them, so that a grant past a limit is none that a policy would have made.
fn fits(decision: &Decision) -> bool {
    let (Some(report), Some(info)) = (decision.budget(), decision.budget_info()) else {
        return false;
    };
    let taken = report.used.checked_add(report.reserved);
    let taken = taken.and_then(|taken| taken.checked_add(report.need));
    let is_within = report
        .limit
        .is_none_or(|limit| taken.is_some_and(|taken| taken <= limit));
    is_within && info.orders.is_none_or(|orders| report.orders < orders)
}
