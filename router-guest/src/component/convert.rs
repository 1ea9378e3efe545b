//! The manifest, made into the records of the interface, which have the same fields under the
//! same names.

use super::bindings::exports::execution_router::policy::routing as wit;
use crate::amount::Amount;
use crate::decision::OrderIntent;
use crate::manifest::{
    AmountField, BudgetInfo, Manifest, Scope, ScoreField, SymbolInfo, TierInfo, Window,
};

/// Between two enums with the same cases; it compiles to nothing.
macro_rules! same_cases {
    ($name:ident: $from:ident => $into:path { $($case:ident)* }) => {
        const fn $name(value: $from) -> $into {
            match value {
                $($from::$case => <$into>::$case,)*
            }
        }
    };
}

same_cases!(intent: OrderIntent => wit::OrderIntent { Normal Pilot Explore Exit Risk });
same_cases!(scope: Scope => wit::Scope { All Symbol Strategy });
same_cases!(score_field: ScoreField => wit::ScoreField {
    SignalScore SignalStrength Confidence RiskRewardRatio
});
same_cases!(amount_field: AmountField => wit::AmountField {
    PositionQuantity ClosableQuantity CloseQuantity WorkingOpening WorkingClosing Price
    TargetNotional Equity QuoteRate StopLoss TakeProfit
});

fn decimal(amount: Amount) -> wit::Decimal {
    let (high, low, scale) = amount.to_words();
    wit::Decimal { high, low, scale }
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
