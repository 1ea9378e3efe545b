//! One lane of a run: a share of the cells, decided one after the other by one warm instance,
//! and everything that is to be said of their answers.
//!
//! A lane depends on nothing but its share, so that what it finds is the same however many
//! threads there are.

use std::cmp::Reverse;
use std::hash::{BuildHasher as _, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::quality::RandomState;
use router_guest::amount::Amount;
use router_guest::decision::{Decision, PositionEffect, Refusal};

use super::domain::{Cell, Domain};
use super::finding::{Breach, Finding, Findings, Path};
use super::words;
use crate::guard::{self, Question};
use crate::policy::{HostFault, Instance, Policy, PolicyFault};
use crate::sandbox::{LIMITS, SandboxProfile};

/// Faults of a lane, after each of which a new instance is made. A policy that fails so often
/// is told enough.
pub const LANE_FAULTS_MAX: u32 = 16;
/// Fuel of a lane of a compiled language: a quarter of a minute of work, a hundred times what the
/// default policy takes.
const STRICT_LANE_FUEL_MAX: u64 = 20_000_000_000;
/// Fuel of a lane of a language's own engine, which takes hundreds of times as much to read a
/// request: twice what the default routing in JavaScript takes.
const LARGE_LANE_FUEL_MAX: u64 = 200_000_000_000;
/// Cells between two words on how far it is.
const CELLS_A_WORD: usize = 1024;

/// Why a run ended before its domain did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Too many faults.
    Faults,
    /// Too much fuel.
    Fuel,
}

/// What all lanes share.
pub(super) struct Ground<'v> {
    pub(super) policy: &'v Policy,
    pub(super) domain: &'v Domain<'v>,
    /// Keyed anew in each run: no policy can know which answers would look alike.
    pub(super) prints: RandomState,
    pub(super) done: AtomicUsize,
}

/// What is kept of a cell's first answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    print: u64,
    /// What it cost a rule engine; 0 for any other policy, which is not held to it.
    fuel: u32,
}

/// What became of the cells, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Openings.
    pub opens: u64,
    /// Closes.
    pub closes: u64,
    /// Decisions for no order.
    pub skips: u64,
    /// Refusals.
    pub refusals: u64,
    /// Cells without an answer.
    pub faults: u64,
}

/// What lanes found together.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) findings: Findings,
    pub(super) outcomes: Outcomes,
    /// The dearest decision: its fuel, and its cell.
    pub(super) worst: Option<(u64, usize)>,
    /// Which of the manifest's rules decided.
    pub(super) rules: Vec<bool>,
    pub(super) decided: u64,
    pub(super) instances: u64,
    pub(super) stopped: Option<Stop>,
}

pub(super) struct Lane<'v> {
    ground: &'v Ground<'v>,
    path: Path,
    instance: Option<Instance>,
    faults_left: u32,
    fuel_left: u64,
    pub(super) tally: Tally,
}

pub(super) type Answer = Result<Decision, Refusal>;
type Answered = Result<(Answer, u64), PolicyFault>;

