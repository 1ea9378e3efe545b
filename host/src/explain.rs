//! Why a request gets the decision that it gets: the rules that were passed over and what
//! failed of each, the tier, the figures, and the nearest changes that would give another
//! answer.
//!
//! The decision is the component's. The trace is read off the rules natively, and an
//! explanation that does not come to the component's own answer is none. It keeps no budgets:
//! every scenario brings the use of its own.

pub mod counterfactual;
pub mod figures;
mod json;
mod lines;
mod object;
mod rules;
mod text;
mod verdict;

use router_guest::decision::PositionEffect;
use router_guest::document::Document;
use router_guest::document::wording::Subject;
use router_guest::engine::trace::{Failure, Trace};
use router_guest::json::Fault;
use router_guest::manifest::{Manifest, TierInfo};
use router_guest::table::TableError;

use crate::digest::Digest;
use crate::guard::Question;
use crate::policy::{HostFault, Instance, Policy};
use crate::rejection::Rejection;
use crate::scenario::Scenario;

use counterfactual::{Counterfactual, Oracle, World};
use figures::{BudgetFigures, QuantityFigures, SizeFigures, TierFigures};

pub use lines::{ExplainLinesError, Format, StateOfBareRequests, Summary, explain_lines};
pub use rules::{Rules, ShortSwitches};
pub use verdict::{Answer, Decided, Verdict};

/// Changes that are told of a decision, unless another number is asked for.
pub const COUNTERFACTUALS: usize = 5;
/// Changes that can be asked for of one decision.
pub const COUNTERFACTUALS_MAX: usize = 100;

/// A policy that can be asked why.
pub struct Explainer {
    policy: Policy,
    instance: Option<Instance>,
    rules: Option<Rules>,
}

/// Why one scenario is decided as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The scenario, with a use for each budget.
    pub scenario: Scenario,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What a close asks for beyond what there is, and faults of its line that were dropped.
    pub warnings: Vec<Fault>,
    /// How the rules come to that; `None` where they cannot be read.
    pub trace: Option<Trace>,
    /// How it came to its tier; `None` where the rules cannot be read.
    pub tier: Option<TierFigures>,
    /// The order's size, once a rule asked for it.
    pub size: Option<SizeFigures>,
    /// The budget, once a rule asked for it.
    pub budget: Option<BudgetFigures>,
    /// The opening's quantity.
    pub quantity: Option<QuantityFigures>,
    /// The nearest changes that would give another decision, the nearest first.
    pub counterfactuals: Vec<Counterfactual>,
}

/// Why a scenario is not explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The line is no scenario, or one that does not fit the policy.
    #[error(transparent)]
    Refused(#[from] Rejection),
    /// The machine is at fault.
    #[error(transparent)]
    Host(#[from] HostFault),
    /// The rules that were read do not come to the component's answer.
    #[error(
        "the rules of the document do not give the answer of the component {digest}; \
         this is a fault of this program"
    )]
    Differs {
        /// The component's digest.
        digest: Digest,
    },
}

impl Explainer {
    /// Prepares a policy; `document` is the one that it was made of, where it was made of one
    /// (see [`crate::authored`]).
    ///
    /// # Errors
    /// [`TableError`], which no document that was parsed has.
    pub fn new(policy: Policy, document: Option<Document>) -> Result<Self, TableError> {
        Ok(Self {
            policy,
            instance: None,
            rules: document.map(Rules::new).transpose()?,
        })
    }

    /// What the policy says of itself.
    pub fn manifest(&self) -> &Manifest {
        self.policy.manifest()
    }

    /// The rules, where they can be read.
    pub const fn rules(&self) -> Option<&Rules> {
        self.rules.as_ref()
    }

