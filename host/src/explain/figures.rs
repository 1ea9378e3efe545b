//! The figures behind a decision: the tier and its thresholds, the size, the budget, the
//! quantity. Computed with the host's own arithmetic, from the request and the manifest.
//!
//! It decides nothing; where a figure cannot be had, because a field is missing, it is not
//! there.

use router_guest::amount::Amount;
use router_guest::engine::sizing;
use router_guest::manifest::{BudgetInfo, Manifest, TierInfo};
use router_guest::request::{OrderTerms, TradeType};
use router_guest::state::BudgetUse;
use router_guest::table::Tier;

use crate::scenario::Scenario;

/// How a request came to its tier.
#[derive(Debug, Clone, PartialEq)]
pub struct TierFigures {
    /// Index of the tier; `None` when it has none.
    pub tier: Option<u32>,
    /// The request states its type itself; only `auto` is classified.
    pub stated: bool,
    /// The tiers that were tried for `auto`, up to the one that fits.
    pub tried: Vec<TierTried>,
}

/// One tier that `auto` was held to.
#[derive(Debug, Clone, PartialEq)]
pub struct TierTried {
    /// Its name.
    pub name: String,
    /// Its thresholds, in order, up to the first that is not reached.
    pub thresholds: Vec<ThresholdTried>,
}

/// One threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdTried {
    /// What is compared: a condition's word.
    pub field: &'static str,
    /// What the request has.
    pub observed: Option<f64>,
    /// The least that reaches it.
    pub least: f64,
}

/// How an order came to its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeFigures {
    /// Quote currency.
    pub target_notional: Amount,
    /// The tier's share of it; `None` when it is sized already, or there is no tier.
    pub size: Option<Amount>,
    /// Quote currency.
    pub notional: Amount,
}

/// What a budget says to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetFigures {
    /// The budget.
    pub info: BudgetInfo,
    /// The order's size, quote currency.
    pub notional: Amount,
    /// Account currency for one unit of the quote currency.
    pub rate: Amount,
    /// notional × rate, rounded up at 12 places; account currency.
    pub need: Amount,
    /// The percentage is taken of it.
    pub equity: Option<Amount>,
    /// The lesser of the amount and the percentage; `None` where orders alone are limited.
    pub limit: Option<Amount>,
    /// What was used before.
    pub spent: BudgetUse,
    /// Whether the need fits, by money and by count.
    pub holds: bool,
}

/// How an opening came to its quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantityFigures {
    /// Quote currency.
    pub notional: Amount,
    /// Quote currency for one unit of base.
    pub price: Amount,
    /// Quantities are multiples of it.
    pub step: Amount,
    /// notional / price, rounded down to the step.
    pub quantity: Amount,
}

impl ThresholdTried {
    /// Whether it is reached; a missing number reaches none.
    pub fn is_reached(&self) -> bool {
        self.observed.is_some_and(|observed| observed >= self.least)
    }
}

impl TierTried {
    /// Whether every threshold is reached.
    pub fn fits(&self) -> bool {
        self.thresholds.iter().all(ThresholdTried::is_reached)
    }
}

impl TierFigures {
    /// How a request is classified by these tiers; `tier` is what came of it.
    pub fn of(tiers: &[Tier], terms: &OrderTerms, tier: Option<u32>) -> Self {
        let stated = terms.trade_type != TradeType::Auto;
        let mut tried = Vec::new();
        for own in tiers.iter().filter(|_| !stated) {
            let one = tried_tier(own, terms);
            let fits = one.fits();
            tried.push(one);
            if fits {
                break;
            }
        }
        Self {
            tier,
            stated,
            tried,
        }
    }
}

fn tried_tier(tier: &Tier, terms: &OrderTerms) -> TierTried {
    let thresholds = [
        (
            "signal_strength",
            terms.signal_score.map(f64::abs),
            tier.signal_strength_min,
        ),
        (
            "risk_reward_ratio",
            terms.risk_reward_ratio,
            tier.risk_reward_min,
        ),
        ("confidence", terms.confidence, tier.confidence_min),
    ];
    let mut tried: Vec<ThresholdTried> = Vec::new();
    for (field, observed, least) in thresholds {
        let Some(least) = least else { continue };
        let one = ThresholdTried {
            field,
            observed,
            least,
        };
        tried.push(one);
        if !one.is_reached() {
            break;
        }
    }
    TierTried {
        name: tier.info.name.clone(),
        thresholds: tried,
    }
}

impl SizeFigures {
    /// The size of an order in a tier; `None` without a target, or when it does not fit.
    pub fn of(terms: &OrderTerms, tier: Option<&TierInfo>) -> Option<Self> {
        let target_notional = terms.target_notional?;
        let size = tier.filter(|_| !terms.sized).map(|tier| tier.size);
        let notional = match size {
            Some(size) => target_notional.mul_down(size)?,
            None => target_notional,
        };
        Some(Self {
            target_notional,
            size,
            notional,
        })
    }
}

impl BudgetFigures {
    /// What a budget says to an order of this notional; `None` when a field is missing or
    /// does not fit. The scenario has a use for each budget.
    pub fn of(
        manifest: &Manifest,
        scenario: &Scenario,
        budget: u32,
        notional: Amount,
    ) -> Option<Self> {
        let at = usize::try_from(budget).ok()?;
        let info = manifest.budgets.get(at)?;
        let spent = *scenario.state().budgets?.get(at)?;
        let terms = &scenario.terms;
        let currency = &manifest.account_currency;
        let rate = sizing::quote_rate(&scenario.symbol, currency, terms.quote_rate)?;
        let need = sizing::need(notional, rate)?;
        let limit = sizing::limit(info, terms.equity).ok()?;
        Some(Self {
            info: info.clone(),
            notional,
            rate,
            need,
            equity: info.percent.and(terms.equity),
            limit,
            spent,
            holds: sizing::holds(info, limit, &spent, need),
        })
    }

    /// limit − used − reserved, never below 0.
    pub fn remaining(&self) -> Option<Amount> {
        self.limit
            .map(|limit| sizing::remaining(limit, &self.spent))
    }
}

impl QuantityFigures {
    /// The quantity of an opening.
    pub fn of(notional: Amount, price: Amount, step: Option<Amount>) -> Option<Self> {
        Some(Self {
            notional,
            price,
            step: step.unwrap_or_else(sizing::default_step),
            quantity: sizing::opening_quantity(notional, price, step)?,
        })
    }
}
