//! Every hostile component of the table, held to what `tests/hostile/outcomes.tsv` says: whether
//! it is loaded, who is at fault, and what is told. What holds for all of them stands here: no
//! budget moves but by the sound opening, the next decision is as the first one was, and no exit
//! is held up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use execution_router::policy::{ComponentError, Policy};
use execution_router::verify::{Verdict, verify};
use execution_router::{Cache, Compiler, Loader, Request};
use router_guest::request::{FinalAction, PositionSide, TradeType};

use crate::bench::*;

/// A hostile component, and what it is asked.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) component: Box<dyn Fn() -> Vec<u8>>,
    pub(crate) asked: Asked,
}

/// What a component is asked once it is loaded.
pub(crate) enum Asked {
    /// One request that it misbehaves on, between two that it does not.
    Request(Box<dyn Fn() -> Request<'static>>),
    /// Its whole domain.
    Domain,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// `guest`, `host` or `none`.
    pub(crate) fault: &'static str,
    pub(crate) said: String,
}

impl Case {
    /// A component that is loaded, and asked what it misbehaves on.
    pub(crate) fn new(name: &'static str, component: impl Fn() -> Vec<u8> + 'static) -> Self {
        Self {
            name,
            component: Box::new(component),
            asked: Asked::Request(Box::new(|| flat(FinalAction::Buy, TradeType::Exploration))),
        }
    }

    pub(crate) fn asked(mut self, asked: Asked) -> Self {
        self.asked = asked;
        self
    }

    /// What becomes of it, and how long it takes to load it and to ask it.
    pub(crate) fn run(&self) -> (Outcome, Duration, Duration) {
        let component = (self.component)();
        let started = Instant::now();
        let loaded = load(&component);
        let loading = started.elapsed();
        let (outcome, asking) = match (loaded, &self.asked) {
            (Err(error), _) => {
                let said = error.to_string();
                assert!(!said.contains('\n'), "{said}");
                (refused(&error), Duration::ZERO)
            }
            (Ok(policy), Asked::Request(request)) => decided(policy, &request()),
            (Ok(policy), Asked::Domain) => verified(&policy),
        };
        (outcome, loading, asking)
    }
}

/// Loads a component as an operator does: compiled by a process of its own, nothing kept.
pub(crate) fn load(component: &[u8]) -> Result<Policy, ComponentError> {
    let cache = Cache::disabled();
    let compiler = Compiler::child(env!("CARGO_BIN_EXE_policy-compiler"));
    Loader::new(&cache).compiler(compiler).component(component)
}

fn refused(error: &ComponentError) -> Outcome {
    let fault = if error.blames_policy() {
        "guest"
    } else {
        "host"
    };
    Outcome {
        fault,
        said: format!("not loaded: {error}"),
    }
}

fn decided(policy: Policy, request: &Request<'_>) -> (Outcome, Duration) {
    let bench = Bench::new(policy);
    let first = bench.decide(&sound_request());
    let mut incidents = bench.incidents();
    let started = Instant::now();
    let answer = bench.decide(request);
    let took = started.elapsed();
    incidents.extend(bench.incidents());
    let is_withdrawn = bench.router.is_withdrawn();
    let next = bench.decide(&sound_request());
    // What it does wrong at the sound request is told again.
    let _ = bench.incidents();
    assert_eq!(next, if is_withdrawn { UNAVAILABLE } else { &first });
    let granted = [&first, &answer, &next]
        .into_iter()
        .filter(|said| *said == SOUND);
    let orders = u32::try_from(granted.count()).unwrap();
    assert_eq!(bench.held().orders, orders);
    assert_eq!(bench.held().reserved, amount(&(100 * orders).to_string()));
    let close = on(FinalAction::Close, TradeType::Normal, PositionSide::Long);
    assert_eq!(bench.decide(&close), CLOSED);
    incidents.dedup();
    let fault = match incidents.first() {
        None => "none",
        Some(told) if told.starts_with("HostFault") => "host",
        Some(_) => "guest",
    };
    let told: String = incidents.iter().fold(String::new(), |mut told, incident| {
        let _ = write!(told, "; {incident}");
        told
    });
    let said = format!("{answer}{told}");
    (Outcome { fault, said }, took)
}

fn verified(policy: &Policy) -> (Outcome, Duration) {
    let started = Instant::now();
    let report = verify(policy, &mut |_| {}).unwrap();
    let took = started.elapsed();
    let findings = report.findings().iter();
    let found: Vec<&str> = findings.map(|finding| finding.breach.code()).collect();
    let fault = match report.verdict() {
        Verdict::Certified => "none",
        Verdict::Partial | Verdict::Counterexamples => "guest",
    };
    let said = format!("{}: {}", report.verdict().word(), found.join(", "));
    (Outcome { fault, said }, took)
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("hostile/outcomes.tsv")
}

fn row(name: &str, Outcome { fault, said }: &Outcome) -> String {
    format!("{name}\t{fault}\t{said}\n")
}

/// `BLESS=1` writes the table instead of comparing it.
#[test]
fn every_hostile_component_ends_as_the_table_says() {
    let cases = crate::cases::all();
    assert!(cases.len() >= 32, "{}", cases.len());
    let rows: BTreeMap<&str, String> = cases
        .iter()
        .map(|case| (case.name, row(case.name, &case.run().0)))
        .collect();
    assert_eq!(rows.len(), cases.len(), "two cases have one name");
    let table = rows
        .into_values()
        .fold("case\tfault\toutcome\n".to_owned(), |table, row| {
            table + &row
        });
    if std::env::var_os("BLESS").is_some() {
        fs::write(file(), &table).unwrap();
    }
    let expected = fs::read_to_string(file()).unwrap();
    for (made, expected) in table.lines().zip(expected.lines()) {
        assert_eq!(made, expected);
    }
    assert_eq!(table.lines().count(), expected.lines().count());
}

/// Where the components are written to that fuzzing begins with.
const SEEDS: &str = "HOSTILE_SEEDS";

#[test]
#[ignore = "it writes files; `tests/hostile/README.md` says what for"]
fn seeds() {
    let folder = PathBuf::from(std::env::var_os(SEEDS).expect(SEEDS));
    fs::create_dir_all(&folder).unwrap();
    for (at, case) in crate::cases::all().iter().enumerate() {
        let component = (case.component)();
        fs::write(folder.join(format!("{at}.wasm")), component).unwrap();
    }
}
