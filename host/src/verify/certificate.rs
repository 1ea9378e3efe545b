//! What a run certifies, as it is written down: which component was held to what, over which
//! cells, by which host.
//!
//! Reading one proves nothing: whoever holds a file can write another. What a host relies on is
//! what it wrote itself into its own [`crate::Cache`], and never one that it was handed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::lane::Outcomes;
use crate::digest::Digest;
use crate::guard::Invariant;
use crate::scenario::Scenario;

/// The version of the form.
pub const CERTIFICATE_FORMAT: u32 = 2;
/// Bytes of a certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 256 << 10;
/// Dimensions, products, invariants, rules and limits that one lists, of each.
const ENTRIES_MAX: usize = 64;
/// Bytes of any text in one; a scenario has at most 4,096.
const TEXT_BYTES_MAX: usize = 4096;

/// I7, which cannot be seen from one answer: the paths hold it.
const SAME_EVERYWHERE: (&str, &str) = ("I7", "same_decision_everywhere");
/// Where it stands among the others.
const SAME_EVERYWHERE_AT: usize = 7;

/// What every certified policy was held to, by number and name.
pub const INVARIANTS: [(&str, &str); Invariant::ALL.len() + 1] = {
    let mut all = [SAME_EVERYWHERE; Invariant::ALL.len() + 1];
    let mut rest: &[Invariant] = &Invariant::ALL;
    let mut at = 0;
    while let [first, behind @ ..] = rest {
        if at != SAME_EVERYWHERE_AT {
            // The array is as long as the loop goes, and this is compiled: it cannot be past it.
            #[expect(clippy::indexing_slicing, reason = "it fails to compile, or never")]
            {
                all[at] = (first.code(), first.name());
            }
            rest = behind;
        }
        at += 1;
    }
    all
};

/// What was verified, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Version of this form: [`CERTIFICATE_FORMAT`].
    pub format: u32,
    /// The digest of the component.
    #[serde(with = "hexadecimal")]
    pub component: Digest,
    /// What the policy calls itself.
    pub policy: PolicyName,
    /// The interface that it was asked by.
    pub interface: String,
    /// The digest of the sandbox's configuration on this machine.
    #[serde(with = "hexadecimal")]
    pub engine: Digest,
    /// The program and its version.
    pub tool: String,
    /// Whether it is held to the same fuel for the same request, as the rule engine is.
    pub rule_engine: bool,
    /// Distinct pairs of request and state that were tried.
    pub cells: u64,
    /// Whether nothing of the domain was left out.
    pub complete: bool,
    /// What was varied.
    pub dimensions: Vec<Dimension>,
    /// The names that requests were asked by.
    pub names: Names,
    /// What was crossed with what; their cells add up to all of them.
    pub products: Vec<Product>,
    /// Decisions by the way they were asked for.
    pub decisions: Decisions,
    /// What became of the cells.
    pub outcomes: OutcomeCounts,
    /// Rules of the manifest.
    pub rules: Rules,
    /// The decision that took most; `None` when there was none.
    pub worst: Option<Worst>,
    /// The invariants that held, by number and name.
    pub invariants: BTreeMap<String, String>,
    /// Every bound of the run and of the sandbox, by name.
    pub limits: BTreeMap<String, u64>,
    /// What it took, in milliseconds: all that differs between two runs.
    pub milliseconds: u64,
}

/// Name and version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyName {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
}

/// A dimension of the domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// What is varied.
    pub name: String,
    /// Values that were tried, beside the base where there is one.
    pub points: u64,
    /// Values at once that pairs could be of; 0 of what is in no pair.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub paired: u64,
    /// How many of those were tried.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub paired_tried: u64,
    /// Thresholds of the manifest, classes of symbols or names behind them.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub cuts: u64,
    /// How many of those were tried.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub cuts_tried: u64,
}

/// The names that requests were asked by, beside those of the program's own making. A policy that
/// tells apart a name that is in neither list was not asked by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Symbols that the manifest lists.
    pub declared: u64,
    /// Texts in a foreign component's code and data that could be names.
    pub found: u64,
    /// How many of those were tried, as symbols, as strategies or as both.
    pub found_tried: u64,
}

/// A part of the domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// What is crossed with what.
    pub name: String,
    /// Cells that are in no product before.
    pub cells: u64,
}

/// Decisions, by the way they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// By warm instances, from the first cell to the last.
    pub first_order: u64,
    /// By warm instances, in another order.
    pub second_order: u64,
    /// Each by an instance of its own.
    pub fresh: u64,
    /// In batches.
    pub batch: u64,
    /// Instances that decided more than one.
    pub warm_instances: u64,
    /// Instances that decided one.
    pub fresh_instances: u64,
}

/// What became of the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeCounts {
    /// Openings.
    pub opens: u64,
    /// Closes.
    pub closes: u64,
    /// Decisions for no order.
    pub skips: u64,
    /// Requests that lack what the route needs.
    pub refusals: u64,
    /// Cells without an answer; 0 in a certificate.
    pub faults: u64,
}

/// Rules of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// How many there are.
    pub declared: u64,
    /// How many of them decided a cell.
    pub reached: u64,
    /// The first of those that decided none.
    pub not_reached: Vec<String>,
}

/// The dearest decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worst {
    /// What it cost.
    pub fuel: u64,
    /// What was decided.
    #[serde(with = "scenario_object")]
    pub scenario: Scenario,
}

