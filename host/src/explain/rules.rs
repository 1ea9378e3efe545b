//! The rules behind a policy, natively: what a trace is read off, and what is asked again
//! with other settings.
//!
//! It decides nothing that anybody acts on: that is the component's. Settings that it was
//! given for a question are taken back before the next.

use router_guest::decision::{Decision, Refusal};
use router_guest::document::{Document, Place};
use router_guest::engine::trace::{Trace, Tracer};
use router_guest::manifest::{BudgetInfo, Manifest, SymbolInfo};
use router_guest::request::Request;
use router_guest::state::State;
use router_guest::table::{TableError, Tier};

use super::counterfactual::{self, Counterfactual, Oracle, World};
use super::verdict::Verdict;
use crate::guard::Question;
use crate::scenario::Scenario;

/// Symbols that a document does not list, and that its engine holds for being asked about all
/// the same; with more it is made anew.
const UNLISTED_MAX: usize = 1024;

/// A document, ready to be asked why.
#[derive(Debug)]
pub struct Rules {
    document: Document,
    tracer: Tracer,
}

/// The two switches that a short in one symbol needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortSwitches {
    /// `risk.short_enabled`
    pub enabled: bool,
    /// `allow_short` of the symbol.
    pub allowed: bool,
}

impl Rules {
    /// Prepares a document.
    ///
    /// # Errors
    /// [`TableError`], which no document that was parsed has.
    pub fn new(document: Document) -> Result<Self, TableError> {
        let tracer = Tracer::new(document.table())?;
        Ok(Self { document, tracer })
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The conditions and verbs of the rules.
    pub const fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// What a host knows of the policy, with the settings that are in force now.
    pub const fn manifest(&self) -> &Manifest {
        self.tracer.engine().manifest()
    }

    /// Where a rule stands in the document.
    pub fn place(&self, rule: usize) -> Option<Place> {
        self.document.rule_place(rule)
    }

    /// Where an alternative of a rule's `when` stands in the document.
    pub fn alternative_place(&self, rule: usize, alternative: usize) -> Option<Place> {
        self.document.clause_place(rule, alternative)
    }

    /// How a scenario is decided. Call [`Scenario::against`] before.
    pub fn trace(&self, scenario: &Scenario) -> Trace {
        self.tracer.trace(&scenario.request(), &scenario.state())
    }

    /// What the rules say.
    ///
    /// # Errors
    /// [`Refusal`] as of the engine.
    pub fn decide(&self, request: &Request<'_>, state: &State<'_>) -> Result<Decision, Refusal> {
        self.tracer.engine().decide(request, state)
    }

    /// What is known of a symbol.
    pub fn symbol(&self, name: &str) -> Option<&SymbolInfo> {
        self.tracer.engine().symbol_info(name)
    }

    /// The tiers, with their thresholds.
    pub fn tiers(&self) -> &[Tier] {
        self.tracer.engine().tiers()
    }

    /// What becomes of a scenario by the rules alone, without a component.
    pub fn verdict(&self, scenario: &Scenario) -> Verdict {
        let (request, state) = (scenario.request(), scenario.state());
        let question = Question {
            manifest: self.manifest(),
            symbol: self.symbol(&scenario.symbol),
            request: &request,
            state: &state,
        };
        Verdict::of(&question, self.decide(&request, &state))
    }

    /// The nearest changes that would give a scenario another decision, the nearest first.
    /// Call [`Scenario::against`] before.
    pub fn counterfactuals(&mut self, scenario: &Scenario, count: usize) -> Vec<Counterfactual> {
        let old = self.verdict(scenario).answer();
        let tier = self.tracer.tier_of(&scenario.terms);
        self.forget_unlisted();
        let mut world = World::new(Oracle::Rules(self), scenario.clone());
        counterfactual::nearest(&mut world, old, tier, count)
    }

    fn forget_unlisted(&mut self) {
        let table = self.document.table();
        let unlisted = self.manifest().symbols.len() - table.symbols.len();
        // The table was prepared before, so it can be again.
        if unlisted > UNLISTED_MAX
            && let Ok(tracer) = Tracer::new(table)
        {
            self.tracer = tracer;
        }
    }

    /// The switches of a symbol, as the document has them.
    pub fn short_switches(&self, symbol: &str) -> ShortSwitches {
        ShortSwitches {
            enabled: self.document.short_enabled(),
            allowed: self.document.allows_short(symbol),
        }
    }

    /// Asks with other settings of a symbol from now on.
    pub fn set_symbol(&mut self, name: &str, change: impl FnOnce(&mut SymbolInfo)) {
        let mut symbol = self.symbol(name).cloned().unwrap_or_else(|| SymbolInfo {
            name: name.to_owned(),
            shortable: false,
            step: None,
            min_quantity: None,
            min_notional: None,
        });
        change(&mut symbol);
        self.tracer.engine_mut().replace_symbol(symbol);
    }

    /// Asks with other settings of a tier from now on.
    pub fn set_tier(&mut self, index: usize, change: impl FnOnce(&mut Tier)) {
        if let Some(mut tier) = self.tiers().get(index).cloned() {
            change(&mut tier);
            self.tracer.engine_mut().replace_tier(index, tier);
        }
    }

    /// Asks with other settings of a budget from now on.
    pub fn set_budget(&mut self, index: usize, change: impl FnOnce(&mut BudgetInfo)) {
        if let Some(mut budget) = self.manifest().budgets.get(index).cloned() {
            change(&mut budget);
            self.tracer.engine_mut().replace_budget(index, budget);
        }
    }
}
