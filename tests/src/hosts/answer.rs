//! The two runners that this crate brings: the Rust host, which calls a policy with records and
//! holds it to the invariants, and a bare embedding of wasmtime, which passes text on.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use execution_router::decider::POLICY_FAULT;
use execution_router::{Cache, Compiler, Decider, Loader};
use serde::Deserialize;
use serde_json::json;

use super::embedded::{Embedded, Embedding};

/// What the program is built with.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// Through which interface the policy is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Interface {
    /// `routing`: the Rust host.
    Routing,
    /// `routing-json`: wasmtime alone.
    RoutingJson,
}

/// A line of the input: two texts.
#[derive(Deserialize)]
struct Asked {
    request: String,
    state: String,
}

enum Runner {
    Host(Box<Decider>),
    Bare(Embedding, Option<Embedded>),
}

/// Answers every line of standard input, and says on standard error how long that took.
///
/// # Errors
/// That there is no such policy, or a line is no case.
pub fn run(policy: &Path, interface: Interface) -> Result<(), String> {
    let at = |error: String| format!("{}: {error}", policy.display());
    let component = std::fs::read(policy).map_err(|error| at(error.to_string()))?;
    let started = Instant::now();
    let mut runner = Runner::load(&component, interface).map_err(at)?;
    let loading = started.elapsed();
    let (mut deciding, mut cases) = (Duration::ZERO, 0_u64);
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let Asked { request, state } =
            serde_json::from_str(&line).map_err(|error| format!("case {}: {error}", cases + 1))?;
        let asked = Instant::now();
        let answer = runner.answer(&request, &state);
        deciding += asked.elapsed();
        cases += 1;
        writeln!(out, "{answer}").map_err(|error| error.to_string())?;
    }
    out.flush().map_err(|error| error.to_string())?;
    let times = json!({
        "cases": cases,
        "nanoseconds_total": nanoseconds(deciding),
        "load_nanoseconds": nanoseconds(loading),
        "runtime": interface.runtime(),
    });
    eprintln!("{times}");
    Ok(())
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Interface {
    fn runtime(self) -> String {
        let wasmtime = format!("wasmtime {}", locked("wasmtime"));
        match self {
            Self::Routing => format!("execution-router {}, {wasmtime}", env!("CARGO_PKG_VERSION")),
            Self::RoutingJson => format!("{wasmtime} as a crate"),
        }
    }
}

/// The version of a crate that this program is built with.
fn locked(name: &str) -> &'static str {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let behind = LOCK.split_once(&entry);
    let version = behind.and_then(|(_, behind)| behind.split_once('"'));
    version.map_or("", |(version, _)| version)
}

impl Runner {
    fn load(component: &[u8], interface: Interface) -> Result<Self, String> {
        match interface {
            Interface::Routing => {
                let cache = Cache::disabled();
                let loader = Loader::new(&cache).compiler(Compiler::in_process());
                let policy = loader.component(component);
                let policy = policy.map_err(|error| error.to_string())?;
                Ok(Self::Host(Box::new(Decider::new(policy))))
            }
            Interface::RoutingJson => {
                let embedding = Embedding::new(component).map_err(|error| format!("{error:#}"))?;
                let instance = embedding.instance().map_err(|error| format!("{error:#}"))?;
                Ok(Self::Bare(embedding, Some(instance)))
            }
        }
    }

    fn answer(&mut self, request: &str, state: &str) -> String {
        match self {
            Self::Host(decider) => decider.decide_json(request, state),
            Self::Bare(embedding, instance) => {
                let mut fresh = match instance.take() {
                    Some(instance) => Ok(instance),
                    None => embedding.instance(),
                };
                let answered = match &mut fresh {
                    Ok(instance) => instance.decide(request, state),
                    Err(error) => Err(wasmtime::format_err!("{error:#}")),
                };
                match answered {
                    Ok((answer, _)) => {
                        *instance = fresh.ok();
                        answer
                    }
                    Err(error) => fault(&error),
                }
            }
        }
    }
}

/// What stands for a decision that a trap prevented.
fn fault(error: &wasmtime::Error) -> String {
    let message = format!("{error:#}");
    let message = json!(message);
    format!("{{\"side\":\"SKIP\",\"error\":{{\"code\":\"{POLICY_FAULT}\",\"message\":{message}}}}}")
}
