//! The names behind the indexes of a decision, out of the manifest that a store keeps as JSON:
//! what was decided can be read without running anything.

use router_guest::manifest::Manifest;
use serde::Deserialize;

/// The names behind a decision's indexes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    reasons: Vec<String>,
    rules: Vec<String>,
    budgets: Vec<String>,
}

impl Names {
    /// Those of a policy.
    pub fn of(manifest: &Manifest) -> Self {
        let budgets = manifest.budgets.iter();
        Self {
            reasons: manifest.reasons.clone(),
            rules: manifest.rules.clone(),
            budgets: budgets.map(|budget| budget.name.clone()).collect(),
        }
    }

    /// Those of a manifest as a store keeps it; `None` of what is none.
    pub fn of_json(text: &str) -> Option<Self> {
        let Listed {
            reasons,
            rules,
            budgets,
        } = serde_json::from_str(text).ok()?;
        Some(Self {
            reasons,
            rules,
            budgets: budgets.into_iter().map(|budget| budget.name).collect(),
        })
    }

    /// A reason; empty for one that there is not.
    pub fn reason(&self, index: u32) -> &str {
        listed(&self.reasons, index)
    }

    /// A rule; empty for one that there is not.
    pub fn rule(&self, index: u32) -> &str {
        listed(&self.rules, index)
    }

    /// A budget; empty for one that there is not.
    pub fn budget(&self, index: u32) -> &str {
        listed(&self.budgets, index)
    }
}

fn listed(names: &[String], index: u32) -> &str {
    let at = usize::try_from(index).ok();
    at.and_then(|at| names.get(at)).map_or("", String::as_str)
}

#[derive(Deserialize)]
struct Listed {
    reasons: Vec<String>,
    rules: Vec<String>,
    budgets: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_indexes() {
        let text = r#"{"name":"p","reasons":["a","b"],"rules":["r"],"budgets":[{"name":"x","zone":"UTC"}]}"#;
        let names = Names::of_json(text).unwrap();
        assert_eq!(
            (names.reason(1), names.rule(0), names.budget(0)),
            ("b", "r", "x")
        );
        assert_eq!((names.reason(2), names.budget(u32::MAX)), ("", ""));
        for text in ["", "{}", r#"{"reasons":[],"rules":[],"budgets":["x"]}"#] {
            assert_eq!(Names::of_json(text), None);
        }
    }
}
