//! What a policy was found at fault for: one example of each kind, and how often it happened.

use std::fmt;

use crate::guard::Invariant;
use crate::policy::PolicyFault;
use crate::scenario::Scenario;

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Breach {
    /// An answer breaks an invariant that can be seen from it alone.
    Invariant(Invariant),
    /// I7: the same request and state were answered in two ways.
    AnswerDiffers,
    /// I7: the same request and state cost a rule engine two amounts of fuel.
    FuelDiffers,
    /// It says that it has no route.
    NoRoute,
    /// It ran out of fuel.
    OutOfFuel,
    /// It trapped.
    Trap,
    /// What it answered cannot be read, or is more than a host takes.
    BadAnswer,
    /// It answered another number of items than it was asked.
    BatchLength,
}

/// Where an answer was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// By an instance that decides the domain from its beginning to its end.
    FirstOrder,
    /// By an instance that decides it in another order.
    SecondOrder,
    /// By an instance that decides nothing else.
    Fresh,
    /// In a batch of so many.
    Batch {
        /// Items of the batch.
        items: usize,
    },
}

/// A kind of finding, with its first example.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The kind.
    pub breach: Breach,
    /// Answers that were found at fault so; the same answer to the same cell counts once.
    pub count: u64,
    /// Where the example was found.
    pub path: Path,
    /// What is wrong with it.
    pub what: String,
    /// What was answered, in words; `None` when nothing was.
    pub answered: Option<String>,
    /// The request and the state, as `explain` takes them.
    pub scenario: Scenario,
    /// The number of the cell, by which examples are ordered.
    pub(super) cell: usize,
}

/// Findings, a kind each.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    /// Counts one more of a kind; its example is made for the first alone.
    pub(super) fn add(&mut self, breach: Breach, example: impl FnOnce() -> Finding) {
        match self.0.iter_mut().find(|known| known.breach == breach) {
            Some(known) => known.count += 1,
            None => self.0.push(example()),
        }
    }

    /// Takes in what was found beside; the example that came first stays.
    pub(super) fn merge(&mut self, others: Self) {
        for other in others.0 {
            match self.0.iter_mut().find(|known| known.breach == other.breach) {
                Some(known) => {
                    let count = known.count + other.count;
                    if other.place() < known.place() {
                        *known = other;
                    }
                    known.count = count;
                }
                None => self.0.push(other),
            }
        }
    }

    /// All of them, in the order of their examples.
    pub(super) fn into_vec(mut self) -> Vec<Finding> {
        self.0
            .sort_by_key(|finding| (finding.place(), finding.breach.code()));
        self.0
    }
}

impl Finding {
    fn place(&self) -> (Path, usize) {
        (self.path, self.cell)
    }
}

impl Breach {
    /// What a fault of a call is.
    pub(super) const fn of_fault(fault: &PolicyFault) -> Self {
        match fault {
            PolicyFault::OutOfFuel { .. } => Self::OutOfFuel,
            PolicyFault::Trap(_) => Self::Trap,
            PolicyFault::AnswerMalformed { .. } | PolicyFault::AmountInvalid { .. } => {
                Self::BadAnswer
            }
            PolicyFault::BatchLength { .. } => Self::BatchLength,
        }
    }

    /// The word that a report has for it: the invariant's number, or what happened.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invariant(invariant) => invariant.code(),
            Self::AnswerDiffers | Self::FuelDiffers => "I7",
            Self::NoRoute => "no_route",
            Self::OutOfFuel => "out_of_fuel",
            Self::Trap => "trap",
            Self::BadAnswer => "bad_answer",
            Self::BatchLength => "batch_length",
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstOrder => out.write_str("first order"),
            Self::SecondOrder => out.write_str("second order"),
            Self::Fresh => out.write_str("fresh instance"),
            Self::Batch { items } => write!(out, "batch of {items}"),
        }
    }
}
