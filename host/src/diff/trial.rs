//! Two policies of which one at least can only be asked: both decide the finite domain that
//! their manifests declare, on the components that run.
//!
//! What is told is exact for the cells that were tried, and says how many they were: foreign
//! code may tell apart what no manifest declares. Regions are those that thresholds, symbols
//! and finite fields cut; one is told when a cell of it differs.

use router_guest::amount::Amount;
use router_guest::decision::{Decision, PositionEffect, Refusal};
use router_guest::manifest::{Manifest, SymbolInfo};
use router_guest::state::BudgetUse;
use router_guest::table::{Clause, End, NumberRange, NumberTest, Outcome, Rule, Table};

use super::answers::Said;
use super::meetings::{CHANGES_MAX, Meetings};
use super::{Difference, settings};
use crate::policy::{HostFault, Instance, Policy};
use crate::regions::{RegionsError, Space};
use crate::scenario::Scenario;
use crate::verify::Domain;

/// Times that a policy is given a new instance after a fault; then it is given up.
const FAULTS_MAX: usize = 1_024;
/// Places of a share that no tier declares.
const SHARE_PLACES: u8 = 6;

/// What was tried, and what differed.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Cells: pairs of request and state that both policies were asked.
    pub cells: usize,
    /// Cells on which they differ.
    pub differing: usize,
    /// What differs.
    pub difference: Difference,
}

/// Why two policies cannot be compared by asking them.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// Their manifests tell too much apart.
    #[error(transparent)]
    Regions(#[from] RegionsError),
    /// The host could not run them.
    #[error(transparent)]
    Host(#[from] HostFault),
    /// A policy failed to answer too often.
    #[error("the policy `{name}` failed to answer {FAULTS_MAX} times; `verify` says how")]
    Faults {
        /// Its name.
        name: String,
    },
    /// There are more changes than anyone reads.
    #[error("the policies differ in more than {CHANGES_MAX} ways: they have too little in common")]
    TooManyChanges,
}

/// Asks both policies everything that their manifests declare.
///
/// # Errors
/// [`TrialError`].
pub fn compare(old: &Policy, new: &Policy) -> Result<Trial, TrialError> {
    let outlines = [old, new].map(|policy| outline(policy.manifest()));
    let [old_outline, new_outline] = &outlines;
    let space = Space::new(&[old_outline, new_outline]).map_err(RegionsError::from)?;
    let mut trial = Asked {
        policies: [Asker::of(old)?, Asker::of(new)?],
        cells: 0,
        differing: 0,
        meetings: Meetings::new(&space),
    };
    for (side, policy) in [old, new].into_iter().enumerate() {
        let domain = Domain::of(policy.manifest());
        for cell in (0..domain.len()).filter_map(|number| domain.cell(number)) {
            trial.ask(cell.scenario(), side)?;
        }
    }
    Ok(Trial {
        cells: trial.cells,
        differing: trial.differing,
        difference: Difference {
            settings: settings::changes(old_outline, new_outline),
            changes: trial.meetings.changes().0,
        },
    })
}

/// Two policies under question.
struct Asked<'a> {
    policies: [Asker<'a>; 2],
    cells: usize,
    differing: usize,
    meetings: Meetings<'a>,
}

impl Asked<'_> {
    /// Asks both one cell, that of the domain of one side.
    fn ask(&mut self, scenario: Scenario, side: usize) -> Result<(), TrialError> {
        self.cells += 1;
        let manifests = self
            .policies
            .each_ref()
            .map(|asker| asker.policy.manifest());
        let own = manifests.get(side).copied();
        let scenarios = manifests.map(|manifest| carried(&scenario, own, manifest));
        let mut said = Vec::with_capacity(2);
        for (asker, scenario) in self.policies.iter_mut().zip(&scenarios) {
            said.push(asker.ask(scenario)?);
        }
        let [Some((old, old_size)), Some((new, new_size))] = [said.first(), said.get(1)] else {
            return Ok(());
        };
        if (old, old_size) == (new, new_size) {
            return Ok(());
        }
        self.differing += 1;
        self.meetings
            .meet([old.clone(), new.clone()], &scenario, scenarios)
    }
}

/// A policy, asked in one instance for as long as it lasts.
struct Asker<'p> {
    policy: &'p Policy,
    instance: Instance,
    faults: usize,
}

/// What is said, and the size of it: the notional of an opening or the quantity of a close.
type Answered = (Said, Option<Amount>);

impl<'p> Asker<'p> {
    fn of(policy: &'p Policy) -> Result<Self, HostFault> {
        Ok(Self {
            policy,
            instance: policy.instantiate()?,
            faults: 0,
        })
    }

