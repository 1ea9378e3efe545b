//! Journaled decisions decided again by another policy: what differs, grouped as `diff` groups
//! it, for each policy that decided then.

use std::collections::HashMap;

use router_guest::decision::{BudgetClaim, Decision, PositionEffect};
use router_guest::manifest::Manifest;
use router_guest::table::Table;

use super::again::{Deciders, names_are_masked};
use super::{DECISIONS_BETWEEN_WORDS, ReplayError, each_decision};
use crate::diff::{
    Difference, Meetings, Said, TrafficCount, TrialError, carried, outline, said, said_of,
    setting_changes, size,
};
use crate::journal::period::Period;
use crate::journal::reader::Journal;
use crate::journal::record::{
    DecisionRecord, PolicyNumber, RecordedAnswer, RecordedAuthor, ShownState,
};
use crate::policy::{HostFault, Instance, Policy};
use crate::regions::{RegionsError, Space};
use crate::scenario::Scenario;
use crate::stream::TrafficSummary;
use crate::{Amount, Loader};

/// What another policy would have decided.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OtherReplay {
    /// Decisions of the journal in the period.
    pub decisions: u64,
    /// Those that repeated an earlier decision: nothing was decided.
    pub repeats: u64,
    /// Those that cannot be decided again because a name that rules test is masked.
    pub masked: u64,
    /// For each policy that decided then, in the order of the store.
    pub policies: Vec<Replaced>,
}

/// What would differ of one policy's decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct Replaced {
    /// The policy, as the store has it.
    pub title: String,
    /// What differs.
    pub difference: Difference,
    /// How many decisions each change is about, and how many were decided again.
    pub traffic: TrafficCount,
}

impl OtherReplay {
    /// Whether no decision would be another one; `None` where nothing was decided again.
    pub fn is_same(&self) -> Option<bool> {
        let mut changes = self.policies.iter();
        let is_same = changes.all(|replaced| replaced.difference.changes.is_empty());
        (!self.policies.is_empty()).then_some(is_same)
    }
}

/// Decides every decision of the period again by `new`; `watch` is told now and then how many
/// there were.
///
/// # Errors
/// [`ReplayError`].
pub fn replay_by(
    journal: &Journal,
    period: Period,
    new: &Policy,
    loader: &Loader<'_>,
    watch: &mut dyn FnMut(u64),
) -> Result<OtherReplay, ReplayError> {
    let snapshot = journal.snapshot()?;
    let policies = snapshot.policies()?;
    let mut deciders = Deciders::new(&snapshot, &policies, loader);
    let mut olds = Vec::new();
    for row in policies.in_order() {
        let policy = deciders.decider(row.number, 0)?.policy.clone();
        let outlines = [outline(policy.manifest()), outline(new.manifest())];
        olds.push((row.number, row.title(), policy, outlines));
    }
    let spaces = olds.iter().map(|(_, _, _, outlines)| space(outlines));
    let spaces = spaces.collect::<Result<Vec<_>, _>>()?;
    let mut sides: HashMap<PolicyNumber, Side<'_>> = HashMap::new();
    for ((number, _, old, _), space) in olds.iter().zip(&spaces) {
        sides.insert(*number, Side::new(old, space));
    }
    let mut again = New::of(new)?;
    let mut found = OtherReplay::default();
    each_decision(&snapshot, period, |seq, record| {
        found.decisions += 1;
        if found.decisions.is_multiple_of(DECISIONS_BETWEEN_WORDS) {
            watch(found.decisions);
        }
        let Some(shown) = &record.shown else {
            found.repeats += 1;
            return Ok(());
        };
        if names_are_masked(record) {
            found.masked += 1;
            return Ok(());
        }
        policies.of(record.policy, seq)?;
        let Some(side) = sides.get_mut(&record.policy) else {
            return Ok(());
        };
        side.decided += 1;
        side.hold(record, shown, &mut again)
    })?;
    for (number, title, _, [old, new]) in &olds {
        let side = sides.remove(number).filter(|side| side.decided > 0);
        found
            .policies
            .extend(side.map(|side| side.replaced(title.clone(), old, new)));
    }
    Ok(found)
}

