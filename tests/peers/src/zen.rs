//! The table in JDM, by the Zen engine: three decision tables, one behind the other.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use zen_engine::model::DecisionContent;
use zen_engine::{Decision, DecisionEngine, Variable};

use crate::case::{Answer, Case};
use crate::peer::Peer;

const ROUTES: &str = include_str!("../routes/route.jdm.json");
/// Where the rules in front stand in the table.
const PLACE: &str = "RULES";

/// Compiled, and driven by a runtime of this thread alone.
pub struct Zen {
    decision: Decision,
    runtime: Runtime,
}

impl Peer for Zen {
    const NAME: &'static str = "Zen";
    type Input = Variable;
    type Output = Variable;

    fn load(rules: usize) -> Result<Self> {
        let mut routes: Value = serde_json::from_str(ROUTES)?;
        let nodes = routes["nodes"].as_array_mut().context("nodes")?;
        for node in nodes {
            if let Some(rows) = node["content"]["rules"].as_array_mut()
                && let Some(place) = rows.iter().position(|row| row == PLACE)
            {
                rows.splice(place..=place, (0..rules).map(quiet));
            }
        }
        let content: DecisionContent = serde_json::from_value(routes)?;
        let mut decision = DecisionEngine::default()
            .create_decision(Arc::new(content))
            .map_err(|error| anyhow!("{error:?}"))?;
        decision.compile();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        Ok(Self { decision, runtime })
    }

    fn input(&self, case: &Case) -> Option<Variable> {
        // It reads doubles as decimals of that many digits.
        let is_exact = |score: f64| {
            let digits = format!("{score:e}");
            let digits = digits.split('e').next().unwrap_or_default();
            digits.chars().filter(char::is_ascii_digit).count() <= 15
        };
        let scores = case.scores().all(|(_, score)| is_exact(score));
        let input = scores.then(|| case.json()).flatten();
        input.map(Variable::from)
    }

    fn decide(&mut self, input: &Variable) -> Result<Variable> {
        let decided = self.decision.evaluate(input.clone());
        let response = self.runtime.block_on(decided);
        Ok(response.map_err(|error| anyhow!("{error}"))?.result)
    }

    fn answer(&self, _: &Case, output: &Variable) -> Result<Answer> {
        let word = |name: &str| -> Result<String> {
            let value = output
                .dot(name)
                .with_context(|| format!("no `{name}` in {output:?}"))?;
            Ok(value.as_str().context("a word")?.to_owned())
        };
        let size = output.dot("size").and_then(|size| size.as_number());
        let size = size.map(|size| size.to_string().parse()).transpose()?;
        Answer::of_words(&word("side")?, &word("intent")?, &word("reason")?, size)
    }
}

fn quiet(rule: usize) -> Value {
    json!({
        "_id": format!("quiet_{rule}"),
        "action": "\"BUY\", \"SELL\"",
        "symbol": format!("\"S{rule}/USDT\""),
        "when": "confidence < 0.4",
        "o_side": "\"SKIP\"", "o_intent": "t.intent", "o_reason": "\"quiet\"",
    })
}
