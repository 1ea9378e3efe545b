//! Checked policy to table: names become indexes, symbols are sorted, reasons are declared.
//!
//! It finds no fault; what could be one was refused before.

use super::policy::{Policy, Route, Tier, Verb};
use crate::manifest::TierInfo;
use crate::table::{self, Outcome, Rule, Table};

/// The table of a policy. `None` only when a bound of the checks before this were broken.
pub(super) fn lower(policy: Policy) -> Option<Table> {
    let mut reasons = Reasons::default();
    let rules: Option<Vec<_>> = policy
        .routes
        .into_iter()
        .map(|route| rule(route, &mut reasons))
        .collect();
    let tiers: Option<Vec<_>> = policy
        .tiers
        .into_iter()
        .map(|own| {
            let index = match &own.budget {
                Some(name) => Some(index_of(&policy.budgets, |budget| budget.name == *name)?),
                None => None,
            };
            Some(tier(own, index))
        })
        .collect();
    let mut symbols = policy.symbols;
    symbols.sort_by(|left, right| left.name.cmp(&right.name));
    for symbol in &mut symbols {
        symbol.shortable &= policy.short_enabled;
    }
    Some(Table {
        name: policy.name,
        version: policy.version,
        account_currency: policy.account_currency,
        symbols,
        tiers: tiers?,
        budgets: policy.budgets,
        reasons: reasons.declared,
        rules: rules?,
    })
}

fn index_of<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Option<u32> {
    u32::try_from(items.iter().position(wanted)?).ok()
}

fn tier(tier: Tier, budget: Option<u32>) -> table::Tier {
    table::Tier {
        info: TierInfo {
            name: tier.name,
            intent: tier.intent,
            size: tier.size,
            budget,
        },
        signal_strength_min: tier.score,
        risk_reward_min: tier.risk_reward,
        confidence_min: tier.confidence,
    }
}

fn rule(route: Route, reasons: &mut Reasons) -> Option<Rule> {
    let outcome = match route.verb {
        Verb::Skip { reason } => Outcome::Skip {
            reason: reasons.declare(&reason)?,
        },
        Verb::Close { reason } => {
            let (long, short) = pair(reason.as_deref(), ["close_long", "close_short"]);
            Outcome::Close {
                long_reason: reasons.declare(long)?,
                short_reason: reasons.declare(short)?,
            }
        }
        Verb::Open { reason } => {
            let (long, short) = pair(reason.as_deref(), ["open_long", "open_short"]);
            Outcome::Open {
                long_reason: reasons.declare(long)?,
                short_reason: reasons.declare(short)?,
            }
        }
    };
    Some(Rule {
        name: route.name,
        clauses: route.clauses,
        outcome,
    })
}

fn pair<'r>(own: Option<&'r str>, [long, short]: [&'r str; 2]) -> (&'r str, &'r str) {
    (own.unwrap_or(long), own.unwrap_or(short))
}

/// Reasons in the order of their first use.
#[derive(Default)]
struct Reasons {
    declared: Vec<String>,
    indexes: std::collections::HashMap<String, u32>,
}

impl Reasons {
    fn declare(&mut self, reason: &str) -> Option<u32> {
        if let Some(index) = self.indexes.get(reason) {
            return Some(*index);
        }
        let index = u32::try_from(self.declared.len()).ok()?;
        self.declared.push(reason.to_owned());
        self.indexes.insert(reason.to_owned(), index);
        Some(index)
    }
}