fn space(outlines: &[Table; 2]) -> Result<Space<'_>, ReplayError> {
    let [old, new] = outlines;
    let space = Space::new(&[old, new]).map_err(RegionsError::from);
    Ok(space.map_err(TrialError::from)?)
}

/// One policy that decided then, against the new one.
struct Side<'a> {
    manifest: &'a Manifest,
    meetings: Meetings<'a>,
    decided: u64,
}

impl<'a> Side<'a> {
    fn new(old: &'a Policy, space: &'a Space<'a>) -> Self {
        Self {
            manifest: old.manifest(),
            meetings: Meetings::new(space),
            decided: 0,
        }
    }

    fn hold(
        &mut self,
        record: &DecisionRecord<'_>,
        shown: &ShownState,
        again: &mut New<'_>,
    ) -> Result<(), ReplayError> {
        let before = said_then(record, self.manifest);
        let scenario = scenario(record, shown);
        let carried = carried(&scenario, Some(self.manifest), again.policy.manifest());
        let now = again.ask(&carried)?;
        if before == now {
            return Ok(());
        }
        let said = [before.0, now.0];
        let scenarios = [scenario.clone(), carried];
        Ok(self.meetings.meet(said, &scenario, scenarios)?)
    }

    fn replaced(self, title: String, old: &Table, new: &Table) -> Replaced {
        let (changes, changed) = self.meetings.changes();
        Replaced {
            title,
            difference: Difference {
                changes,
                settings: setting_changes(old, new),
            },
            traffic: TrafficCount {
                changed,
                summary: TrafficSummary {
                    lines: self.decided,
                    requests: self.decided,
                    unread: 0,
                },
            },
        }
    }
}

/// What is said, and the size of it: the notional of an opening or the quantity of a close.
type Answered = (Said, Option<Amount>);

/// The new policy, asked in one instance for as long as it lasts.
struct New<'p> {
    policy: &'p Policy,
    instance: Instance,
}

impl<'p> New<'p> {
    fn of(policy: &'p Policy) -> Result<Self, HostFault> {
        let instance = policy.instantiate()?;
        Ok(Self { policy, instance })
    }

    fn ask(&mut self, scenario: &Scenario) -> Result<Answered, ReplayError> {
        match self.instance.decide(&scenario.request(), &scenario.state()) {
            Ok((Ok(decision), _)) => {
                let symbol = self.policy.symbol(&scenario.symbol);
                let target = scenario.terms.target_notional;
                let said = said(self.policy.manifest(), symbol, target, &decision);
                Ok((said, size(&decision)))
            }
            Ok((Err(refusal), _)) => Ok((said_of(refusal), None)),
            Err(_) => {
                self.instance = self.policy.instantiate()?;
                Ok((Said::NoAnswer, None))
            }
        }
    }
}

fn said_then(record: &DecisionRecord<'_>, manifest: &Manifest) -> Answered {
    let Some(decision) = decision_of(&record.answer) else {
        return (Said::NoAnswer, None);
    };
    let symbol = manifest.symbol(record.request.symbol());
    let target = record.request.terms().target_notional;
    let said = said(manifest, symbol, target, &decision);
    (said, size(&decision))
}

/// A policy's decision as it gave it; `None` of the fail-safe's.
fn decision_of(answer: &RecordedAnswer) -> Option<Decision> {
    let RecordedAuthor::Policy { reason, rule } = answer.author else {
        return None;
    };
    Some(Decision {
        side: answer.side,
        intent: answer.intent,
        reason,
        rule,
        effect: answer.effect,
        notional: answer.notional,
        // An opening's is the host's own.
        quantity: answer
            .quantity
            .filter(|_| answer.effect == PositionEffect::Close),
        tier: answer.tier,
        budget: answer.budget.map(|report| BudgetClaim {
            budget: report.budget,
            need: report.need,
        }),
    })
}

fn scenario(record: &DecisionRecord<'_>, shown: &ShownState) -> Scenario {
    let request = &record.request;
    let mut scenario = Scenario::new(request.symbol(), request.strategy(), *request.terms());
    scenario.trading_state = shown.trading_state;
    scenario.budgets.clone_from(&shown.budgets);
    scenario
}
