//! What can be changed: fields of the request, the state that it meets, and settings of the
//! policy; and which of them are worth asking about for a scenario.

use router_guest::amount::Amount;
use router_guest::manifest::Manifest;
use router_guest::request::{FinalAction, Position, PositionSide, TradeType};
use router_guest::state::TradingState;

use super::{Class, Value, World};

/// Something that can be changed. Indexes are into the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// `final_action`
    FinalAction,
    /// `trade_type`
    TradeType,
    /// `position`, its leg and whether there is one.
    Position,
    /// `position.quantity`
    PositionQuantity,
    /// `close_quantity`
    CloseQuantity,
    /// `working.opening`
    WorkingOpening,
    /// `working.closing`
    WorkingClosing,
    /// `price`
    Price,
    /// `target_notional`
    TargetNotional,
    /// `sized`
    Sized,
    /// `equity`
    Equity,
    /// `quote_rate`
    QuoteRate,
    /// `signal_score`
    SignalScore,
    /// `confidence`
    Confidence,
    /// `risk_reward_ratio`
    RiskReward,
    /// `stop_loss`
    StopLoss,
    /// `take_profit`
    TakeProfit,
    /// The state's `trading_state`.
    TradingState,
    /// What is settled of a budget.
    Used(usize),
    /// What is held of a budget.
    Reserved(usize),
    /// The orders that were granted of a budget.
    Orders(usize),
    /// `risk.short_enabled`
    ShortEnabled,
    /// `allow_short` of the request's symbol.
    AllowShort,
    /// `min_quantity` of the request's symbol.
    MinQuantity,
    /// `min_notional` of the request's symbol.
    MinNotional,
    /// `score` of a tier.
    TierScore(usize),
    /// `risk_reward` of a tier.
    TierRiskReward(usize),
    /// `confidence` of a tier.
    TierConfidence(usize),
    /// `size` of a tier, in percent.
    TierSize(usize),
    /// The amount of a budget's `limit`.
    LimitAmount(usize),
    /// The percentage of a budget's `limit`.
    LimitPercent(usize),
    /// `orders` of a budget.
    LimitOrders(usize),
}

impl Target {
    /// Whether it belongs to the policy.
    pub const fn is_setting(self) -> bool {
        matches!(
            self,
            Self::ShortEnabled
                | Self::AllowShort
                | Self::MinQuantity
                | Self::MinNotional
                | Self::TierScore(_)
                | Self::TierRiskReward(_)
                | Self::TierConfidence(_)
                | Self::TierSize(_)
                | Self::LimitAmount(_)
                | Self::LimitPercent(_)
                | Self::LimitOrders(_)
        )
    }

    /// Whether it belongs to the state that the request meets.
    pub const fn is_state(self) -> bool {
        matches!(
            self,
            Self::TradingState | Self::Used(_) | Self::Reserved(_) | Self::Orders(_)
        )
    }

    /// Its place, as it is written in a request, a state or a document.
    pub fn path(self, symbol: &str, manifest: &Manifest) -> String {
        let tier = |at: usize, key: &str| {
            let tier = manifest.tiers.get(at).map_or("", |tier| &tier.name);
            format!("tiers.{tier}.{key}")
        };
        let budget = |at: usize, key: &str| {
            let budget = manifest.budgets.get(at).map_or("", |budget| &budget.name);
            format!("budgets.{budget}.{key}")
        };
        match self {
            Self::AllowShort => format!("symbols.{symbol}.allow_short"),
            Self::MinQuantity => format!("symbols.{symbol}.min_quantity"),
            Self::MinNotional => format!("symbols.{symbol}.min_notional"),
            Self::Used(at) => budget(at, "used"),
            Self::Reserved(at) => budget(at, "reserved"),
            Self::Orders(at) => budget(at, "orders"),
            Self::TierScore(at) => tier(at, "score"),
            Self::TierRiskReward(at) => tier(at, "risk_reward"),
            Self::TierConfidence(at) => tier(at, "confidence"),
            Self::TierSize(at) => tier(at, "size"),
            Self::LimitAmount(at) | Self::LimitPercent(at) => budget(at, "limit"),
            Self::LimitOrders(at) => budget(at, "orders"),
            plain => plain.word().to_owned(),
        }
    }

    /// What stands behind its number.
    pub fn unit(self, manifest: &Manifest) -> String {
        match self {
            Self::TierSize(_) => "%".to_owned(),
            Self::LimitPercent(_) => "% of equity".to_owned(),
            Self::LimitAmount(_) => format!(" {}", manifest.account_currency),
            _ => String::new(),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::FinalAction => "final_action",
            Self::TradeType => "trade_type",
            Self::Position => "position",
            Self::PositionQuantity => "position.quantity",
            Self::CloseQuantity => "close_quantity",
            Self::WorkingOpening => "working.opening",
            Self::WorkingClosing => "working.closing",
            Self::Price => "price",
            Self::TargetNotional => "target_notional",
            Self::Sized => "sized",
            Self::Equity => "equity",
            Self::QuoteRate => "quote_rate",
            Self::SignalScore => "signal_score",
            Self::Confidence => "confidence",
            Self::RiskReward => "risk_reward_ratio",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::TradingState => "trading_state",
            Self::ShortEnabled => "risk.short_enabled",
            _ => "",
        }
    }

