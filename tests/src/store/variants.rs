//! Policies that have the same budget on other terms: a store is opened under one and then
//! another, and what is used must survive that. Each is the default policy with one line of it
//! written anew.

use std::sync::Arc;

use execution_router::gate::Gate;
use execution_router::{Cache, Candidate, Compiler, Loader, Policy, Router};
use router_guest::manifest::{Scope, Window};

use crate::DEFAULT_POLICY;
use crate::ledger::operation::{Decimal, Terms};

/// The line of the default policy.
const BUDGET: &str = "  exploration: { limit: 3% of equity, per: day, zone: UTC }";

/// A policy, and what it says of its budget.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The policy.
    pub policy: Policy,
    /// Its budget's terms.
    pub terms: Terms,
}

/// All of them; the first is the default policy's own.
#[derive(Clone)]
pub struct Variants {
    all: Vec<Variant>,
    open_cache: Arc<dyn Fn() -> Cache + Send + Sync>,
}

impl Variants {
    /// Compiles them, or takes them from a cache.
    ///
    /// # Errors
    /// When a document is not taken, in words.
    pub fn load(open_cache: impl Fn() -> Cache + Send + Sync + 'static) -> Result<Self, String> {
        let cache = open_cache();
        let loader = Loader::new(&cache);
        let variants = budgets().into_iter().map(|(line, terms)| {
            let document = DEFAULT_POLICY.replace(BUDGET, &format!("  exploration: {{ {line} }}"));
            let policy = loader.document(&document, None);
            let policy = policy.map_err(|error| format!("`{line}`: {error}"))?;
            Ok(Variant { policy, terms })
        });
        Ok(Self {
            all: variants.collect::<Result<_, String>>()?,
            open_cache: Arc::new(open_cache),
        })
    }

    /// A gate that lets them in; what it has certified once it takes at once.
    pub fn gate(&self) -> Gate {
        Gate::new((self.open_cache)()).compiler(Compiler::in_process())
    }

    /// Has each pass the gate once, so that what it is certified by is kept.
    ///
    /// # Errors
    /// When one is not let in, in words.
    pub fn certify(&self) -> Result<(), String> {
        let router = Router::new(self.one(0)?.policy.clone()).map_err(|error| error.to_string())?;
        let router = router.gate(self.gate());
        for candidate in self.candidates() {
            match router.swap(&candidate, "certify") {
                Err(refusal) if !refusal.is_unchanged() => return Err(refusal.one_line()),
                _ => {}
            }
        }
        Ok(())
    }

    /// All of them, as they are swapped in.
    pub fn candidates(&self) -> Vec<Candidate> {
        let components = self.all.iter().map(|one| one.policy.component().to_vec());
        components.map(Candidate::of_component).collect()
    }

    /// One of them, counted round.
    ///
    /// # Errors
    /// When there is none.
    pub fn one(&self, number: u64) -> Result<&Variant, String> {
        let place = usize::try_from(number).unwrap_or(0) % self.all.len().max(1);
        self.all.get(place).ok_or_else(|| "no policy".to_owned())
    }

    /// The terms of the policy of this digest.
    pub fn terms(&self, digest: &str) -> Option<Terms> {
        let mut all = self.all.iter();
        all.find(|one| one.policy.digest().to_string() == digest)
            .map(|one| one.terms)
    }
}

fn budgets() -> [(&'static str, Terms); 6] {
    let day = Terms {
        budget: 0,
        amount: None,
        percent: Some(Decimal::whole(3)),
        orders: None,
        window: Window::Day,
        zone: 0,
        scope: Scope::All,
    };
    let percent = |coefficient, scale| Some(Decimal { coefficient, scale });
    [
        ("limit: 3% of equity, per: day, zone: UTC", day),
        (
            "limit: 1.5% of equity, per: day, zone: America/New_York",
            Terms {
                percent: percent(15, 1),
                zone: 2,
                ..day
            },
        ),
        (
            "limit: [2500 USDT, 5% of equity], per: week, zone: Europe/Berlin",
            Terms {
                amount: Some(Decimal::whole(2_500)),
                percent: percent(5, 0),
                window: Window::Week,
                zone: 1,
                ..day
            },
        ),
        (
            "limit: 800 USDT, per: hour, zone: Asia/Kathmandu",
            Terms {
                amount: Some(Decimal::whole(800)),
                percent: None,
                window: Window::Hour,
                zone: 4,
                ..day
            },
        ),
        (
            "limit: 4% of equity, orders: 60, per: rolling 36h",
            Terms {
                percent: percent(4, 0),
                orders: Some(60),
                window: Window::Rolling { seconds: 129_600 },
                ..day
            },
        ),
        (
            "limit: 2% of equity, per: day, zone: UTC, scope: strategy",
            Terms {
                percent: percent(2, 0),
                scope: Scope::Strategy,
                ..day
            },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_policy_with_its_own_terms() {
        let folder = tempfile::tempdir().unwrap();
        let variants = Variants::load({
            let folder = folder.path().to_owned();
            move || Cache::at(&folder)
        })
        .unwrap();
        for one in &variants.all {
            let budgets = &one.policy.manifest().budgets;
            let [info] = budgets.as_slice() else {
                panic!("{budgets:?}")
            };
            let zone = match one.terms.window {
                Window::Rolling { .. } => info.zone.clone(),
                _ => one.terms.info().zone,
            };
            let expected = router_guest::manifest::BudgetInfo {
                zone,
                ..one.terms.info()
            };
            assert_eq!(info, &expected);
            assert_eq!(
                variants.terms(&one.policy.digest().to_string()),
                Some(one.terms)
            );
        }
    }
}