    fn ask(&mut self, scenario: &Scenario) -> Result<Answered, TrialError> {
        match self.instance.decide(&scenario.request(), &scenario.state()) {
            Ok((Ok(decision), _)) => {
                let manifest = self.policy.manifest();
                let symbol = manifest.symbol(&scenario.symbol);
                let target = scenario.terms.target_notional;
                Ok((said(manifest, symbol, target, &decision), size(&decision)))
            }
            Ok((Err(refusal), _)) => Ok((said_of(refusal), None)),
            Err(_) => {
                self.faults += 1;
                if self.faults > FAULTS_MAX {
                    let name = self.policy.manifest().name.clone();
                    return Err(TrialError::Faults { name });
                }
                self.instance = self.policy.instantiate()?;
                Ok((Said::NoAnswer, None))
            }
        }
    }
}

/// What a decision of a policy says.
pub(crate) fn said(
    manifest: &Manifest,
    symbol: Option<&SymbolInfo>,
    target_notional: Option<Amount>,
    decision: &Decision,
) -> Said {
    let listed = |names: &[String], at: u32| {
        let at = usize::try_from(at).ok();
        at.and_then(|at| names.get(at)).cloned().unwrap_or_default()
    };
    let reason = listed(&manifest.reasons, decision.reason);
    let leg = Said::leg_of(decision.side, decision.effect);
    match (decision.effect, leg) {
        (PositionEffect::Open, Some(leg)) => Said::Open {
            reason,
            leg,
            intent: decision.intent,
            share: share(manifest, target_notional, decision),
            step: symbol.and_then(|symbol| symbol.step),
            budget: decision.budget.and_then(|claim| {
                let at = usize::try_from(claim.budget).ok()?;
                Some(manifest.budgets.get(at)?.name.clone())
            }),
        },
        (PositionEffect::Close, Some(leg)) => Said::Close { reason, leg },
        _ => Said::Skip {
            reason,
            intent: Some(decision.intent),
        },
    }
}

/// The share of the target that is opened: the tier's size, where that is what was opened.
fn share(manifest: &Manifest, target: Option<Amount>, decision: &Decision) -> Amount {
    let target = target.unwrap_or_default();
    let notional = decision.notional.unwrap_or_default();
    let at = decision.tier.and_then(|tier| usize::try_from(tier).ok());
    let size = at
        .and_then(|at| manifest.tiers.get(at))
        .map(|tier| tier.size);
    size.filter(|size| target.mul_down(*size) == Some(notional))
        .or_else(|| notional.div_down_to_step(target, Amount::new(1, SHARE_PLACES)?))
        .unwrap_or_default()
        .normalized()
}

/// The notional of an opening or the quantity of a close.
pub(crate) fn size(decision: &Decision) -> Option<Amount> {
    decision.notional.or(decision.quantity)
}

/// What a refusal of a policy says.
pub(crate) const fn said_of(refusal: Refusal) -> Said {
    match refusal {
        Refusal::FieldMissing(field) | Refusal::FieldOverflow(field) => Said::Refused { field },
        Refusal::BudgetsMissing | Refusal::NoRoute => Said::NoAnswer,
    }
}

/// The scenario as another policy meets it: budgets of one name are one budget.
pub(crate) fn carried(scenario: &Scenario, from: Option<&Manifest>, to: &Manifest) -> Scenario {
    let uses = scenario.budgets.as_deref();
    let of_name = |name: &str| {
        let budgets = from.map_or(&[][..], |from| &from.budgets);
        let at = budgets.iter().position(|budget| budget.name == name);
        at.and_then(|at| uses?.get(at)).copied().unwrap_or_default()
    };
    let carried: Vec<BudgetUse> = to.budgets.iter().map(|own| of_name(&own.name)).collect();
    Scenario {
        budgets: uses.map(|_| carried),
        ..scenario.clone()
    }
}

/// A table that cuts the space where a manifest says that its policy does. It decides nothing.
pub(crate) fn outline(manifest: &Manifest) -> Table {
    let scores = manifest
        .score_thresholds
        .iter()
        .map(|(field, threshold)| Clause {
            scores: vec![NumberTest {
                field: *field,
                range: from(*threshold),
            }],
            ..Clause::ANY
        });
    let amounts = manifest
        .amount_thresholds
        .iter()
        .map(|(field, threshold)| Clause {
            amounts: vec![NumberTest {
                field: *field,
                range: from(*threshold),
            }],
            ..Clause::ANY
        });
    let mut symbols = manifest.symbols.clone();
    symbols.sort_by(|left, right| left.name.cmp(&right.name));
    Table {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        account_currency: manifest.account_currency.clone(),
        symbols,
        tiers: Vec::new(),
        budgets: manifest.budgets.clone(),
        reasons: Vec::new(),
        rules: vec![Rule {
            name: String::new(),
            clauses: scores.chain(amounts).collect(),
            outcome: Outcome::Skip { reason: 0 },
        }],
    }
}

const fn from<N: Copy>(threshold: N) -> NumberRange<N> {
    NumberRange::Within {
        low: End::Including(threshold),
        high: End::Open,
    }
}
