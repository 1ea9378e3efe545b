//! What of a policy its cases reach: rules, alternatives of `when`, tiers and reasons. It
//! counts answers, whether they were the expected ones or not.

use router_guest::decision::Decision;
use router_guest::document::{Document, Place};
use router_guest::engine::Engine;
use router_guest::manifest::Manifest;
use router_guest::request::Request;
use router_guest::state::State;
use router_guest::table::{RULES_MAX, Rule, Table, TableError};

/// What the cases reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Every rule, in order.
    pub rules: Vec<RuleHits>,
    /// Every alternative of a rule that has several; `None` where they cannot be told apart:
    /// of a component without its document.
    pub alternatives: Option<Vec<AlternativeHits>>,
    /// Every tier, by the answers that it classified or sized.
    pub tiers: Vec<Hits>,
    /// Every reason that the policy can give.
    pub reasons: Vec<Hits>,
}

/// How many cases a rule decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHits {
    /// Its name.
    pub name: String,
    /// Where it stands in the document, where there is one.
    pub place: Option<Place>,
    /// Cases.
    pub cases: usize,
}

/// How many cases an alternative decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlternativeHits {
    /// The rule's name.
    pub rule: String,
    /// Which of its alternatives, from 1.
    pub number: usize,
    /// How many it has.
    pub alternatives: usize,
    /// Where it stands in the document.
    pub place: Option<Place>,
    /// Cases.
    pub cases: usize,
}

/// How many cases something of a name is in the answer of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// The name.
    pub name: String,
    /// Cases.
    pub cases: usize,
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Those that are hit.
    pub hit: usize,
    /// All.
    pub all: usize,
}

impl Share {
    fn of(cases: impl Iterator<Item = usize>) -> Self {
        let mut share = Self { hit: 0, all: 0 };
        for cases in cases {
            share.all += 1;
            share.hit += usize::from(cases > 0);
        }
        share
    }

    /// In whole percent, rounded down: 100 is all of them.
    pub const fn percent(self) -> usize {
        match self.all {
            0 => 100,
            all => self.hit * 100 / all,
        }
    }

    /// Whether nothing is missing.
    pub const fn is_whole(self) -> bool {
        self.hit == self.all
    }
}

impl Coverage {
    /// Rules that decide a case.
    pub fn rules_share(&self) -> Share {
        Share::of(self.rules.iter().map(|hits| hits.cases))
    }

    /// Alternatives that decide a case; of all rules that have several.
    pub fn alternatives_share(&self) -> Option<Share> {
        let alternatives = self.alternatives.as_ref()?;
        Some(Share::of(alternatives.iter().map(|hits| hits.cases)))
    }

    /// Tiers that are in an answer.
    pub fn tiers_share(&self) -> Share {
        Share::of(self.tiers.iter().map(|hits| hits.cases))
    }

    /// Reasons that are given.
    pub fn reasons_share(&self) -> Share {
        Share::of(self.reasons.iter().map(|hits| hits.cases))
    }
}

/// Coverage in the making.
pub(super) struct Counter {
    coverage: Coverage,
    alternatives: Option<Alternatives>,
}

/// The table with every alternative a rule of its own. The first one that holds decides, as
/// the first alternative of the first rule did; so the rule that decides tells which it was.
struct Alternatives {
    engine: Engine,
    /// For each of its rules, its number among the alternatives that are counted.
    counted: Vec<Option<usize>>,
}

impl Counter {
    /// Nothing is hit yet.
    pub(super) fn new(
        manifest: &Manifest,
        table: Option<&Table>,
        document: Option<&Document>,
    ) -> Result<Self, TableError> {
        let rules = manifest.rules.iter().enumerate();
        let rules = rules.map(|(rule, name)| RuleHits {
            name: name.clone(),
            place: document.and_then(|document| document.rule_place(rule)),
            cases: 0,
        });
        let unhit = |name: &String| Hits {
            name: name.clone(),
            cases: 0,
        };
        let mut coverage = Coverage {
            rules: rules.collect(),
            alternatives: None,
            tiers: manifest
                .tiers
                .iter()
                .map(|tier| unhit(&tier.name))
                .collect(),
            reasons: manifest.reasons.iter().map(unhit).collect(),
        };
        let mut alternatives = None;
        if let Some(table) = table.filter(|table| clauses(table) <= RULES_MAX) {
            let (hits, counted) = listed(table, document);
            coverage.alternatives = Some(hits);
            alternatives = Some(Alternatives {
                engine: Engine::new(&split(table))?,
                counted,
            });
        }
        Ok(Self {
            coverage,
            alternatives,
        })
    }

    /// Counts an answer.
    pub(super) fn count(&mut self, request: &Request<'_>, state: &State<'_>, decision: &Decision) {
        fn hit<T>(all: &mut [T], at: u32, cases: impl Fn(&mut T) -> &mut usize) {
            let at = usize::try_from(at).ok();
            if let Some(hits) = at.and_then(|at| all.get_mut(at)) {
                *cases(hits) += 1;
            }
        }
        let coverage = &mut self.coverage;
        hit(&mut coverage.rules, decision.rule, |hits| &mut hits.cases);
        hit(&mut coverage.reasons, decision.reason, |hits| {
            &mut hits.cases
        });
        if let Some(tier) = decision.tier {
            hit(&mut coverage.tiers, tier, |hits| &mut hits.cases);
        }
        let Some(alternatives) = &self.alternatives else {
            return;
        };
        let Ok(split) = alternatives.engine.decide(request, state) else {
            return;
        };
        let at = usize::try_from(split.rule).ok();
        let counted = at.and_then(|at| *alternatives.counted.get(at)?);
        let hits = coverage.alternatives.as_mut();
        if let Some(hits) = counted.and_then(|at| hits?.get_mut(at)) {
            hits.cases += 1;
        }
    }

    pub(super) fn finish(self) -> Coverage {
        self.coverage
    }
}

fn clauses(table: &Table) -> usize {
    table.rules.iter().map(|rule| rule.clauses.len()).sum()
}

fn split(table: &Table) -> Table {
    let mut rules = Vec::with_capacity(clauses(table));
    for rule in &table.rules {
        for clause in &rule.clauses {
            rules.push(Rule {
                // Names of rules differ, and nobody reads these.
                name: format!("alternative-{}", rules.len()),
                clauses: vec![clause.clone()],
                outcome: rule.outcome,
            });
        }
    }
    Table {
        rules,
        ..table.clone()
    }
}

/// The alternatives of rules that have several, and for every alternative its number there.
fn listed(
    table: &Table,
    document: Option<&Document>,
) -> (Vec<AlternativeHits>, Vec<Option<usize>>) {
    let mut hits = Vec::new();
    let mut counted = Vec::with_capacity(clauses(table));
    for (at, rule) in table.rules.iter().enumerate() {
        let alternatives = rule.clauses.len();
        for clause in 0..alternatives {
            if alternatives == 1 {
                counted.push(None);
                continue;
            }
            counted.push(Some(hits.len()));
            hits.push(AlternativeHits {
                rule: rule.name.clone(),
                number: clause + 1,
                alternatives,
                place: document.and_then(|document| document.clause_place(at, clause)),
                cases: 0,
            });
        }
    }
    (hits, counted)
}