impl Mark {
    /// Whether it is of the same answer, whatever that cost.
    pub(super) const fn is_alike(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

impl<'v> Ground<'v> {
    fn question<'c>(
        &'c self,
        cell: &Cell<'c>,
        ask: impl FnOnce(&Question<'_>) -> Result<(), guard::Violation>,
    ) -> Result<(), guard::Violation> {
        ask(&Question {
            manifest: self.policy.manifest(),
            symbol: cell.info,
            request: &cell.request(),
            state: &cell.state(),
        })
    }

    /// The mark of an answer.
    pub(super) fn mark(&self, answered: &Answered) -> Mark {
        let mut print = self.prints.build_hasher();
        match answered {
            Ok((Ok(decision), _)) => print_decision(decision, &mut print),
            Ok((Err(refusal), _)) => print_refusal(*refusal, &mut print),
            Err(fault) => print.write(Breach::of_fault(fault).code().as_bytes()),
        }
        let fuel = answered.as_ref().map_or(0, |(_, fuel)| *fuel);
        Mark {
            print: print.finish(),
            fuel: if self.policy.is_rule_engine() {
                u32::try_from(fuel).unwrap_or(u32::MAX)
            } else {
                0
            },
        }
    }
}

/// Fuel that a lane may spend, under each profile.
pub const fn lane_fuel_max(profile: SandboxProfile) -> u64 {
    match profile {
        SandboxProfile::Strict => STRICT_LANE_FUEL_MAX,
        SandboxProfile::Large => LARGE_LANE_FUEL_MAX,
    }
}

impl<'v> Lane<'v> {
    pub(super) fn new(ground: &'v Ground<'v>, path: Path) -> Self {
        let rules = ground.policy.manifest().rules.len();
        Self {
            ground,
            path,
            instance: None,
            faults_left: LANE_FAULTS_MAX,
            fuel_left: lane_fuel_max(ground.policy.profile()),
            tally: Tally {
                rules: vec![false; rules],
                ..Tally::default()
            },
        }
    }

    /// Decides cells for the first time, and keeps a mark of each answer.
    pub(super) fn first(mut self, start: usize, marks: &mut [Mark]) -> Result<Tally, HostFault> {
        for (number, mark) in (start..).zip(marks) {
            let Some(cell) = self.cell(number) else {
                break;
            };
            let answered = self.ask(&cell)?;
            *mark = self.ground.mark(&answered);
            self.judge(number, &cell, &answered);
            self.count(&answered);
            self.weigh(number, &answered);
        }
        Ok(self.tally)
    }

    /// Decides cells again, by the same instance or each by its own, and holds the answers to
    /// the first ones.
    pub(super) fn again(
        mut self,
        numbers: impl Iterator<Item = usize>,
        marks: &[Mark],
    ) -> Result<Tally, HostFault> {
        for number in numbers {
            let (Some(cell), Some(mark)) = (self.cell(number), marks.get(number)) else {
                break;
            };
            if self.path == Path::Fresh {
                self.instance = None;
            }
            let answered = self.ask(&cell)?;
            let found = self.ground.mark(&answered);
            if found.print != mark.print {
                self.differs(number, &cell, &answered)?;
            } else if found.fuel != mark.fuel {
                let what = format!(
                    "costs {} fuel, and {} in the first order",
                    found.fuel, mark.fuel
                );
                self.find(Breach::FuelDiffers, number, &cell, what, &answered);
            }
            self.weigh(number, &answered);
        }
        Ok(self.tally)
    }

    /// The next cell, unless the lane has stopped.
    fn cell(&mut self, number: usize) -> Option<Cell<'v>> {
        if self.faults_left == 0 {
            self.tally.stopped = Some(Stop::Faults);
        } else if self.fuel_left == 0 {
            self.tally.stopped = Some(Stop::Fuel);
        }
        if self.tally.stopped.is_some() {
            return None;
        }
        self.ground.domain.cell(number)
    }

    fn ask(&mut self, cell: &Cell<'_>) -> Result<Answered, HostFault> {
        let answered = self.instance()?.decide(&cell.request(), &cell.state());
        self.tally.decided += 1;
        if self.tally.decided.is_multiple_of(CELLS_A_WORD as u64) {
            self.ground.done.fetch_add(CELLS_A_WORD, Ordering::Relaxed);
        }
        match &answered {
            Ok((_, fuel)) => self.fuel_left = self.fuel_left.saturating_sub(*fuel),
            Err(fault) => self.fault(fault),
        }
        Ok(answered)
    }

    /// The lane's instance, made if there is none.
    pub(super) fn instance(&mut self) -> Result<&mut Instance, HostFault> {
        if self.instance.is_none() {
            self.instance = Some(self.ground.policy.instantiate()?);
            self.tally.instances += 1;
        }
        self.instance.as_mut().ok_or_else(HostFault::no_instance)
    }

    /// After a fault, an instance is dead.
    pub(super) fn fault(&mut self, fault: &PolicyFault) {
        self.instance = None;
        self.faults_left = self.faults_left.saturating_sub(1);
        if let PolicyFault::OutOfFuel { fuel_max } = fault {
            self.fuel_left = self.fuel_left.saturating_sub(*fuel_max);
        }
    }

    /// Holds an answer to the invariants.
    pub(super) fn judge(&mut self, number: usize, cell: &Cell<'_>, answered: &Answered) {
        let held = match answered {
            Err(fault) => {
                let breach = Breach::of_fault(fault);
                return self.find(breach, number, cell, fault.to_string(), answered);
            }
            Ok((Err(Refusal::NoRoute), _)) => {
                let what = "has no route for the request".to_owned();
                return self.find(Breach::NoRoute, number, cell, what, answered);
            }
            Ok((Err(refusal), _)) => self
                .ground
                .question(cell, |question| guard::check_refusal(question, *refusal)),
            Ok((Ok(decision), _)) => self.ground.question(cell, |question| {
                guard::check(question, decision).map(|_| ())
            }),
        };
        if let Err(violation) = held {
            let breach = Breach::Invariant(violation.invariant);
            self.find(breach, number, cell, violation.what, answered);
        }
    }

    /// I7: the answer is another than the first one. Which of the two is right, none can say:
    /// a fresh instance is asked, so that a reader has something to compare with.
    pub(super) fn differs(
        &mut self,
        number: usize,
        cell: &Cell<'_>,
        answered: &Answered,
    ) -> Result<(), HostFault> {
        let mut fresh = self.ground.policy.instantiate()?;
        self.tally.instances += 1;
        let alone = fresh.decide(&cell.request(), &cell.state());
        let alone = match &alone {
            Ok((answer, _)) => words::of(self.ground.policy.manifest(), answer),
            Err(fault) => fault.to_string(),
        };
        let what = format!("is not answered as in the first order; a fresh instance: {alone}");
        self.find(Breach::AnswerDiffers, number, cell, what, answered);
        self.judge(number, cell, answered);
        Ok(())
    }

    fn find(
        &mut self,
        breach: Breach,
        number: usize,
        cell: &Cell<'_>,
        what: String,
        answered: &Answered,
    ) {
        let (path, manifest) = (self.path, self.ground.policy.manifest());
        self.tally.findings.add(breach, || Finding {
            breach,
            count: 1,
            path,
            what,
            answered: answered
                .as_ref()
                .ok()
                .map(|(answer, _)| words::of(manifest, answer)),
            scenario: cell.scenario(),
            cell: number,
        });
    }

    fn count(&mut self, answered: &Answered) {
        let outcomes = &mut self.tally.outcomes;
        let Ok((answer, _)) = answered else {
            outcomes.faults += 1;
            return;
        };
        let Ok(decision) = answer else {
            outcomes.refusals += 1;
            return;
        };
        match decision.effect {
            PositionEffect::Open => outcomes.opens += 1,
            PositionEffect::Close => outcomes.closes += 1,
            PositionEffect::None => outcomes.skips += 1,
        }
        let rule = usize::try_from(decision.rule).ok();
        if let Some(reached) = rule.and_then(|rule| self.tally.rules.get_mut(rule)) {
            *reached = true;
        }
    }

    fn weigh(&mut self, number: usize, answered: &Answered) {
        let fuel = match answered {
            Ok((_, fuel)) => *fuel,
            Err(PolicyFault::OutOfFuel { .. }) => LIMITS.decide_fuel_max,
            Err(_) => return,
        };
        self.tally.weigh(Some((fuel, number)));
    }
}

impl Tally {
    /// Takes in what another lane found.
    pub(super) fn merge(&mut self, other: Self) {
        self.findings.merge(other.findings);
        self.outcomes.opens += other.outcomes.opens;
        self.outcomes.closes += other.outcomes.closes;
        self.outcomes.skips += other.outcomes.skips;
        self.outcomes.refusals += other.outcomes.refusals;
        self.outcomes.faults += other.outcomes.faults;
        self.weigh(other.worst);
        self.rules
            .resize(self.rules.len().max(other.rules.len()), false);
        for (reached, also) in self.rules.iter_mut().zip(other.rules) {
            *reached |= also;
        }
        self.decided += other.decided;
        self.instances += other.instances;
        self.stopped = self.stopped.or(other.stopped);
    }

