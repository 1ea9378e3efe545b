//! `check`: a policy document, proven over all requests and states, before anything is built.
//!
//! It asks the regions that the routes cut the requests into: is every one answered, does every
//! rule decide some, does any answer break an invariant? Nothing is sampled, so a document
//! without findings is proven; one that cannot be decided is an error, never a pass. What a
//! *component* answers is for `verify`.

mod clashes;
mod dormant;
mod invariants;
mod report;
mod rules;
mod strained;
mod traffic;

use router_guest::decision::RequestField;
use router_guest::document::{Document, Place};
use router_guest::engine::Engine;
use router_guest::table::{Outcome, Table};

use crate::guard::Invariant;
use crate::regions::{
    Impossible, Leaf, REGIONS_MAX, Region, RegionAnswer, RegionsError, Space, Walk,
};
use crate::scenario::Scenario;

pub use invariants::{Held, INVARIANTS, held};
pub use report::{FINDINGS_SHOWN_MAX, write_json, write_remarks, write_text};
pub use traffic::{TrafficError, TrafficRemarks, remark};

/// What became of a check that came to an end.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The policy's name.
    pub name: String,
    /// The policy's own version.
    pub version: String,
    /// Regions that the routes cut all requests and states into.
    pub regions: usize,
    /// Routes.
    pub rules: usize,
    /// Alternatives of all routes.
    pub alternatives: usize,
    /// What is wrong, in the document's order; nothing when it is proven.
    pub findings: Vec<Finding>,
    /// What is worth knowing and not wrong, in the document's order.
    pub remarks: Vec<Finding>,
}

/// Something that a person must mend.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Where it stands.
    pub place: Place,
    /// The route, tier, budget or reason that it is about.
    pub subject: String,
    /// What is wrong.
    pub kind: FindingKind,
    /// A request and state that show it; `None` where no request can, because it is about names.
    pub example: Option<Scenario>,
}

/// What is wrong with a document that reads well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingKind {
    /// A route takes requests that its verb cannot be carried out for: they get no answer.
    NoAnswer {
        /// What stands in the verb's way.
        because: Impossible,
    },
    /// A route, or one alternative of it, decides nothing: those before it take all it could.
    Masked {
        /// The alternative, from 1; `None` when it is the whole route.
        alternative: Option<usize>,
        /// The routes that take them, with their lines.
        by: Vec<(String, usize)>,
        /// How many more those are.
        more: usize,
    },
    /// No request meets the conditions of a route, or of one alternative of it.
    NeverHolds {
        /// The alternative, from 1; `None` when the route has but one.
        alternative: Option<usize>,
        /// The first condition that cannot hold once those before it do.
        condition: &'static str,
    },
    /// A skip stands where a close must go out (invariant I12).
    ExitBlocked {
        /// The reason that it gives.
        reason: String,
    },
    /// A request that closes is refused for want of a field that closes do not need (I12).
    ExitRefused {
        /// The field.
        field: RequestField,
    },
    /// A request that closes is refused for a figure that closes do not need: 28 digits cannot
    /// hold it, or it rounds to nothing (I12).
    ExitStrained,
    /// A close of another type than risk while trading is halted (I11).
    ClosesWhileHalted,
    /// A tier never classifies `auto`: another fits wherever it does, and comes first.
    TierMasked {
        /// The other tier.
        by: String,
        /// Its line.
        line: usize,
    },
    /// No tier charges the budget.
    BudgetUnused,
    /// One reason stands for two kinds of answer.
    ReasonClash {
        /// The other route that gives it.
        with: String,
        /// Its line.
        line: usize,
        /// What the two do.
        verbs: [&'static str; 2],
    },
    /// Two names differ in nothing but `-` and `_`.
    NamesAlike {
        /// What they name: `reason`, `tier`, `budget` or `route`.
        what: &'static str,
        /// The other one.
        with: String,
    },
    /// A name that only the router itself gives.
    Reserved {
        /// What it names: `reason` or `route`.
        what: &'static str,
    },
    /// A route, or one alternative of it, decides nothing as symbols are set now. A remark.
    Dormant {
        /// The alternative, from 1; `None` when it is the whole route.
        alternative: Option<usize>,
        /// What would have to be set.
        until: &'static str,
    },
}

