//! What holds of every table, whoever made it: bounds, indexes in range, finite numbers, and
//! the parts of the invariants that a table could break by itself.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::{
    BUDGETS_MAX, CLAUSES_MAX, Clause, NameTest, NumberRange, Outcome, PAIRS_ALL, PATTERNS_MAX,
    REASONS_MAX, RULES_MAX, STATES_ALL, SYMBOLS_MAX, TABLE_NAME_BYTES_MAX, TIERS_MAX, TYPES_ALL,
    Table, Tier,
};
use crate::amount::Amount;
use crate::decision::OrderIntent;
use crate::lookup::Lookup;
use crate::manifest::{BudgetInfo, SymbolInfo, Window};

/// What is wrong with a table, in the words of the document that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFault(String);

impl fmt::Display for TableFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

type Checked = Result<(), TableFault>;

/// In the sandbox there is nobody to read the message, and none is made.
fn fault(message: impl FnOnce() -> String) -> TableFault {
    TableFault(if cfg!(target_arch = "wasm32") {
        String::new()
    } else {
        message()
    })
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(fault(message)) }
}

impl Table {
    /// Checks everything that the engine relies on.
    ///
    /// # Errors
    /// The first fault, in the order of the fields.
    pub fn validate(&self) -> Checked {
        for name in [&self.name, &self.version, &self.account_currency] {
            check_name(name)?;
        }
        at_most("symbols", self.symbols.len(), SYMBOLS_MAX)?;
        at_most("tiers", self.tiers.len(), TIERS_MAX)?;
        at_most("budgets", self.budgets.len(), BUDGETS_MAX)?;
        at_most("reasons", self.reasons.len(), REASONS_MAX)?;
        at_most("rules", self.rules.len(), RULES_MAX)?;
        at_most(
            "clauses",
            self.rules.iter().map(|rule| rule.clauses.len()).sum(),
            CLAUSES_MAX,
        )?;
        at_most("patterns", self.patterns(), PATTERNS_MAX)?;
        self.symbols.iter().try_for_each(check_symbol)?;
        ensure(self.symbols.is_sorted_by(|a, b| a.name < b.name), || {
            "symbols are not sorted, or one stands twice".into()
        })?;
        self.tiers
            .iter()
            .try_for_each(|tier| check_tier(tier, self.budgets.len()))?;
        self.budgets.iter().try_for_each(check_budget)?;
        self.reasons
            .iter()
            .try_for_each(|reason| check_name(reason))?;
        unique("reason", self.reasons.iter())?;
        unique("rule", self.rules.iter().map(|rule| &rule.name))?;
        unique("tier", self.tiers.iter().map(|tier| &tier.info.name))?;
        unique("budget", self.budgets.iter().map(|budget| &budget.name))?;
        self.check_rules()
    }

    /// Patterns of all name tests together.
    fn patterns(&self) -> usize {
        let mut patterns = 0;
        for rule in &self.rules {
            for clause in &rule.clauses {
                for test in [&clause.symbol, &clause.strategy].into_iter().flatten() {
                    patterns += test.patterns.len();
                }
            }
        }
        patterns
    }

    fn check_rules(&self) -> Checked {
        for rule in &self.rules {
            check_name(&rule.name)?;
            ensure(!rule.clauses.is_empty(), || {
                format!("rule `{}` has no clause", rule.name)
            })?;
            rule.clauses
                .iter()
                .try_for_each(|clause| check_clause(clause, &rule.name))?;
            let reasons = match rule.outcome {
                Outcome::Skip { reason } => [reason, reason],
                Outcome::Close {
                    long_reason,
                    short_reason,
                }
                | Outcome::Open {
                    long_reason,
                    short_reason,
                } => [long_reason, short_reason],
            };
            for reason in reasons {
                ensure(index_within(reason, self.reasons.len()), || {
                    format!("rule `{}` gives a reason that is not declared", rule.name)
                })?;
            }
        }
        Ok(())
    }
}

fn index_within(index: u32, len: usize) -> bool {
    usize::try_from(index).is_ok_and(|index| index < len)
}

fn at_most(what: &str, count: usize, most: usize) -> Checked {
    ensure(count <= most, || {
        format!("{count} {what}, and at most {most} are allowed")
    })
}