    /// Of two that are as dear, the first cell stands.
    fn weigh(&mut self, other: Option<(u64, usize)>) {
        let key = |worst: (u64, usize)| (worst.0, Reverse(worst.1));
        self.worst = match (self.worst, other) {
            (Some(known), Some(other)) if key(known) >= key(other) => Some(known),
            (known, other) => other.or(known),
        };
    }
}

fn print_decision(decision: &Decision, print: &mut impl Hasher) {
    print.write_u8(decision.side as u8);
    print.write_u8(decision.intent as u8);
    print.write_u8(decision.effect as u8);
    print.write_u32(decision.reason);
    print.write_u32(decision.rule);
    print_amount(decision.notional, print);
    print_amount(decision.quantity, print);
    print.write_u64(decision.tier.map_or(u64::MAX, u64::from));
    print.write_u64(
        decision
            .budget
            .map_or(u64::MAX, |claim| u64::from(claim.budget)),
    );
    print_amount(decision.budget.map(|claim| claim.need), print);
}

/// The digits as they are: `1.0` is another answer than `1`.
fn print_amount(amount: Option<Amount>, print: &mut impl Hasher) {
    let (high, low, scale) = amount.map_or((0, 0, u8::MAX), Amount::to_words);
    print.write_u64(high);
    print.write_u64(low);
    print.write_u8(scale);
}

fn print_refusal(refusal: Refusal, print: &mut impl Hasher) {
    let (kind, field) = match refusal {
        Refusal::FieldMissing(field) => (0, field as u8),
        Refusal::FieldOverflow(field) => (1, field as u8),
        Refusal::BudgetsMissing => (2, 0),
        Refusal::NoRoute => (3, 0),
    };
    print.write_u16(u16::from_le_bytes([kind, field]));
}
