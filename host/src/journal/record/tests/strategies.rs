//! Random decisions, whole: every field there or not.

use std::borrow::Cow;

use super::*;
use crate::failsafe::REASONS;

/// A decision as it is journaled.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) request: Request<'static>,
    pub(super) shown: Option<ShownState>,
    pub(super) answer: RecordedAnswer,
    pub(super) warnings: Vec<Fault>,
    pub(super) repeated: bool,
    pub(super) keeps_id: bool,
    pub(super) grant: Option<Grant>,
    pub(super) at: Option<Timestamp>,
    pub(super) recorded_at: Timestamp,
}

impl Case {
    pub(super) fn decision(&self, identity: &Arc<PolicyIdentity>) -> Decision {
        Decision {
            answer: self.answer.answer(identity),
            warnings: self.warnings.clone(),
            repeated: self.repeated,
        }
    }
}

pub(super) fn amount() -> impl Strategy<Value = Amount> {
    let coefficient = prop_oneof![0..1_000_u128, 0..u128::from(u64::MAX), 0..10_u128.pow(28),];
    (coefficient, 0..=28_u8)
        .prop_map(|(coefficient, scale)| Amount::new(coefficient, scale).unwrap())
}

pub(super) fn instant() -> impl Strategy<Value = Timestamp> {
    (-62_000_000_000_i64..250_000_000_000, 0..1_000_000_000)
        .prop_map(|(seconds, nanoseconds)| Timestamp::new(seconds, nanoseconds).unwrap())
}

fn maybe<S: Strategy>(strategy: S) -> impl Strategy<Value = Option<S::Value>> {
    prop::option::of(strategy)
}

fn leg() -> impl Strategy<Value = PositionSide> {
    prop::sample::select(&[PositionSide::Long, PositionSide::Short][..])
}

fn score() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::ZERO
}

prop_compose! {
    fn request()(
        action in prop::sample::select(&FinalAction::ALL[..]),
        trade_type in prop::sample::select(&TradeType::ALL[..]),
        (symbol, strategy, id) in (".{1,16}", "[A-Z/]{1,64}", maybe("[a-z0-9é]{1,32}")),
        timestamp in maybe(instant()),
        position in maybe((leg(), amount())),
        amounts in prop::array::uniform9(maybe(amount())),
        scores in prop::array::uniform3(maybe(score())),
        (sized, spelled, raw) in (any::<bool>(), any::<bool>(), maybe("-?[0-9]{1,20}")),
        tags in any::<bool>(),
    ) -> Request<'static> {
        let mut line = Request::builder(action, symbol, strategy)
            .trade_type(trade_type)
            .position(None)
            .build()
            .unwrap()
            .line()
            .clone();
        line.id = id.map(Cow::Owned);
        if spelled {
            line.final_action = Cow::Borrowed("bUy or so");
        }
        let [close, price, notional, equity, rate, stop, target, opening, closing] = amounts;
        let terms = &mut line.terms;
        terms.position = position.map(|(side, quantity)| Position { side, quantity });
        terms.close_quantity = close;
        terms.working = WorkingOrders {
            opening: opening.unwrap_or_default(),
            closing: closing.unwrap_or_default(),
        };
        terms.price = price;
        terms.target_notional = notional;
        terms.sized = sized;
        terms.equity = equity;
        terms.quote_rate = rate;
        terms.stop_loss = stop;
        terms.take_profit = target;
        [terms.signal_score, terms.confidence, terms.risk_reward_ratio] = scores;
        line.signal_score = raw.clone().map(Cow::Owned);
        line.stop_loss = raw.map(Cow::Owned);
        line.tags = tags.then_some(r#"{"desk": "a"}"#);
        Request::of_record(line, timestamp)
    }
}

prop_compose! {
    fn shown()(
        trading_state in prop::sample::select(&TradingState::ALL[..]),
        budgets in maybe(prop::collection::vec((amount(), amount(), any::<u32>()), 0..4)),
    ) -> ShownState {
        let spent = |(used, reserved, orders)| BudgetUse { used, reserved, orders };
        ShownState {
            trading_state,
            budgets: budgets.map(|uses| uses.into_iter().map(spent).collect()),
        }
    }
}

prop_compose! {
    fn report()(
        budget in any::<u32>(), orders in any::<u32>(),
        amounts in prop::array::uniform3(amount()), limit in maybe(amount()),
    ) -> BudgetReport {
        let [need, used, reserved] = amounts;
        BudgetReport { budget, need, used, reserved, limit, orders }
    }
}

fn author() -> impl Strategy<Value = RecordedAuthor> {
    prop_oneof![
        (any::<u32>(), any::<u32>())
            .prop_map(|(reason, rule)| RecordedAuthor::Policy { reason, rule }),
        prop::sample::select(&REASONS[..]).prop_map(|reason| RecordedAuthor::FailSafe { reason }),
    ]
}

prop_compose! {
    fn answer()(
        side in prop::sample::select(&[Side::Buy, Side::Sell, Side::Skip][..]),
        intent in prop::sample::select(&OrderIntent::ALL[..]),
        effect in prop::sample::select(
            &[PositionEffect::Open, PositionEffect::Close, PositionEffect::None][..]),
        position_side in maybe(leg()),
        tier in any::<Option<u32>>(),
        (quantity, notional, fuel) in (maybe(amount()), maybe(amount()), any::<Option<u64>>()),
        author in author(),
        budget in maybe((report(), any::<Option<u64>>())),
    ) -> RecordedAnswer {
        RecordedAnswer {
            side, intent, effect, position_side, tier, quantity, notional, fuel, author,
            budget: budget.map(|(report, _)| report),
            reservation: budget
                .and_then(|(_, reservation)| reservation)
                .map(ReservationId::of_number),
        }
    }
}

prop_compose! {
    fn warning()(
        code in prop::sample::select(&FaultCode::ALL[..]),
        field in maybe("[a-z_]{1,20}"), message in ".{0,80}",
    ) -> Fault {
        Fault { code, field: field.map(Cow::Owned), message }
    }
}

prop_compose! {
    pub(super) fn case()(
        request in request(), shown in maybe(shown()), answer in answer(),
        warnings in prop::collection::vec(warning(), 0..3), repeated in any::<bool>(),
        keeps_id in any::<bool>(), at in maybe(instant()), recorded_at in instant(),
        grant in maybe((amount(), maybe(instant()))),
    ) -> Case {
        let grant = grant.map(|(quote_rate, expires_at)| Grant { quote_rate, expires_at });
        Case { request, shown, answer, warnings, repeated, keeps_id, grant, at, recorded_at }
    }
}
