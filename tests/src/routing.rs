//! The default routing, row by row, as a plain function: the oracle for everything that
//! claims to route like the default policy. It shares no code with the rule engine but the
//! types and the decimal, and is written to be read beside the table in the README.

use router_guest::amount::Amount;
use router_guest::decision::{OrderIntent, Refusal, RequestField, Side};
use router_guest::manifest::SymbolInfo;
use router_guest::request::{FinalAction, PositionSide, Request, TradeType};
use router_guest::state::{State, TradingState};

/// What the default policy leaves to configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Currency of equity and budget.
    pub account_currency: String,
    /// Symbols with their steps, minimums, and whether shorting is allowed.
    pub symbols: Vec<SymbolInfo>,
}

/// The row's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The number of the row.
    pub row: &'static str,
    /// The side.
    pub side: Side,
    /// The intent.
    pub intent: OrderIntent,
    /// The reason.
    pub reason: &'static str,
    /// Quote currency, of an opening.
    pub notional: Option<Amount>,
    /// Base quantity, of a close.
    pub quantity: Option<Amount>,
    /// What the exploration budget was asked for.
    pub need: Option<Amount>,
}

struct Tier {
    intent: OrderIntent,
    score: f64,
    risk_reward: Option<f64>,
    factor: &'static str,
}

const TIERS: [Tier; 3] = [
    Tier {
        intent: OrderIntent::Normal,
        score: 0.65,
        risk_reward: Some(1.3),
        factor: "1",
    },
    Tier {
        intent: OrderIntent::Pilot,
        score: 0.55,
        risk_reward: Some(1.15),
        factor: "0.4",
    },
    Tier {
        intent: OrderIntent::Explore,
        score: 0.30,
        risk_reward: None,
        factor: "0.5",
    },
];

/// Routes one request as the default policy must.
///
/// # Errors
/// The [`Refusal`] of a request that lacks what its row needs.
pub fn route(
    request: &Request<'_>,
    state: &State<'_>,
    settings: &Settings,
) -> Result<Row, Refusal> {
    use FinalAction::{Buy, Close, Hold, Sell, Skip, Unknown};
    use PositionSide::{Long, Short};
    let terms = &request.terms;
    let symbol = settings
        .symbols
        .iter()
        .find(|symbol| symbol.name == request.symbol);
    let (action, trade_type) = (terms.final_action, terms.trade_type);
    let exit_or_risk = matches!(trade_type, TradeType::Exit | TradeType::Risk);
    let qualifying = TIERS.iter().find(|tier| {
        terms
            .signal_score
            .is_some_and(|score| score.abs() >= tier.score)
            && tier
                .risk_reward
                .is_none_or(|least| terms.risk_reward_ratio.is_some_and(|ratio| ratio >= least))
    });
    let intent = match trade_type {
        TradeType::Auto => qualifying.map_or(OrderIntent::Normal, |tier| tier.intent),
        TradeType::Normal => OrderIntent::Normal,
        TradeType::Pilot => OrderIntent::Pilot,
        TradeType::Exploration => OrderIntent::Explore,
        TradeType::Exit => OrderIntent::Exit,
        TradeType::Risk => OrderIntent::Risk,
    };
    let skip = |row, reason| {
        Ok(Row {
            row,
            side: Side::Skip,
            intent,
            reason,
            notional: None,
            quantity: None,
            need: None,
        })
    };

    if state.trading_state == TradingState::Halted && trade_type != TradeType::Risk {
        return skip("1", "trading_halted");
    }
    match action {
        Hold => return skip("2", "hold_signal"),
        Skip => return skip("2", "skip_signal"),
        Unknown => return skip("2", "unknown_action"),
        _ => {}
    }
    if trade_type == TradeType::Auto && matches!(action, Buy | Sell) && qualifying.is_none() {
        return skip("2a", "below_threshold");
    }

    let open = terms
        .position
        .filter(|position| !position.quantity.is_zero());
    let least = symbol.and_then(|symbol| symbol.min_quantity);
    let dust = open.is_some_and(|position| least.is_some_and(|least| position.quantity < least));
    let minds_dust = action == Close || exit_or_risk;
    // To everything else a position under the minimum is none.
    let position = open.filter(|_| !dust || minds_dust);
    let side = position.map(|position| position.side);
    let closable = position.map_or(Amount::ZERO, |position| {
        position
            .quantity
            .checked_sub(terms.working.closing)
            .unwrap_or(Amount::ZERO)
    });
    let reduces = matches!(
        (action, side),
        (Buy, Some(Short)) | (Sell, Some(Long)) | (Close, Some(_))
    );
    if reduces && closable.is_zero() {
        return skip("2b", "already_closing");
    }
    if minds_dust && dust {
        return skip("2c", "dust");
    }
    if reduces {
        let (row, side, reason) = match (action, side) {
            (Buy, _) => ("3", Side::Buy, "close_short"),
            (Sell, _) => ("4", Side::Sell, "close_long"),
            (_, Some(Long)) => ("5", Side::Sell, "close_long"),
            (_, _) => ("5", Side::Buy, "close_short"),
        };
        let intent = if trade_type == TradeType::Risk {
            OrderIntent::Risk
        } else {
            OrderIntent::Exit
        };
        let quantity = terms
            .close_quantity
            .map_or(closable, |asked| asked.min(closable));
        return Ok(Row {
            row,
            side,
            intent,
            reason,
            notional: None,
            quantity: Some(quantity),
            need: None,
        });
    }
    if action == Close {
        return skip("5", "no_position_to_close");
    }
    if exit_or_risk {
        return if side.is_none() {
            skip("6", "no_position_to_close")
        } else {
            skip("7", "exit_cannot_open")
        };
    }
    match side {
        Some(Long) => return skip("8", "already_long_no_pyramid"),
        Some(Short) => return skip("8", "already_short_no_pyramid"),
        None => {}
    }
    if state.trading_state == TradingState::Reducing {
        return skip("9", "reducing_only");
    }
    if action == Sell && !symbol.is_some_and(|symbol| symbol.shortable) {
        return skip("10", "shorting_disabled");
    }
    if !terms.working.opening.is_zero() {
        return skip("11", "already_opening");
    }
    open_or_skip(request, state, settings, intent)
}

