//! The verbs of the command line: each with its arguments and its run together.

pub mod budget;
pub mod build;
pub mod check;
pub mod compile_policy;
pub mod diff;
pub mod explain;
pub mod import;
pub mod journal;
mod keep;
pub mod new;
mod operate;
mod progress;
pub mod quarantine;
pub mod release;
pub mod replay;
pub mod rollback;
pub mod route;
pub mod schema;
pub mod settle;
pub mod state;
pub mod status;
pub mod swap;
pub mod table;
pub mod test;
pub mod verify;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use router_guest::document::{Document, Findings};

use crate::authored::{Authored, AuthoredError};
use crate::cache::Cache;
use crate::compose::ComposeError;
use crate::policy::{Loader, Policy, PolicyError};
use crate::sandbox::SandboxProfile;

/// How a verb that could run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As asked: exit code 0.
    Done,
    /// With something that a person must look at: exit code 1.
    Findings,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// Text for people.
    Text,
    /// One JSON object.
    Json,
}

/// The policy to run, and where compiled ones are kept.
#[derive(Debug, clap::Args)]
pub struct PolicyArguments {
    /// A `policy.yaml`, a folder that holds one, or a component `.wasm`; the default policy
    /// when not given.
    #[arg(long, value_name = "P")]
    policy: Option<PathBuf>,
    /// Keep compiled policies in this folder instead of the user's cache folder.
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_cache")]
    cache: Option<PathBuf>,
    /// Compile the policy anew and keep nothing.
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// Which bounds a component is held to.
#[derive(Debug, clap::Args)]
pub struct SandboxArguments {
    /// Bounds on the component: `strict`, or `large` for one that carries a language's own engine.
    #[arg(long, value_name = "PROFILE", default_value_t = SandboxProfile::Strict)]
    profile: SandboxProfile,
}

impl SandboxArguments {
    fn loader<'c>(&self, cache: &'c Cache) -> Loader<'c> {
        Loader::new(cache).profile(self.profile)
    }
}

impl PolicyArguments {
    fn cache(&self) -> Cache {
        match &self.cache {
            _ if self.no_cache => Cache::disabled(),
            Some(folder) => Cache::at(folder),
            None => Cache::user(),
        }
    }

    /// The cache; what keeps it from being used is said on standard error.
    fn open_cache(&self) -> Cache {
        let cache = self.cache();
        say_refusal(&cache);
        cache
    }

    /// Whether a policy is given at all.
    const fn is_given(&self) -> bool {
        self.policy.is_some()
    }

    /// What loads policies as these arguments say.
    fn loader<'c>(&self, cache: &'c Cache) -> Loader<'c> {
        self.sandbox.loader(cache)
    }

    /// Loads the policy.
    fn load(&self, cache: &Cache) -> anyhow::Result<Policy> {
        let loader = self.loader(cache);
        match &self.policy {
            Some(path) => load_file(path, &loader),
            None => loader
                .default_policy()
                .context("cannot use the default policy"),
        }
    }

    /// Loads the policy, and the document that it was made of where it was made of one.
    fn load_authored(&self) -> anyhow::Result<(Policy, Option<Document>)> {
        let cache = self.open_cache();
        let authored = match &self.policy {
            Some(path) => open_authored(path)?,
            None => Authored::default_policy().context("cannot use the default policy")?,
        };
        let policy = authored.policy(self.sandbox.loader(&cache))?;
        let document = authored.written().map(|written| written.document.clone());
        Ok((policy, document))
    }
}

/// Opens a policy for its author; the mistakes of a document are said on standard error.
fn open_authored(path: &Path) -> anyhow::Result<Authored> {
    match Authored::open(path) {
        Err(AuthoredError::Mistakes {
            path: document,
            findings,
        }) => {
            print_findings(document.display(), &findings);
            anyhow::bail!(
                "cannot use the policy `{}`: its document has mistakes",
                path.display()
            )
        }
        opened => Ok(opened?),
    }
}

/// Says what keeps compiled policies from being cached.
fn say_refusal(cache: &Cache) {
    if let Some(reason) = cache.refusal() {
        eprintln!("execution-router: compiled policies are not kept: {reason}");
    }
}

fn load_file(path: &Path, loader: &Loader<'_>) -> anyhow::Result<Policy> {
    match loader.load(path) {
        Err(PolicyError::Compose {
            path: Some(document),
            error: ComposeError::Document(findings),
        }) => {
            print_findings(document.display(), &findings);
            anyhow::bail!(
                "cannot use the policy `{}`: its document has mistakes",
                path.display()
            )
        }
        loaded => Ok(loaded?),
    }
}

/// Says what is wrong with a file, each finding behind its name.
fn print_findings(file: impl std::fmt::Display, findings: &Findings) {
    for finding in findings {
        eprintln!("{file}: {finding}");
    }
    if findings.omitted() > 0 {
        eprintln!("{file}: and {} more", findings.omitted());
    }
}