/// Why a text is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is longer than any certificate.
    #[error("a certificate has at most {CERTIFICATE_BYTES_MAX} bytes, and this has {bytes}")]
    TooLarge {
        /// Its bytes.
        bytes: usize,
    },
    /// It is not of the form.
    #[error("this is no certificate: {message}")]
    Form {
        /// What is wrong, with line and column.
        message: String,
    },
    /// It is of another version of the form.
    #[error("the certificate is of format {found}, and this program reads {CERTIFICATE_FORMAT}")]
    Format {
        /// Its version.
        found: u32,
    },
    /// A list or a text is longer than any certificate's.
    #[error("`{field}` of the certificate is longer than any that this program writes")]
    TooLong {
        /// The field.
        field: &'static str,
    },
    /// What it says cannot be.
    #[error("the certificate contradicts itself: {what}")]
    Contradiction {
        /// How.
        what: &'static str,
    },
}

impl Certificate {
    /// Reads what [`Certificate::to_json`] writes, within bounds.
    ///
    /// # Errors
    /// [`CertificateError`]: the first fault.
    pub fn read(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLarge { bytes: bytes.len() });
        }
        let certificate: Self =
            serde_json::from_slice(bytes).map_err(|error| CertificateError::Form {
                message: error.to_string(),
            })?;
        certificate.check()?;
        Ok(certificate)
    }

    /// One JSON object on several lines, without an end of line behind it.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists alone: it cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), CertificateError> {
        let found = self.format;
        if found != CERTIFICATE_FORMAT {
            return Err(CertificateError::Format { found });
        }
        for (field, entries) in [
            ("dimensions", self.dimensions.len()),
            ("products", self.products.len()),
            ("rules.not_reached", self.rules.not_reached.len()),
            ("limits", self.limits.len()),
        ] {
            ensure(entries <= ENTRIES_MAX, || CertificateError::TooLong {
                field,
            })?;
        }
        let dimensions = self.dimensions.iter().map(|dimension| &dimension.name);
        let products = self.products.iter().map(|product| &product.name);
        let identity = [
            &self.policy.name,
            &self.policy.version,
            &self.interface,
            &self.tool,
        ];
        let texts = dimensions
            .chain(products)
            .chain(&self.rules.not_reached)
            .chain(self.limits.keys())
            .chain(identity);
        for text in texts {
            let field = "a text";
            ensure(text.len() <= TEXT_BYTES_MAX, || CertificateError::TooLong {
                field,
            })?;
        }
        self.check_sums()
    }

    fn check_sums(&self) -> Result<(), CertificateError> {
        let sound = |holds: bool, what| ensure(holds, || CertificateError::Contradiction { what });
        let products = sum(self.products.iter().map(|product| product.cells));
        sound(
            products == Some(self.cells),
            "the products are not its cells",
        )?;
        let OutcomeCounts {
            opens,
            closes,
            skips,
            refusals,
            faults,
        } = self.outcomes;
        let outcomes = sum([opens, closes, skips, refusals, faults].into_iter());
        sound(
            outcomes == Some(self.cells),
            "the outcomes are not its cells",
        )?;
        let Decisions {
            first_order,
            second_order,
            ..
        } = self.decisions;
        sound(
            first_order == self.cells && second_order == self.cells && faults == 0,
            "not every cell was decided in both orders",
        )?;
        sound(
            self.rules.reached <= self.rules.declared,
            "more rules were reached than there are",
        )?;
        let held = INVARIANTS.iter();
        let held: BTreeMap<_, _> = held
            .map(|(code, name)| ((*code).into(), (*name).into()))
            .collect();
        sound(self.invariants == held, "not every invariant held")
    }
}

impl From<Outcomes> for OutcomeCounts {
    fn from(outcomes: Outcomes) -> Self {
        let Outcomes {
            opens,
            closes,
            skips,
            refusals,
            faults,
        } = outcomes;
        Self {
            opens,
            closes,
            skips,
            refusals,
            faults,
        }
    }
}

fn ensure(holds: bool, error: impl FnOnce() -> CertificateError) -> Result<(), CertificateError> {
    if holds { Ok(()) } else { Err(error()) }
}

/// `None` past what a number holds.
fn sum(mut numbers: impl Iterator<Item = u64>) -> Option<u64> {
    numbers.try_fold(0, |sum: u64, number| sum.checked_add(number))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_nothing(number: &u64) -> bool {
    *number == 0
}

/// A digest as it is shown.
mod hexadecimal {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::digest::Digest;

    pub(super) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(digest)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(from)?;
        Digest::of_text(&text).ok_or_else(|| {
            let digits = 2 * Digest::BYTES;
            D::Error::custom(format!("a digest has {digits} digits of 0-9 and a-f"))
        })
    }
}

/// A scenario as the object that `explain` takes.
mod scenario_object {
    use super::{Deserialize as _, RawValue, Scenario, TEXT_BYTES_MAX};
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(scenario: &Scenario, to: S) -> Result<S::Ok, S::Error> {
        let object = RawValue::from_string(scenario.to_json()).map_err(S::Error::custom)?;
        object.serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Scenario, D::Error> {
        let object = Box::<RawValue>::deserialize(from)?;
        if object.get().len() > TEXT_BYTES_MAX {
            return Err(D::Error::custom(
                "a scenario is longer than any that there is",
            ));
        }
        Scenario::parse(object.get()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