fn check_name(name: &str) -> Checked {
    ensure((1..=TABLE_NAME_BYTES_MAX).contains(&name.len()), || {
        format!("the name `{name}` must have 1 to {TABLE_NAME_BYTES_MAX} bytes")
    })
}

fn unique<'a>(what: &str, mut names: impl Iterator<Item = &'a String>) -> Checked {
    let mut seen: Lookup<&str, ()> = Lookup::default();
    match names.find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(fault(|| format!("{what} `{name}` stands twice"))),
        None => Ok(()),
    }
}

fn check_symbol(symbol: &SymbolInfo) -> Checked {
    check_name(&symbol.name)?;
    for (key, amount) in [
        ("step", symbol.step),
        ("min_quantity", symbol.min_quantity),
        ("min_notional", symbol.min_notional),
    ] {
        ensure(amount.is_none_or(|amount| !amount.is_zero()), || {
            format!("{key} of `{}` must be above 0", symbol.name)
        })?;
    }
    Ok(())
}

fn check_tier(tier: &Tier, budgets: usize) -> Checked {
    let name = &tier.info.name;
    check_name(name)?;
    ensure(
        !tier.info.size.is_zero() && tier.info.size <= Amount::ONE,
        || format!("size of tier `{name}` must be above 0% and at most 100%"),
    )?;
    let finite = [
        tier.signal_strength_min,
        tier.risk_reward_min,
        tier.confidence_min,
    ]
    .iter()
    .flatten()
    .all(|least| least.is_finite());
    ensure(finite, || {
        format!("thresholds of tier `{name}` must be finite")
    })?;
    match (tier.info.intent, tier.info.budget) {
        (OrderIntent::Pilot | OrderIntent::Explore, Some(budget)) => {
            ensure(index_within(budget, budgets), || {
                format!("tier `{name}` names no budget")
            })
        }
        (OrderIntent::Pilot | OrderIntent::Explore, None) => Err(fault(|| {
            format!("tier `{name}` opens pilot or exploration trades and must name a budget")
        })),
        (OrderIntent::Normal, None) => Ok(()),
        (OrderIntent::Normal, Some(_)) => Err(fault(|| {
            format!("tier `{name}` opens normal trades, which never touch a budget")
        })),
        (OrderIntent::Exit | OrderIntent::Risk, _) => Err(fault(|| {
            format!("tier `{name}` would open trades of an intent that only closes")
        })),
    }
}

fn check_budget(budget: &BudgetInfo) -> Checked {
    check_name(&budget.name)?;
    check_name(&budget.zone)?;
    ensure(
        budget.amount.is_some() || budget.percent.is_some() || budget.orders.is_some(),
        || format!("budget `{}` has no limit", budget.name),
    )?;
    ensure(budget.window != (Window::Rolling { seconds: 0 }), || {
        format!(
            "the rolling window of budget `{}` has no length",
            budget.name
        )
    })
}

fn check_clause(clause: &Clause, rule: &str) -> Checked {
    let masks = clause.states & !STATES_ALL == 0
        && clause.types & !TYPES_ALL == 0
        && clause.pairs & !PAIRS_ALL == 0;
    ensure(masks, || {
        format!("rule `{rule}` tests for a value that there is not")
    })?;
    for test in clause.symbol.iter().chain(&clause.strategy) {
        check_name_test(test, rule)?;
    }
    let finite = clause.scores.iter().all(|test| {
        test.range
            .ends()
            .iter()
            .flatten()
            .all(|end| end.is_finite())
    });
    ensure(finite, || {
        format!("rule `{rule}` compares with a number that is not finite")
    })?;
    let ranges = clause.scores.iter().all(|test| !is_unbounded(&test.range))
        && clause.amounts.iter().all(|test| !is_unbounded(&test.range));
    ensure(ranges, || format!("rule `{rule}` has a range without ends"))
}

fn is_unbounded<N: Copy + PartialOrd>(range: &NumberRange<N>) -> bool {
    matches!(range, NumberRange::Within { .. }) && range.ends().iter().all(Option::is_none)
}

fn check_name_test(test: &NameTest, rule: &str) -> Checked {
    ensure(!test.patterns.is_empty(), || {
        format!("rule `{rule}` tests for an empty set of names")
    })?;
    test.patterns
        .iter()
        .try_for_each(|pattern| check_name(pattern))?;
    ensure(test.patterns.is_sorted_by(|a, b| a < b), || {
        format!("rule `{rule}` names the same twice in one set")
    })
}
