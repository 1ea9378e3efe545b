//! The table in Rego, by regorus: its interpreter and its virtual machine.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context, Result};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{CompiledPolicy, Engine, Value};

use crate::case::{Answer, Case};
use crate::peer::Peer;

const ROUTES: &str = include_str!("../routes/route.rego");
const DATA: &str = include_str!("../routes/data.json");
const ENTRY: &str = "data.router.route";

/// The interpreter.
pub struct Interpreted(CompiledPolicy);

/// The virtual machine.
pub struct Machine(RegoVM);

fn compiled(rules: usize) -> Result<CompiledPolicy> {
    let mut more = String::new();
    for rule in 0..rules {
        writeln!(
            more,
            "quiet if {{ input.symbol == \"S{rule}/USDT\"; opens; input.confidence < 0.4 }}\n"
        )?;
    }
    let mut engine = Engine::new();
    engine.add_policy("route.rego".into(), ROUTES.replace("#RULES#", &more))?;
    engine.add_data_json(DATA)?;
    engine.compile_with_entrypoint(&ENTRY.into())
}

fn input(case: &Case) -> Option<Value> {
    case.json().map(Value::from)
}

fn answer(output: &Value) -> Result<Answer> {
    let output = output.as_object().context("an object")?;
    let word = |name: &str| -> Result<String> {
        let value = output
            .get(&Value::from(name))
            .with_context(|| format!("no `{name}`"))?;
        Ok(value.as_string()?.to_string())
    };
    let size = output.get(&Value::from("size"));
    let size = size.map(Value::as_f64).transpose()?;
    Answer::of_words(&word("side")?, &word("intent")?, &word("reason")?, size)
}

impl Peer for Interpreted {
    const NAME: &'static str = "regorus, interpreter";
    type Input = Value;
    type Output = Value;

    fn load(rules: usize) -> Result<Self> {
        compiled(rules).map(Self)
    }

    fn input(&self, case: &Case) -> Option<Value> {
        input(case)
    }

    fn decide(&mut self, input: &Value) -> Result<Value> {
        self.0.eval_with_input(input.clone())
    }

    fn answer(&self, _: &Case, output: &Value) -> Result<Answer> {
        answer(output)
    }
}

impl Peer for Machine {
    const NAME: &'static str = "regorus, virtual machine";
    type Input = Value;
    type Output = Value;

    fn load(rules: usize) -> Result<Self> {
        let program = Compiler::compile_from_policy(&compiled(rules)?, &[ENTRY])
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut machine = RegoVM::new();
        machine.load_program(Arc::clone(&program));
        let data = Value::from_json_str(DATA)?;
        machine
            .set_data(data)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self(machine))
    }

    fn input(&self, case: &Case) -> Option<Value> {
        input(case)
    }

    fn decide(&mut self, input: &Value) -> Result<Value> {
        self.0.set_input(input.clone());
        self.0.execute().map_err(|error| anyhow::anyhow!("{error}"))
    }

    fn answer(&self, _: &Case, output: &Value) -> Result<Answer> {
        answer(output)
    }
}
