//! Between the records of the interface and the engine's own types, which have the same
//! fields under the same names. Names are borrowed, never copied.

use alloc::vec::Vec;

use super::bindings::exports::execution_router::policy::routing as wit;

use super::given;
use crate::amount::Amount;
use crate::decision::{
    BudgetClaim, Decision, OrderIntent, PositionEffect, Refusal, RequestField, Side,
};
use crate::manifest::{
    AmountField, BudgetInfo, Manifest, Scope, ScoreField, SymbolInfo, TierInfo, Window,
};
use crate::request::{
    FinalAction, OrderTerms, Position, PositionSide, Request, TradeType, WorkingOrders,
};
use crate::state::{BudgetUse, TradingState};

/// Between two enums with the same cases; it compiles to nothing.
macro_rules! same_cases {
    ($name:ident: $from:ident => $into:path { $($case:ident)* }) => {
        pub(super) const fn $name(value: $from) -> $into {
            match value {
                $($from::$case => <$into>::$case,)*
            }
        }
    };
    ($name:ident: $module:ident::$from:ident => $into:path { $($case:ident)* }) => {
        pub(super) const fn $name(value: $module::$from) -> $into {
            match value {
                $($module::$from::$case => <$into>::$case,)*
            }
        }
    };
}

same_cases!(trading_state: wit::TradingState => TradingState { Active Reducing Halted });
same_cases!(final_action: wit::FinalAction => FinalAction { Buy Sell Hold Skip Close Unknown });
same_cases!(trade_type: wit::TradeType => TradeType { Normal Pilot Exploration Exit Risk Auto });
same_cases!(position_side: wit::PositionSide => PositionSide { Long Short });
same_cases!(side: Side => wit::Side { Buy Sell Skip });
same_cases!(intent: OrderIntent => wit::OrderIntent { Normal Pilot Explore Exit Risk });
same_cases!(effect: PositionEffect => wit::PositionEffect { Open Close None });
same_cases!(field: RequestField => wit::RequestField {
    Position Price TargetNotional Equity QuoteRate
});
same_cases!(scope: Scope => wit::Scope { All Symbol Strategy });
same_cases!(score_field: ScoreField => wit::ScoreField {
    SignalScore SignalStrength Confidence RiskRewardRatio
});
same_cases!(amount_field: AmountField => wit::AmountField {
    PositionQuantity ClosableQuantity CloseQuantity WorkingOpening WorkingClosing Price
    TargetNotional Equity QuoteRate StopLoss TakeProfit
});

fn amount(decimal: wit::Decimal) -> Amount {
    given(Amount::from_words(decimal.high, decimal.low, decimal.scale))
}

fn decimal(amount: Amount) -> wit::Decimal {
    let (high, low, scale) = amount.to_words();
    wit::Decimal { high, low, scale }
}

pub(super) fn request_of(request: &wit::Request) -> Request<'_> {
    Request {
        symbol: &request.symbol,
        strategy: &request.strategy,
        terms: terms_of(&request.terms),
    }
}

#[inline]
pub(super) fn terms_of(terms: &wit::OrderTerms) -> OrderTerms {
    OrderTerms {
        final_action: final_action(terms.final_action),
        trade_type: trade_type(terms.trade_type),
        position: terms.position.map(|position| Position {
            side: position_side(position.side),
            quantity: amount(position.quantity),
        }),
        close_quantity: terms.close_quantity.map(amount),
        working: WorkingOrders {
            opening: amount(terms.working.opening),
            closing: amount(terms.working.closing),
        },
        price: terms.price.map(amount),
        target_notional: terms.target_notional.map(amount),
        sized: terms.sized,
        equity: terms.equity.map(amount),
        quote_rate: terms.quote_rate.map(amount),
        signal_score: terms.signal_score,
        confidence: terms.confidence,
        risk_reward_ratio: terms.risk_reward_ratio,
        stop_loss: terms.stop_loss.map(amount),
        take_profit: terms.take_profit.map(amount),
    }
}

