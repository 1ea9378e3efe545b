//! Lays out everything that hosts are asked, and holds each host's answers to it:
//! `tests/embedding/README.md` says how it is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use conformance::hosts::answer::{self, Interface};
use conformance::hosts::layout::{self, Prepared};
use conformance::hosts::list::Host;
use conformance::hosts::session;
use execution_router::{Cache, Compiler, Loader, Policy, SandboxProfile};

/// The host that asks a policy of another make.
const RUST: &str = "rust";

/// Holds hosts in any language to the same answers.
#[derive(Parser)]
#[command(name = "hosts")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Lays out policies, cases and expected answers in `target/hosts`
    Prepare(PrepareArguments),
    /// Asks every host, and compares
    Run(RunArguments),
    /// A runner: answers the cases on standard input
    Answer(AnswerArguments),
}

#[derive(Args)]
struct PrepareArguments {
    /// Where they are laid out; whatever else is in it is removed
    #[arg(long, value_name = "FOLDER", default_value_os_t = layout::folder())]
    folder: PathBuf,
}

#[derive(Args)]
struct RunArguments {
    #[command(flatten)]
    prepare: PrepareArguments,
    /// Hosts that are asked, with commas between them; all where nothing is said
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<String>,
    /// Another component, document or folder with one: it is asked the default policy's cases
    #[arg(long, value_name = "P", conflicts_with = "only")]
    policy: Option<PathBuf>,
    /// The bounds that this component is held to: strict or large
    #[arg(long, requires = "policy", default_value = "strict")]
    profile: SandboxProfile,
    /// Where `report.md` and `report.json` are written
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/hosts-report"))]
    report: PathBuf,
}

#[derive(Args)]
struct AnswerArguments {
    /// The component
    policy: PathBuf,
    /// How it is asked
    #[arg(long, value_enum, default_value = "routing")]
    interface: Interface,
    /// The bounds that the Rust host holds it to: strict or large
    #[arg(long, default_value = "strict")]
    profile: SandboxProfile,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Prepare(arguments) => prepare(&arguments).map(|_| true),
        Verb::Run(arguments) => run(&arguments),
        Verb::Answer(AnswerArguments {
            policy,
            interface,
            profile,
        }) => answer::run(&policy, interface, profile).map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("hosts: {error}");
            ExitCode::from(2)
        }
    }
}

fn prepare(arguments: &PrepareArguments) -> Result<Prepared, String> {
    let prepared = layout::gather(&Cache::user())?;
    layout::write(&prepared.suites, &arguments.folder)?;
    println!("{}", prepared.unrolled);
    for suite in &prepared.suites {
        println!("{}: {} cases", suite.name, suite.cases.len());
    }
    Ok(prepared)
}

/// True when nothing differs.
fn run(arguments: &RunArguments) -> Result<bool, String> {
    let hosts = match &arguments.policy {
        None => Host::listed(&arguments.only),
        Some(_) => Host::listed(&[RUST.to_owned()]),
    }?;
    let other = arguments.policy.as_deref();
    let other = other.map(|path| component(path, arguments.profile));
    let other = other.transpose()?;
    // Runners are started elsewhere.
    let folder = std::path::absolute(&arguments.prepare.folder);
    let folder = folder.map_err(|error| error.to_string())?;
    let report = match (other, hosts.as_slice()) {
        (Some(component), [host, ..]) => {
            let prepared = layout::gather(&Cache::user())?;
            session::run_other(host, &component, &prepared, &folder)?
        }
        _ => session::run(&hosts, &prepare(&arguments.prepare)?, &folder)?,
    };
    let text = report.to_string();
    println!("\n{text}");
    write(&arguments.report, "report.md", &text)?;
    write(&arguments.report, "report.json", &report.to_json())?;
    let not_started: Vec<&str> = report
        .not_started()
        .map(|host| host.name.as_str())
        .collect();
    if not_started.is_empty() {
        return Ok(report.is_same());
    }
    Err(format!(
        "{} could not be started; the README of each says what it needs",
        not_started.join(", ")
    ))
}

/// The policy that an argument says.
fn component(path: &Path, profile: SandboxProfile) -> Result<Policy, String> {
    let document = path.join("policy.yaml");
    let path = if path.is_dir() { &document } else { path };
    let cache = Cache::user();
    let loader = Loader::new(&cache).profile(profile);
    let policy = loader.compiler(Compiler::in_process()).load(path);
    policy.map_err(|error| format!("{}: {error}", path.display()))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = folder.join(name);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
    written.map_err(|error| format!("{}: {error}", path.display()))
}
