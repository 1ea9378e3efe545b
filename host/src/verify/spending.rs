//! What budgets can have spent before a request: nothing, enough for it, all but enough, all.
//! "Enough" depends on what the request needs, so that the points are made for its figures.

use router_guest::amount::{Amount, MONEY_PLACES};
use router_guest::engine::sizing;
use router_guest::manifest::{BudgetInfo, Manifest};
use router_guest::request::OrderTerms;
use router_guest::state::BudgetUse;

/// Uses of all budgets, for one that is spent from while the others are not, and for all that
/// are spent. Nothing used, which is the base, is not among them. No two are equal.
pub(super) fn uses(manifest: &Manifest, symbol: &str, terms: &OrderTerms) -> Vec<Vec<BudgetUse>> {
    let unused = vec![BudgetUse::default(); manifest.budgets.len()];
    let mut all: Vec<Vec<BudgetUse>> = Vec::new();
    let mut keep = |uses: Vec<BudgetUse>| {
        if uses != unused && !all.contains(&uses) {
            all.push(uses);
        }
    };
    for (at, budget) in manifest.budgets.iter().enumerate() {
        for spent in of_budget(manifest, at, budget, symbol, terms) {
            let mut uses = unused.clone();
            if let Some(spending) = uses.get_mut(at) {
                *spending = spent;
            }
            keep(uses);
        }
    }
    let exhausted = manifest.budgets.iter();
    keep(exhausted.map(|budget| spent(budget, terms)).collect());
    all
}

fn of_budget(
    manifest: &Manifest,
    at: usize,
    budget: &BudgetInfo,
    symbol: &str,
    terms: &OrderTerms,
) -> Vec<BudgetUse> {
    let mut points = vec![spent(budget, terms)];
    if let Some(orders) = budget.orders {
        let reached = |orders| BudgetUse {
            orders,
            ..BudgetUse::default()
        };
        points.push(reached(orders));
        points.extend(orders.checked_sub(1).map(reached));
        points.extend(orders.checked_add(1).map(reached));
    }
    let Ok(Some(limit)) = sizing::limit(budget, terms.equity) else {
        return points;
    };
    let unit = Amount::new(1, MONEY_PLACES).unwrap_or_default();
    let used = |used: Amount, reserved: Amount| BudgetUse {
        used,
        reserved,
        orders: u32::from(!used.is_zero()),
    };
    // Some, and most of it left: settled and held.
    let share = limit.mul_down(Amount::new(1, 1).unwrap_or_default());
    points.extend(share.map(|share| used(share, share)));
    // More than the limit, as when it was lowered since.
    points.extend(limit.checked_add(Amount::ONE).map(|over| used(over, unit)));
    for need in needs(manifest, at, symbol, terms) {
        if let Some(before) = limit.checked_sub(need) {
            points.push(used(before, Amount::ZERO));
            points.push(used(before, unit));
        }
    }
    points
}

/// All of a budget's limits reached.
fn spent(budget: &BudgetInfo, terms: &OrderTerms) -> BudgetUse {
    let limit = sizing::limit(budget, terms.equity).ok().flatten();
    BudgetUse {
        used: limit.unwrap_or(Amount::ONE),
        reserved: Amount::ZERO,
        orders: budget.orders.unwrap_or(1),
    }
}

/// What the request would need of a budget, by each tier that charges it.
fn needs(manifest: &Manifest, at: usize, symbol: &str, terms: &OrderTerms) -> Vec<Amount> {
    let currency = &manifest.account_currency;
    let Some((target, rate)) =
        terms
            .target_notional
            .zip(sizing::quote_rate(symbol, currency, terms.quote_rate))
    else {
        return Vec::new();
    };
    let charges = |budget: Option<u32>| budget.and_then(|budget| usize::try_from(budget).ok());
    let tiers = manifest.tiers.iter();
    let sizes = tiers
        .filter(|tier| charges(tier.budget) == Some(at))
        .map(|tier| if terms.sized { Amount::ONE } else { tier.size });
    sizes
        .filter_map(|size| sizing::need(target.mul_down(size)?, rate))
        .collect()
}