/// Budget uses in the engine's type, in the order in which they came.
pub(super) struct Uses(Vec<BudgetUse>);

impl Uses {
    pub(super) fn of(uses: &[wit::BudgetUse]) -> Self {
        let converted = uses.iter().map(|spent| BudgetUse {
            used: amount(spent.used),
            reserved: amount(spent.reserved),
            orders: spent.orders,
        });
        Self(converted.collect())
    }

    pub(super) fn all(&self) -> &[BudgetUse] {
        &self.0
    }

    /// `count` of them from index `first` on.
    pub(super) fn from(&self, first: u32, count: usize) -> &[BudgetUse] {
        let rest = given(self.0.get(first as usize..));
        given(rest.get(..count))
    }
}

pub(super) fn decision(decision: &Decision) -> wit::Decision {
    wit::Decision {
        side: side(decision.side),
        intent: intent(decision.intent),
        reason: decision.reason,
        rule: decision.rule,
        effect: effect(decision.effect),
        notional: decision.notional.map(decimal),
        quantity: decision.quantity.map(decimal),
        tier: decision.tier,
        budget: decision
            .budget
            .map(|BudgetClaim { budget, need }| wit::BudgetClaim {
                budget,
                need: decimal(need),
            }),
    }
}

pub(super) const fn refusal(refusal: Refusal) -> wit::Refusal {
    // Of the last two kinds the field says nothing, and is always the same.
    let (kind, at) = match refusal {
        Refusal::FieldMissing(at) => (wit::RefusalKind::FieldMissing, at),
        Refusal::FieldOverflow(at) => (wit::RefusalKind::FieldOverflow, at),
        Refusal::BudgetsMissing => (wit::RefusalKind::BudgetsMissing, RequestField::Position),
        Refusal::NoRoute => (wit::RefusalKind::NoRoute, RequestField::Position),
    };
    wit::Refusal {
        kind,
        field: field(at),
    }
}

pub(super) fn manifest(manifest: &Manifest) -> wit::Manifest {
    wit::Manifest {
        schema: manifest.schema,
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        account_currency: manifest.account_currency.clone(),
        reasons: manifest.reasons.clone(),
        rules: manifest.rules.clone(),
        tiers: manifest.tiers.iter().map(tier).collect(),
        budgets: manifest.budgets.iter().map(budget).collect(),
        symbols: manifest.symbols.iter().map(symbol).collect(),
        score_thresholds: manifest
            .score_thresholds
            .iter()
            .map(|&(field, value)| wit::ScoreThreshold {
                field: score_field(field),
                value,
            })
            .collect(),
        amount_thresholds: manifest
            .amount_thresholds
            .iter()
            .map(|&(field, value)| wit::AmountThreshold {
                field: amount_field(field),
                value: decimal(value),
            })
            .collect(),
    }
}

fn tier(tier: &TierInfo) -> wit::Tier {
    wit::Tier {
        name: tier.name.clone(),
        intent: intent(tier.intent),
        size: decimal(tier.size),
        budget: tier.budget,
    }
}

fn budget(budget: &BudgetInfo) -> wit::Budget {
    let (window, seconds) = match budget.window {
        Window::None => (wit::Window::None, 0),
        Window::Hour => (wit::Window::Hour, 0),
        Window::Day => (wit::Window::Day, 0),
        Window::Week => (wit::Window::Week, 0),
        Window::Rolling { seconds } => (wit::Window::Rolling, seconds),
    };
    wit::Budget {
        name: budget.name.clone(),
        amount: budget.amount.map(decimal),
        percent: budget.percent.map(decimal),
        orders: budget.orders,
        window,
        seconds,
        zone: budget.zone.clone(),
        scope: scope(budget.scope),
    }
}

fn symbol(symbol: &SymbolInfo) -> wit::Symbol {
    wit::Symbol {
        name: symbol.name.clone(),
        shortable: symbol.shortable,
        step: symbol.step.map(decimal),
        min_quantity: symbol.min_quantity.map(decimal),
        min_notional: symbol.min_notional.map(decimal),
    }
}