/// Rows 11a to 13.
fn open_or_skip(
    request: &Request<'_>,
    state: &State<'_>,
    settings: &Settings,
    intent: OrderIntent,
) -> Result<Row, Refusal> {
    let terms = &request.terms;
    let symbol = settings
        .symbols
        .iter()
        .find(|symbol| symbol.name == request.symbol);
    let target = terms
        .target_notional
        .ok_or(Refusal::FieldMissing(RequestField::TargetNotional))?;
    let price = terms
        .price
        .ok_or(Refusal::FieldMissing(RequestField::Price))?;
    let factor = TIERS
        .iter()
        .find(|tier| tier.intent == intent && !terms.sized)
        .map_or("1", |tier| tier.factor);
    let notional = target
        .mul_down(factor.parse().unwrap_or_default())
        .unwrap_or_default();
    let step = symbol
        .and_then(|symbol| symbol.step)
        .or(Amount::new(1, 8))
        .unwrap_or_default();
    let quantity = notional.div_down_to_step(price, step).unwrap_or_default();
    let under_quantity = symbol
        .and_then(|symbol| symbol.min_quantity)
        .is_some_and(|least| quantity < least);
    let under_notional = symbol
        .and_then(|symbol| symbol.min_notional)
        .is_some_and(|least| notional < least);
    let row = |row, side, reason, notional, need| Row {
        row,
        side,
        intent,
        reason,
        notional,
        quantity: None,
        need,
    };
    if quantity.is_zero() || under_quantity || under_notional {
        return Ok(row("11a", Side::Skip, "below_minimum", None, None));
    }
    let mut need = None;
    if matches!(intent, OrderIntent::Pilot | OrderIntent::Explore) {
        let spent = state
            .budgets
            .and_then(|uses| uses.first())
            .ok_or(Refusal::BudgetsMissing)?;
        let equity = terms
            .equity
            .ok_or(Refusal::FieldMissing(RequestField::Equity))?;
        let limit = equity.mul_down_at("0.03".parse().unwrap_or_default(), 12);
        let limit = limit.ok_or(Refusal::FieldOverflow(RequestField::Equity))?;
        let own_quote = request
            .symbol
            .split_once('/')
            .and_then(|(_, quote)| quote.split(':').next())
            == Some(settings.account_currency.as_str());
        let rate = if own_quote {
            Some(Amount::ONE)
        } else {
            terms.quote_rate
        };
        let rate = rate.ok_or(Refusal::FieldMissing(RequestField::QuoteRate))?;
        let asked = notional
            .mul_up_at(rate, 12)
            .ok_or(Refusal::FieldOverflow(RequestField::QuoteRate))?;
        need = Some(asked);
        let held = spent
            .used
            .checked_add(spent.reserved)
            .and_then(|held| held.checked_add(asked));
        if held.is_none_or(|held| held > limit) {
            return Ok(row("12", Side::Skip, "exploration_limit", None, need));
        }
    }
    Ok(match terms.final_action {
        FinalAction::Buy => row("13", Side::Buy, "open_long", Some(notional), need),
        _ => row("13", Side::Sell, "open_short", Some(notional), need),
    })
}
