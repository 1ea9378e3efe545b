//! The table in CEL: expressions, the first that holds decides.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use cel::{Context, Program, Value};

use crate::case::{Answer, Case, TIERS, carried_out, double, stated_tier};
use crate::peer::Peer;

const ROUTES: &str = include_str!("../routes/route.cel");
/// Symbols that the policy lists: minimum quantity and notional.
const SYMBOLS: [(&str, f64, f64); 3] = [
    ("BTC/USDT", 0.0, 0.0),
    ("ETH/USDT", 0.0, 0.0),
    ("LTC/USDT", 0.01, 5.0),
];
/// The least quantity where no other is known.
const LEAST: f64 = 0.000_000_01;

pub struct Cel {
    tiers: Vec<Program>,
    rules: Vec<(String, Program)>,
    /// What is known of tiers and symbols, as variables.
    tier_values: Vec<Value>,
    symbols: HashMap<String, Value>,
    unlisted: Value,
    root: Context<'static, 'static>,
}

/// The request as a variable, its symbol, and the tier that its type states.
pub struct Input {
    request: Value,
    symbol: String,
    /// `None` of one that is classified.
    tier: Option<usize>,
}

impl Peer for Cel {
    const NAME: &'static str = "CEL";
    type Input = Input;
    /// The rule and the tier.
    type Output = (usize, usize);

    fn load(rules: usize) -> Result<Self> {
        let mut more = String::new();
        for rule in 0..rules {
            writeln!(
                more,
                "skip quiet: r.symbol == \"S{rule}/USDT\" && r.action in [\"BUY\", \"SELL\"] && r.confidence < 0.4"
            )?;
        }
        let routes = ROUTES.replace("#RULES#", &more);
        let mut loaded = Self {
            tiers: Vec::new(),
            rules: Vec::new(),
            tier_values: TIERS.iter().map(tier_value).collect(),
            symbols: SYMBOLS
                .iter()
                .map(|(name, quantity, notional)| {
                    ((*name).to_owned(), symbol(*quantity, *notional))
                })
                .collect(),
            unlisted: symbol(0.0, 0.0),
            root: Context::default(),
        };
        let lines = routes
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let (name, expression) = line.split_once(": ").context("a rule")?;
            let program = Program::compile(expression)?;
            match name.split_once(' ') {
                Some(("tier", _)) => loaded.tiers.push(program),
                Some((_, reason)) => loaded.rules.push((reason.to_owned(), program)),
                None => bail!("`{name}` is no rule"),
            }
        }
        Ok(loaded)
    }

    fn input(&self, case: &Case) -> Option<Input> {
        if !case.fits_doubles() {
            return None;
        }
        let words = case
            .words()
            .into_iter()
            .map(|(name, word)| (name, Value::from(word)));
        let amounts = case
            .amounts()
            .map(|(name, amount)| (name, Value::Float(double(amount))));
        let scores = case
            .scores()
            .map(|(name, score)| (name, Value::Float(score)));
        let mut request: HashMap<&str, Value> = words.chain(amounts).chain(scores).collect();
        request.insert("sized", Value::Bool(case.sized));
        Some(Input {
            request: request.into(),
            symbol: case.symbol.clone(),
            tier: (case.trade_type != "auto").then(|| stated_tier(case.trade_type)),
        })
    }

    fn decide(&mut self, input: &Input) -> Result<(usize, usize)> {
        let mut context = self.root.new_inner_scope();
        context.add_variable_from_value("r", input.request.clone());
        let known = self.symbols.get(&input.symbol).unwrap_or(&self.unlisted);
        context.add_variable_from_value("s", known.clone());
        let tier = input.tier.unwrap_or_else(|| {
            let fits = |program: &Program| program.execute(&context) == Ok(Value::Bool(true));
            self.tiers.iter().position(fits).unwrap_or(3)
        });
        let value = self.tier_values.get(tier).context("a tier")?;
        context.add_variable_from_value("t", value.clone());
        for (rule, (_, program)) in self.rules.iter().enumerate() {
            // A figure that is not there is an error, and the rule does not hold.
            if let Ok(Value::Bool(true)) = program.execute(&context) {
                return Ok((rule, tier));
            }
        }
        bail!("no rule holds")
    }

    fn answer(&self, case: &Case, (rule, tier): &(usize, usize)) -> Result<Answer> {
        let (reason, _) = self.rules.get(*rule).context("a rule")?;
        carried_out(case, reason, *tier)
    }
}

fn tier_value((name, size, budget): &(&str, u32, bool)) -> Value {
    let name = if *name == "none" { "" } else { *name };
    HashMap::from([
        ("name", Value::from(name)),
        ("size", Value::Float(f64::from(*size) / 100.0)),
        ("budget", Value::Bool(*budget)),
    ])
    .into()
}

fn symbol(min_quantity: f64, min_notional: f64) -> Value {
    HashMap::from([
        ("shortable", Value::Bool(false)),
        ("min_quantity", Value::Float(min_quantity)),
        ("min_notional", Value::Float(min_notional)),
        ("least", Value::Float(min_quantity.max(LEAST))),
    ])
    .into()
}
