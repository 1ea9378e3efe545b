//! Closes that are refused because of figures that they do not need: what 28 digits cannot
//! hold, or what rounds to nothing. Where a route asks a budget of a request that closes, the
//! ends of what its amounts can be are tried on the engine itself.

use router_guest::amount::Amount;
use router_guest::decision::Refusal;
use router_guest::engine::Engine;
use router_guest::manifest::AmountField;

use crate::regions::{Region, Space};
use crate::scenario::Scenario;

/// A request of one of the parts that the engine refuses for its figures.
pub(super) fn example(space: &Space<'_>, engine: &Engine, parts: &[Region]) -> Option<Scenario> {
    parts.iter().find_map(|part| {
        let scenario = space.witness(part)?.scenario(0);
        let ends = |field| space.amount_ends(part, field);
        let targets = ends(AmountField::TargetNotional);
        let rates = ends(AmountField::QuoteRate);
        let equities = ends(AmountField::Equity);
        let mut tried = targets
            .iter()
            .flat_map(|target| rates.iter().flat_map(move |rate| [(*target, *rate)]));
        tried.find_map(|(target, rate)| {
            let mut equities = equities.iter();
            equities.find_map(|equity| {
                let mut strained = scenario.clone();
                strained.terms.target_notional = target;
                strained.terms.quote_rate = rate;
                strained.terms.equity = *equity;
                is_refused(engine, &strained).then_some(strained)
            })
        })
    })
}

/// Whether the engine refuses the request for a figure that it makes.
fn is_refused(engine: &Engine, scenario: &Scenario) -> bool {
    let Ok(scenario) = scenario.clone().against(engine.manifest()) else {
        return false;
    };
    let decided = engine.decide(&scenario.request(), &scenario.state());
    matches!(decided, Err(Refusal::FieldOverflow(_)))
}

impl Space<'_> {
    /// The ends of what an amount can be in a region, and that it is not given, where it need
    /// not be.
    fn amount_ends(&self, region: &Region, field: AmountField) -> Vec<Option<Amount>> {
        let axis = self.amount_axis(field);
        let run = region.amount(field);
        let ends = [axis.least(run), axis.greatest(run)].into_iter().flatten();
        let mut ends: Vec<_> = ends.map(Some).collect();
        if ends.is_empty() {
            ends.push(None);
        }
        ends
    }
}
