//! Everything that hosts are asked, laid out in folders that a runner in any language reads:
//! `<policy>/policy.wasm`, `cases.jsonl`, `expected.jsonl` and `origins.jsonl`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use execution_router::{Cache, Policy};
use router_guest::document::Document;
use router_guest::engine::Engine;
use serde::Serialize;

use super::unroll::{self, Unrolled};
use super::{Case, Suite, generated, trapping};
use crate::run;
use crate::{DEFAULT_POLICY, variant_policy};

/// The folder of the default policy.
pub const DEFAULT: &str = "default";
/// Streams of real signals, in `data/`.
const STREAMS: [&str; 2] = ["btc_usdt_2022-01.jsonl", "altcoins_2018-01.jsonl"];
/// Generated requests on the default policy.
const ON_DEFAULT: u64 = 8_000;
/// Generated requests on the default policy with all that can be known of symbols.
const ON_VARIANT: u64 = 4_000;
/// Random policies.
const RANDOM_POLICIES: u64 = 8;
/// Generated requests on each of them.
const ON_RANDOM: u64 = 1_000;
const SEED: u64 = 2_026;
/// Between the seeds of two random policies, so that none is drawn twice.
const SEEDS_APART: u64 = 1_000;

/// What is asked of hosts, and what became of the streams.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// A suite for each policy, in the order of their names.
    pub suites: Vec<Suite>,
    /// The streams that were unrolled.
    pub unrolled: Unrolled,
}

/// A policy whose cases are being gathered.
struct Gathering {
    policy: Policy,
    engine: Engine,
    cases: Vec<Case>,
}

impl Gathering {
    fn of(policy: Policy, document: &str) -> Result<Self, String> {
        let document = Document::parse(document).map_err(|findings| findings.to_string())?;
        let engine = Engine::new(document.table()).map_err(|error| error.to_string())?;
        Ok(Self {
            policy,
            engine,
            cases: Vec::new(),
        })
    }

    fn of_text(document: &str, cache: &Cache) -> Result<Self, String> {
        let policy = Policy::from_document(document, None, cache);
        Self::of(policy.map_err(|error| error.to_string())?, document)
    }
}

/// Gathers all cases.
///
/// # Errors
/// The first line of a stream that is not answered as it should be, or a policy that is none.
pub fn gather(cache: &Cache) -> Result<Prepared, String> {
    let default = Policy::default_policy(cache).map_err(|error| error.to_string())?;
    let mut policies =
        BTreeMap::from([(DEFAULT.to_owned(), Gathering::of(default, DEFAULT_POLICY)?)]);
    let mut unrolled = Unrolled::default();
    let recorded = STREAMS.map(|stream| run::Case {
        stream: run::data_folder().join(stream),
    });
    let mut faults = Vec::new();
    for case in run::Case::all(&run::cases_folder()).iter().chain(&recorded) {
        faults.extend(unroll_one(case, &mut policies, &mut unrolled, cache).err());
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    generate(&mut policies, cache)?;
    let mut suites = vec![trapping::suite()];
    suites.extend(policies.into_iter().map(|(name, gathered)| Suite {
        name,
        component: gathered.policy.component().to_vec(),
        cases: gathered.cases,
    }));
    suites.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Prepared { suites, unrolled })
}

fn unroll_one(
    case: &run::Case,
    policies: &mut BTreeMap<String, Gathering>,
    unrolled: &mut Unrolled,
    cache: &Cache,
) -> Result<(), String> {
    let group = group(&case.stream);
    let document = case.stream.with_file_name("policy.yaml");
    let name = if document.exists() {
        group.replace('/', "-")
    } else {
        DEFAULT.to_owned()
    };
    if !policies.contains_key(&name) {
        let text = fs::read_to_string(&document);
        let text = text.map_err(|error| format!("{}: {error}", unroll::named(&document)))?;
        let gathering = Gathering::of(unroll::policy(&document, cache)?, &text)?;
        policies.insert(name.clone(), gathering);
    }
    if let Some(gathering) = policies.get_mut(&name) {
        let one = unroll::file(case, &group, &gathering.policy, &gathering.engine)?;
        gathering.cases.extend(one.cases.iter().cloned());
        unrolled.add(one);
    }
    Ok(())
}

/// What a stream counts as in reports: its folder among the cases.
fn group(stream: &Path) -> String {
    let folder = stream.parent().unwrap_or(stream);
    match folder.strip_prefix(run::cases_folder()) {
        Ok(inside) => inside.display().to_string(),
        Err(_) => "streams".to_owned(),
    }
}

fn generate(policies: &mut BTreeMap<String, Gathering>, cache: &Cache) -> Result<(), String> {
    policies.insert(
        "variant".to_owned(),
        Gathering::of_text(&variant_policy(), cache)?,
    );
    let mut wanted = vec![
        (DEFAULT.to_owned(), ON_DEFAULT),
        ("variant".to_owned(), ON_VARIANT),
    ];
    for number in 1..=RANDOM_POLICIES {
        let document = generated::document(SEED + number * SEEDS_APART)?;
        let name = format!("random-{number}");
        policies.insert(name.clone(), Gathering::of_text(&document, cache)?);
        wanted.push((name, ON_RANDOM));
    }
    for (seed, (name, count)) in (SEED..).zip(wanted) {
        if let Some(gathering) = policies.get_mut(&name) {
            let cases = generated::cases(&gathering.engine, seed, count);
            gathering.cases.extend(cases);
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Asked<'a> {
    request: &'a str,
    state: &'a str,
}

/// Writes the suites into a folder of their own, and nothing else is left in it.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(suites: &[Suite], folder: &Path) -> Result<(), String> {
    let at = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| at(folder, error))?;
    }
    for suite in suites {
        let folder = folder.join(&suite.name);
        fs::create_dir_all(&folder).map_err(|error| at(&folder, error))?;
        for (name, bytes) in files(suite)? {
            let path = folder.join(name);
            let written = fs::File::create(&path).and_then(|mut file| file.write_all(&bytes));
            written.map_err(|error| at(&path, error))?;
        }
    }
    Ok(())
}

fn files(suite: &Suite) -> Result<[(&'static str, Vec<u8>); 4], String> {
    let (mut asked, mut expected, mut origins) = (String::new(), String::new(), String::new());
    for case in &suite.cases {
        asked += &line_of(case)?;
        expected += &case.expected;
        origins += &serde_json::to_string(&case.origin).map_err(|error| error.to_string())?;
        for text in [&mut asked, &mut expected, &mut origins] {
            text.push('\n');
        }
    }
    Ok([
        ("policy.wasm", suite.component.clone()),
        ("cases.jsonl", asked.into_bytes()),
        ("expected.jsonl", expected.into_bytes()),
        ("origins.jsonl", origins.into_bytes()),
    ])
}

/// A case as a runner reads it. What some languages take for the end of a line is escaped.
fn line_of(case: &Case) -> Result<String, String> {
    let text = serde_json::to_string(&Asked {
        request: &case.request,
        state: &case.state,
    });
    let text = text.map_err(|error| error.to_string())?;
    let ends = [
        ('\u{85}', "\\u0085"),
        ('\u{2028}', "\\u2028"),
        ('\u{2029}', "\\u2029"),
    ];
    Ok(ends
        .into_iter()
        .fold(text, |text, (end, escaped)| text.replace(end, escaped)))
}

/// Where the suites are laid out: `target/hosts`.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/hosts")
}