    /// Explains one scenario, with at most so many counterfactuals.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub fn explain(
        &mut self,
        scenario: Scenario,
        counterfactuals: usize,
    ) -> Result<Explanation, ExplainError> {
        let scenario = scenario
            .against(self.policy.manifest())
            .map_err(Rejection::from)?;
        let verdict = self.verdict(&scenario)?;
        let trace = self.rules.as_ref().map(|rules| rules.trace(&scenario));
        if let (Some(rules), Some(trace)) = (&self.rules, &trace) {
            self.check_agrees(rules, &scenario, trace, &verdict)?;
        }
        let tier = self.tier_of(&scenario, &verdict);
        let mut explanation = Explanation {
            tier: self
                .rules
                .as_ref()
                .map(|rules| TierFigures::of(rules.tiers(), &scenario.terms, tier)),
            warnings: Fault::of_cut(&scenario.terms).into_iter().collect(),
            scenario,
            verdict,
            trace,
            size: None,
            budget: None,
            quantity: None,
            counterfactuals: Vec::new(),
        };
        explanation.compute(self.policy.manifest(), tier);
        let count = counterfactuals.min(COUNTERFACTUALS_MAX);
        explanation.counterfactuals = match &mut self.rules {
            Some(rules) => rules.counterfactuals(&explanation.scenario, count),
            None => {
                let oracle = Oracle::Component(&self.policy, &mut self.instance);
                let mut world = World::new(oracle, explanation.scenario.clone());
                counterfactual::nearest(&mut world, explanation.verdict.answer(), tier, count)
            }
        };
        Ok(explanation)
    }

    /// What the component says, held to the invariants.
    fn verdict(&mut self, scenario: &Scenario) -> Result<Verdict, HostFault> {
        let (request, state) = (scenario.request(), scenario.state());
        let question = Question {
            manifest: self.policy.manifest(),
            symbol: self.policy.symbol(&scenario.symbol),
            request: &request,
            state: &state,
        };
        let mut instance = match self.instance.take() {
            Some(kept) => kept,
            None => self.policy.instantiate()?,
        };
        // After a fault an instance is dead, and is not kept.
        Ok(match instance.decide(&request, &state) {
            Ok((answered, _)) => {
                self.instance = Some(instance);
                Verdict::of(&question, answered)
            }
            Err(fault) => Verdict::failed(&question, fault.to_string()),
        })
    }

    /// A trace that ends elsewhere than the component would explain nothing.
    fn check_agrees(
        &self,
        rules: &Rules,
        scenario: &Scenario,
        trace: &Trace,
        verdict: &Verdict,
    ) -> Result<(), ExplainError> {
        let (request, state) = (scenario.request(), scenario.state());
        let question = Question {
            manifest: rules.manifest(),
            symbol: rules.symbol(&scenario.symbol),
            request: &request,
            state: &state,
        };
        if Verdict::of(&question, trace.answer()) == *verdict {
            return Ok(());
        }
        Err(ExplainError::Differs {
            digest: self.policy.digest(),
        })
    }

    /// The tier that sizes the order; of a component, as far as it says.
    fn tier_of(&self, scenario: &Scenario, verdict: &Verdict) -> Option<u32> {
        match (&self.rules, verdict) {
            (Some(rules), _) => rules.tracer().tier_of(&scenario.terms),
            (None, Verdict::Decided(decided)) => decided.decision.tier,
            (None, _) => None,
        }
    }
}

impl Explanation {
    /// Fills in the figures that the decision, or a rule on the way to it, asked for.
    fn compute(&mut self, manifest: &Manifest, tier: Option<u32>) {
        let opens = matches!(
            &self.verdict,
            Verdict::Decided(decided) if decided.decision.effect == PositionEffect::Open
        );
        let claim = match &self.verdict {
            Verdict::Decided(decided) => decided.budget.map(|report| report.budget),
            _ => None,
        };
        let asked = |subject| {
            let trace = self.trace.as_ref();
            trace.is_some_and(|trace| trace_asked(trace, subject))
        };
        let asked_budget = opens || claim.is_some() || asked(Subject::Budget);
        if !asked_budget && !asked(Subject::BelowMinimum) {
            return;
        }
        let at = tier.and_then(|tier| usize::try_from(tier).ok());
        let tier: Option<&TierInfo> = at.and_then(|at| manifest.tiers.get(at));
        self.size = SizeFigures::of(&self.scenario.terms, tier);
        // A component may size as it likes: what it said is what counts.
        let notional = match &self.verdict {
            Verdict::Decided(decided) if opens => decided.decision.notional,
            _ => self.size.map(|size| size.notional),
        };
        self.size = self.size.filter(|size| Some(size.notional) == notional);
        let budget = claim.or_else(|| tier.and_then(|tier| tier.budget));
        if let (Some(budget), Some(notional), true) = (budget, notional, asked_budget) {
            self.budget = BudgetFigures::of(manifest, &self.scenario, budget, notional);
        }
        let price = self.scenario.terms.price;
        if let (Some(notional), Some(price)) = (notional, price) {
            let step = manifest
                .symbol(&self.scenario.symbol)
                .and_then(|symbol| symbol.step);
            self.quantity = QuantityFigures::of(notional, price, step);
        }
    }
}

/// Whether a condition of a kind was tested on the way.
fn trace_asked(trace: &Trace, subject: Subject) -> bool {
    let of = |failure: &Failure| failure.condition.subject() == subject;
    let passed_over = trace.passed_over.iter();
    let failed = passed_over.flat_map(|rule| &rule.alternatives);
    let ending = trace.ending.iter();
    let held = ending.clone().flat_map(|ending| &ending.held);
    let asked = ending.clone().filter_map(|ending| ending.asked_by.as_ref());
    let before = ending.flat_map(|ending| &ending.before);
    failed.chain(before).any(of)
        || held
            .chain(asked)
            .any(|condition| condition.subject() == subject)
}