impl FindingKind {
    /// Whether somebody gets a wrong answer, or none. The others are about what decides nothing,
    /// or misleads.
    pub const fn is_fault_of_answers(&self) -> bool {
        match self {
            Self::NoAnswer { .. }
            | Self::ExitBlocked { .. }
            | Self::ExitRefused { .. }
            | Self::ExitStrained
            | Self::ClosesWhileHalted => true,
            Self::Masked { .. }
            | Self::NeverHolds { .. }
            | Self::TierMasked { .. }
            | Self::BudgetUnused
            | Self::ReasonClash { .. }
            | Self::NamesAlike { .. }
            | Self::Reserved { .. }
            | Self::Dormant { .. } => false,
        }
    }
}

/// Why a document is neither proven nor found faulty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// There are too many regions, or names, to decide.
    #[error(transparent)]
    Regions(#[from] RegionsError),
}

/// Regions after which whoever watches is told.
pub(crate) const REGIONS_BETWEEN_WORDS: usize = 4_096;

/// Proves a document, or finds what is wrong with it.
///
/// # Errors
/// [`CheckError`] when there are too many regions to decide.
pub fn check(document: &Document) -> Result<Report, CheckError> {
    check_watched(document, &mut |_| {})
}

/// The same; `watch` is told now and then how many regions are decided.
///
/// # Errors
/// [`CheckError`] when there are too many regions to decide.
pub fn check_watched(
    document: &Document,
    watch: &mut dyn FnMut(usize),
) -> Result<Report, CheckError> {
    check_within(document, REGIONS_MAX, watch)
}

fn check_within(
    document: &Document,
    regions_max: usize,
    watch: &mut dyn FnMut(usize),
) -> Result<Report, CheckError> {
    let table = document.table();
    let space = Space::new(&[table]).map_err(RegionsError::from)?;
    let walk = Walk::new(&space, 0);
    let mut seen = Seen::new(document, &space);
    let mut left = regions_max;
    let too_many = |error| RegionsError::of_rules(table, regions_max, &error);
    let everything = space.everything();
    let all = walk.before(&everything, table.rules.len(), 0);
    walk.run(
        everything,
        all,
        &mut left,
        |leaf| {
            seen.see(&leaf);
            if seen.regions.is_multiple_of(REGIONS_BETWEEN_WORDS) {
                watch(seen.regions);
            }
        },
        |_| {},
    )
    .map_err(too_many)?;
    let mut findings = std::mem::take(&mut seen.findings);
    let unreached = rules::unreached(&seen, &walk, &mut left).map_err(too_many)?;
    let (mut remarks, unreached): (Vec<_>, Vec<_>) = unreached
        .into_iter()
        .partition(|finding| matches!(finding.kind, FindingKind::Dormant { .. }));
    findings.extend(unreached);
    findings.extend(clashes::find(&seen));
    findings.sort_by_key(|finding| finding.place);
    remarks.sort_by_key(|remark| remark.place);
    Ok(Report {
        name: table.name.clone(),
        version: table.version.clone(),
        regions: seen.regions,
        rules: table.rules.len(),
        alternatives: table.rules.iter().map(|rule| rule.clauses.len()).sum(),
        findings,
        remarks,
    })
}

/// What is kept while the regions go by.
struct Seen<'a, 't> {
    document: &'a Document,
    space: &'a Space<'t>,
    /// `None` only where the table does not validate, which a document's does.
    engine: Option<Engine>,
    regions: usize,
    /// For each rule, which of its alternatives decided something.
    deciding: Vec<Vec<bool>>,
    /// For each rule, a region that it decides.
    decided: Vec<Option<Region>>,
    findings: Vec<Finding>,
}

impl<'a, 't> Seen<'a, 't> {
    fn new(document: &'a Document, space: &'a Space<'t>) -> Self {
        let rules = &document.table().rules;
        Self {
            document,
            space,
            engine: Engine::new(document.table()).ok(),
            regions: 0,
            deciding: rules
                .iter()
                .map(|rule| vec![false; rule.clauses.len()])
                .collect(),
            decided: vec![None; rules.len()],
            findings: Vec::new(),
        }
    }