    /// How near changes of it are: of a number, while it stays one.
    pub(super) const fn class(self) -> Class {
        match self {
            Self::TradingState => Class::TradingState,
            setting if setting.is_setting() => Class::Setting,
            Self::FinalAction | Self::TradeType | Self::Position | Self::Sized => Class::Word,
            _ => Class::Number,
        }
    }
}

/// Every number of a scenario and, where they can be read, of the policy's settings that
/// have to do with it.
pub(super) fn numbers(world: &World<'_>) -> Vec<Target> {
    let mut targets = vec![
        Target::CloseQuantity,
        Target::WorkingOpening,
        Target::WorkingClosing,
        Target::Price,
        Target::TargetNotional,
        Target::Equity,
        Target::QuoteRate,
        Target::SignalScore,
        Target::Confidence,
        Target::RiskReward,
        Target::StopLoss,
        Target::TakeProfit,
    ];
    if world.scenario().terms.open_position().is_some() {
        targets.insert(0, Target::PositionQuantity);
    }
    if world.scenario().terms.sees_budgets() {
        for budget in 0..world.manifest().budgets.len() {
            targets.extend([
                Target::Used(budget),
                Target::Reserved(budget),
                Target::Orders(budget),
            ]);
        }
    }
    targets.extend(settings(world));
    targets
}

/// Numbers of the policy that are there: a setting that is not given is not proposed.
fn settings(world: &World<'_>) -> Vec<Target> {
    if !world.has_settings() {
        return Vec::new();
    }
    let mut targets = vec![Target::MinQuantity, Target::MinNotional];
    for tier in 0..world.manifest().tiers.len() {
        targets.extend([
            Target::TierScore(tier),
            Target::TierRiskReward(tier),
            Target::TierConfidence(tier),
            Target::TierSize(tier),
        ]);
    }
    for budget in 0..world.manifest().budgets.len() {
        targets.extend([
            Target::LimitAmount(budget),
            Target::LimitPercent(budget),
            Target::LimitOrders(budget),
        ]);
    }
    targets.retain(|target| world.get(*target) != Value::Absent);
    targets
}

/// Every change of a word or a switch: one, or the two switches of shorting together.
pub(super) fn words(world: &World<'_>) -> Vec<Vec<(Target, Value)>> {
    let mut changes: Vec<Vec<(Target, Value)>> = Vec::new();
    let one = |target, value| vec![(target, value)];
    for state in TradingState::ALL {
        changes.push(one(Target::TradingState, Value::State(state)));
    }
    if world.has_settings() {
        let switches = [Target::AllowShort, Target::ShortEnabled];
        for target in switches {
            for on in [false, true] {
                changes.push(one(target, Value::Switch(on)));
            }
        }
        let both_off = switches.map(|target| world.get(target)) == [Value::Switch(false); 2];
        if both_off {
            let both = switches.map(|target| (target, Value::Switch(true)));
            changes.push(both.to_vec());
        }
    }
    // HOLD and SKIP ask for nothing, which is no alternative to anything.
    for action in [FinalAction::Buy, FinalAction::Sell, FinalAction::Close] {
        changes.push(one(Target::FinalAction, Value::Action(action)));
    }
    for trade_type in TradeType::ALL {
        changes.push(one(Target::TradeType, Value::Type(trade_type)));
    }
    for position in positions(world) {
        changes.push(one(Target::Position, Value::Position(position)));
    }
    for sized in [false, true] {
        changes.push(one(Target::Sized, Value::Switch(sized)));
    }
    for target in OPTIONAL {
        changes.push(one(target, Value::Absent));
    }
    changes.retain(|changes| {
        changes
            .iter()
            .all(|(target, value)| world.get(*target) != *value)
    });
    changes
}

/// Fields that a request need not give.
const OPTIONAL: [Target; 10] = [
    Target::CloseQuantity,
    Target::Price,
    Target::TargetNotional,
    Target::Equity,
    Target::QuoteRate,
    Target::SignalScore,
    Target::Confidence,
    Target::RiskReward,
    Target::StopLoss,
    Target::TakeProfit,
];

/// Flat, and each leg: in the quantity that is open, else in 1 or what the symbol's minimum
/// asks for.
fn positions(world: &World<'_>) -> [Option<Position>; 3] {
    let least = world.symbol().and_then(|symbol| symbol.min_quantity);
    let scenario = world.scenario();
    let quantity = scenario.terms.open_position().map_or_else(
        || least.map_or(Amount::ONE, |least| least.max(Amount::ONE)),
        |open| open.quantity,
    );
    let leg = |side| Some(Position { side, quantity });
    [None, leg(PositionSide::Long), leg(PositionSide::Short)]
}
