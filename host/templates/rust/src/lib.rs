//! A routing policy: long positions alone, one a symbol, of the size that the bot asks for.
//!
//! It closes whatever is to be closed, keeps nothing between calls, and imports nothing. What it may
//! never do is in README.md; the host holds every answer to it.

// The whole set, for what a policy comes to need.
#[allow(dead_code)]
mod amount;

#[allow(missing_docs)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "policy", additional_derives: [PartialEq] });
}

use amount::Amount;
use bindings::exports::execution_router::policy::routing::{
    BatchItem, BudgetUse, Decimal, Decision, FinalAction, Guest, Manifest, OrderIntent, OrderTerms, Position,
    PositionEffect, PositionSide, Refusal, RefusalKind, Request, RequestField, Side, State, Symbol,
    TradeType, TradingState,
};

/// Why, by the index in the manifest. `TradingHalted`, `AlreadyClosing` and `Dust` are words that the
/// host knows: for nothing else may an exit be skipped. (There is no dust here: no symbol has a
/// least quantity.)
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u32)]
enum Reason {
    TradingHalted,
    NoSignal,
    AlreadyClosing,
    CloseLong,
    CloseShort,
    NothingToClose,
    PositionOpen,
    ReducingOnly,
    LongOnly,
    NoExploration,
    AlreadyOpening,
    OpenLong,
}

const REASONS: [&str; 12] = [
    "trading_halted",
    "no_signal",
    "already_closing",
    "close_long",
    "close_short",
    "nothing_to_close",
    "position_open",
    "reducing_only",
    "long_only",
    "no_exploration",
    "already_opening",
    "open_long",
];

/// What decided, by the index in the manifest.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u32)]
enum Rule {
    Skip,
    Close,
    Open,
}

const RULES: [&str; 3] = ["skip", "close", "open"];

struct Policy;

bindings::export!(Policy with_types_in bindings);

impl Guest for Policy {
    fn describe() -> Manifest {
        Manifest {
            schema: 1,
            name: env!("CARGO_PKG_NAME").into(),
            version: env!("CARGO_PKG_VERSION").into(),
            account_currency: "USDT".into(),
            reasons: REASONS.map(String::from).into(),
            rules: RULES.map(String::from).into(),
            // Pilot and exploration trades would charge a budget, and there is none yet.
            tiers: vec![],
            budgets: vec![],
            symbols: ["BTC/USDT", "ETH/USDT"].map(symbol).into(),
            // Every number that a rule compares a score or an amount with.
            score_thresholds: vec![],
            amount_thresholds: vec![],
        }
    }

    fn decide(request: Request, state: State) -> Result<Decision, Refusal> {
        decide(&request.terms, state.trading_state)
    }

    fn decide_batch(
        _names: Vec<String>,
        _uses: Vec<BudgetUse>,
        items: Vec<BatchItem>,
    ) -> Vec<Result<Decision, Refusal>> {
        items.iter().map(|item| decide(&item.terms, item.trading_state)).collect()
    }
}

fn symbol(name: &str) -> Symbol {
    Symbol {
        name: name.into(),
        shortable: false,
        step: None,
        min_quantity: None,
        min_notional: None,
    }
}

fn decide(terms: &OrderTerms, state: TradingState) -> Result<Decision, Refusal> {
    if state == TradingState::Halted && terms.trade_type != TradeType::Risk {
        return Ok(skip(terms, Reason::TradingHalted));
    }
    let asks = [FinalAction::Buy, FinalAction::Sell, FinalAction::Close];
    if !asks.contains(&terms.final_action) {
        return Ok(skip(terms, Reason::NoSignal));
    }
    // Quantity 0 is flat.
    let open = terms.position.filter(|position| !amount(position.quantity).is_zero());
    match open {
        // Before whatever could hold it up.
        Some(position) if reduces(terms.final_action, &position) => Ok(close(terms, &position)),
        open => match forbidden(terms, state, open.is_some()) {
            Some(reason) => Ok(skip(terms, reason)),
            None => open_long(terms),
        },
    }
}

/// Whether the action would reduce the position.
fn reduces(action: FinalAction, position: &Position) -> bool {
    match action {
        FinalAction::Buy => position.side == PositionSide::Short,
        FinalAction::Sell => position.side == PositionSide::Long,
        _ => true,
    }
}

/// All that is closable, or as much of it as is asked for.
fn close(terms: &OrderTerms, position: &Position) -> Decision {
    let closable = amount(position.quantity).minus(amount(terms.working.closing));
    if closable.is_zero() {
        return skip(terms, Reason::AlreadyClosing);
    }
    let asked = terms.close_quantity.map_or(closable, amount);
    let (side, reason) = match position.side {
        PositionSide::Long => (Side::Sell, Reason::CloseLong),
        PositionSide::Short => (Side::Buy, Reason::CloseShort),
    };
    Decision {
        side,
        intent: match terms.trade_type {
            TradeType::Risk => OrderIntent::Risk,
            _ => OrderIntent::Exit,
        },
        rule: Rule::Close as u32,
        effect: PositionEffect::Close,
        quantity: Some(asked.min(closable).into()),
        ..skip(terms, reason)
    }
}

/// What stands against opening.
fn forbidden(terms: &OrderTerms, state: TradingState, is_open: bool) -> Option<Reason> {
    match (terms.final_action, terms.trade_type) {
        (FinalAction::Close, _) | (_, TradeType::Exit | TradeType::Risk) => {
            Some(Reason::NothingToClose)
        }
        _ if is_open => Some(Reason::PositionOpen),
        _ if state == TradingState::Reducing => Some(Reason::ReducingOnly),
        (FinalAction::Sell, _) => Some(Reason::LongOnly),
        (_, TradeType::Pilot | TradeType::Exploration) => Some(Reason::NoExploration),
        _ if !amount(terms.working.opening).is_zero() => Some(Reason::AlreadyOpening),
        _ => None,
    }
}

/// The host computes the quantity, and needs the price for it.
fn open_long(terms: &OrderTerms) -> Result<Decision, Refusal> {
    let notional = terms.target_notional.ok_or(missing(RequestField::TargetNotional))?;
    terms.price.ok_or(missing(RequestField::Price))?;
    Ok(Decision {
        side: Side::Buy,
        rule: Rule::Open as u32,
        effect: PositionEffect::Open,
        notional: Some(notional),
        ..skip(terms, Reason::OpenLong)
    })
}

fn skip(terms: &OrderTerms, reason: Reason) -> Decision {
    Decision {
        side: Side::Skip,
        intent: match terms.trade_type {
            TradeType::Normal | TradeType::Auto => OrderIntent::Normal,
            TradeType::Pilot => OrderIntent::Pilot,
            TradeType::Exploration => OrderIntent::Explore,
            TradeType::Exit => OrderIntent::Exit,
            TradeType::Risk => OrderIntent::Risk,
        },
        reason: reason as u32,
        rule: Rule::Skip as u32,
        effect: PositionEffect::None,
        notional: None,
        quantity: None,
        tier: None,
        budget: None,
    }
}

const fn missing(field: RequestField) -> Refusal {
    Refusal { kind: RefusalKind::FieldMissing, field }
}

fn amount(decimal: Decimal) -> Amount {
    decimal.into()
}

#[cfg(test)]
mod tests;