    fn table(&self) -> &'a Table {
        self.document.table()
    }

    fn see(&mut self, leaf: &Leaf) {
        let rule = leaf.answer.rule();
        self.regions += usize::from(!matches!(leaf.answer, RegionAnswer::Strained { .. }));
        match leaf.answer {
            RegionAnswer::Strained { .. } => {
                let closing = invariants::closing_parts(self.space, &leaf.region);
                self.find_strained(rule, &closing);
            }
            RegionAnswer::Decided { alternative, .. } => {
                self.note_deciding(rule, alternative);
                if let Some(decided) = self.decided.get_mut(rule) {
                    decided.get_or_insert_with(|| leaf.region.clone());
                }
                self.judge(rule, &leaf.region);
            }
            RegionAnswer::Refused {
                field, alternative, ..
            } => {
                // A condition that asks for a field has not held.
                if let Some(alternative) = alternative {
                    self.note_deciding(rule, alternative);
                }
                let kind = FindingKind::ExitRefused { field };
                let closing = invariants::closing_parts(self.space, &leaf.region);
                self.find(rule, kind, closing);
            }
            RegionAnswer::NoAnswer {
                alternative,
                because,
                ..
            } => {
                self.note_deciding(rule, alternative);
                let kind = FindingKind::NoAnswer { because };
                self.find(rule, kind, vec![leaf.region.clone()]);
            }
        }
    }

    fn find_strained(&mut self, rule: usize, parts: &[Region]) {
        let (subject, place) = rules::subject(self.document, rule);
        let kind = FindingKind::ExitStrained;
        let known = |finding: &Finding| finding.place == place && finding.kind == kind;
        if parts.is_empty() || self.findings.iter().any(known) {
            return;
        }
        let engine = self.engine.as_ref();
        let example = engine.and_then(|engine| strained::example(self.space, engine, parts));
        if example.is_some() {
            self.findings.push(Finding {
                place,
                subject,
                kind,
                example,
            });
        }
    }

    fn note_deciding(&mut self, rule: usize, alternative: usize) {
        let own = self.deciding.get_mut(rule);
        if let Some(decides) = own.and_then(|own| own.get_mut(alternative)) {
            *decides = true;
        }
    }

    /// The invariants that an answer can still break.
    fn judge(&mut self, rule: usize, region: &Region) {
        let table = self.table();
        match table.rules.get(rule).map(|rule| rule.outcome) {
            Some(Outcome::Skip { reason }) => {
                let reason = reason_of(table, reason).to_owned();
                let blocked = invariants::blocked_parts(self.space, region, &reason);
                self.find(rule, FindingKind::ExitBlocked { reason }, blocked);
            }
            Some(Outcome::Close { .. }) => {
                let halted = invariants::halted_parts(self.space, region);
                self.find(rule, FindingKind::ClosesWhileHalted, halted);
            }
            Some(Outcome::Open { .. }) | None => {}
        }
    }

    /// One finding of a kind for each rule, with the first request that shows it.
    fn find(&mut self, rule: usize, kind: FindingKind, parts: Vec<Region>) {
        let (subject, place) = rules::subject(self.document, rule);
        let known = |finding: &Finding| finding.place == place && finding.kind == kind;
        if self.findings.iter().any(known) {
            return;
        }
        let witness = parts.iter().find_map(|part| self.space.witness(part));
        if let Some(witness) = witness {
            self.findings.push(Finding {
                place,
                subject,
                kind,
                example: Some(witness.scenario(0)),
            });
        }
    }
}

fn reason_of(table: &Table, reason: u32) -> &str {
    let at = usize::try_from(reason).ok();
    at.and_then(|at| table.reasons.get(at))
        .map_or("", String::as_str)
}

fn verb_of(table: &Table, rule: usize) -> &'static str {
    match table.rules.get(rule).map(|rule| rule.outcome) {
        Some(Outcome::Close { .. }) => "close",
        Some(Outcome::Open { .. }) => "open",
        Some(Outcome::Skip { .. }) | None => "skip",
    }
}

impl FindingKind {
    /// The invariant that it breaks; `None` for what breaks none.
    pub const fn invariant(&self) -> Option<Invariant> {
        match self {
            Self::ExitBlocked { .. } | Self::ExitRefused { .. } | Self::ExitStrained => {
                Some(Invariant::ExitsNeverBlocked)
            }
            Self::ClosesWhileHalted => Some(Invariant::StateRespected),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
