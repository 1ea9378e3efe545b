//! A counterfactual in words: `BUY open_long (pilot) if target_notional were at most 250`.

use std::fmt;

use router_guest::manifest::Manifest;

use super::{Change, Counterfactual, Range, To, Value};

/// A bound of a range as it is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::explain) struct Bound {
    /// `at least`, `above`, `at most` or `below`.
    pub(in crate::explain) word: &'static str,
    /// The number.
    pub(in crate::explain) value: Value,
}

impl Counterfactual {
    /// The decision and what must be so for it, on one line.
    pub fn text(&self, symbol: &str, manifest: &Manifest) -> String {
        let reason = usize::try_from(self.reason).ok();
        let reason = reason.and_then(|at| manifest.reasons.get(at));
        let intent = self.intent.map(|intent| format!(" ({})", intent.word()));
        format!(
            "{} {}{} if {}",
            self.side.word(),
            reason.map_or("", String::as_str),
            intent.unwrap_or_default(),
            self.condition(symbol, manifest)
        )
    }

    /// What must be so: `signal_score were at least 0.55 and below 0.65`.
    pub fn condition(&self, symbol: &str, manifest: &Manifest) -> String {
        if let [one] = self.changes.as_slice() {
            return one.text(symbol, manifest);
        }
        let paths = self.changes.iter();
        let paths: Vec<String> = paths
            .map(|change| change.target.path(symbol, manifest))
            .collect();
        // Only switches are changed together, and all of them to the same.
        let to = self.changes.first().map(|change| change.to.to_string());
        format!("{} were {}", paths.join(" and "), to.unwrap_or_default())
    }
}

impl Change {
    fn text(&self, symbol: &str, manifest: &Manifest) -> String {
        let path = self.target.path(symbol, manifest);
        match &self.to {
            To::Exactly(_) => format!("{path} were {}", self.to),
            To::Range(range) => {
                let unit = self.target.unit(manifest);
                let bounds = range.bounds();
                let bounds: Vec<String> = bounds.iter().map(|bound| bound.text() + &unit).collect();
                match bounds.as_slice() {
                    [] => format!("{path} were given"),
                    bounds => format!("{path} were {}", bounds.join(" and ")),
                }
            }
        }
    }
}

impl Range {
    /// Its bounds, each by the shorter of the last number inside and the first one outside:
    /// the latter only where it is true of all amounts between them.
    pub(in crate::explain) fn bounds(&self) -> Vec<Bound> {
        let (inside, outside) = if self.upwards {
            (["at least", "at most"], ["above", "below"])
        } else {
            (["at most", "at least"], ["below", "above"])
        };
        let mut bounds = Vec::new();
        let [near, far] = inside;
        let [beyond_near, beyond_far] = outside;
        if let Some(before) = self.before {
            let beyond = self.holds_from_before.then_some((beyond_near, before));
            bounds.push(shorter((near, self.edge), beyond));
        }
        if let Some(last) = self.last {
            let beyond = self.behind.filter(|_| self.holds_to_behind);
            bounds.push(shorter(
                (far, last),
                beyond.map(|value| (beyond_far, value)),
            ));
        }
        bounds
    }
}

impl Bound {
    /// `at least 0.55`; what is at most nothing is nothing.
    fn text(&self) -> String {
        let value = self.value.to_string();
        if value == "0" && self.word == "at most" && !matches!(self.value, Value::Score(_)) {
            return value;
        }
        format!("{} {value}", self.word)
    }
}

fn shorter(inside: (&'static str, Value), outside: Option<(&'static str, Value)>) -> Bound {
    let length = |value: Value| value.to_string().len();
    let (word, value) = match outside {
        Some((word, value)) if length(value) < length(inside.1) => (word, value),
        _ => inside,
    };
    Bound { word, value }
}

impl fmt::Display for To {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(Value::Absent) => out.write_str("not given"),
            Self::Exactly(value) => value.fmt(out),
            Self::Range(range) => range.edge.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use router_guest::amount::Amount;

    use super::*;

    fn amount(text: &str) -> Option<Value> {
        text.parse::<Amount>().ok().map(Value::Amount)
    }

    #[track_caller]
    fn check(range: &Range, expected: &[&str]) {
        let bounds = range.bounds();
        let said: Vec<_> = bounds
            .iter()
            .map(|bound| format!("{} {}", bound.word, bound.value))
            .collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn bounds_are_told_by_their_shorter_side_where_that_is_true() {
        let mut range = Range {
            edge: amount("0.499999999999").unwrap(),
            before: amount("0.5"),
            last: amount("0.100000000001"),
            behind: amount("0.1"),
            upwards: false,
            holds_from_before: true,
            holds_to_behind: true,
        };
        check(&range, &["below 0.5", "above 0.1"]);
        range.holds_from_before = false;
        range.holds_to_behind = false;
        check(
            &range,
            &["at most 0.499999999999", "at least 0.100000000001"],
        );
        range.upwards = true;
        range.last = None;
        check(&range, &["at least 0.499999999999"]);
        // Where nothing was given there need be no number before the first.
        range.before = None;
        check(&range, &[]);
    }
}
