//! `build`: a policy document, or what a language's toolchain made, becomes a component.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use router_guest::document::cases::Cases;

use super::Outcome;
use crate::compose::{self, ComposeError};
use crate::digest::Digest;
use crate::encode;
use crate::policy::{DocumentSource, PolicyFile, read_policy_file};
use crate::regular::Whole;

/// Arguments of `build`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A `policy.yaml`, or a folder that holds one, and a `cases.yaml` beside it goes in as well;
    /// or a `.wasm` that another language was compiled to.
    #[arg(value_name = "P")]
    policy: PathBuf,
    /// The component to write.
    #[arg(short, long, value_name = "F.wasm")]
    output: PathBuf,
}

/// Builds the component, writes it whole or not at all, and prints its digest.
///
/// # Errors
/// When the policy cannot be read or the component cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let policy = read_policy_file(&arguments.policy)
        .with_context(|| format!("cannot build `{}`", arguments.policy.display()))?;
    let component = match policy {
        PolicyFile::Document(document) => composed(&document)?,
        PolicyFile::Component { path, bytes } => encoded(&path, &bytes),
    };
    let Some(component) = component else {
        return Ok(Outcome::Findings);
    };
    write_whole(&arguments.output, &component)
        .with_context(|| format!("cannot write `{}`", arguments.output.display()))?;
    println!("{}  {}", Digest::of(&component), arguments.output.display());
    Ok(Outcome::Done)
}

/// The component of a document; none where it has mistakes, which are said.
fn composed(document: &DocumentSource) -> anyhow::Result<Option<Vec<u8>>> {
    // Cases that cannot be read would be found in the component by nobody who could mend them.
    let cases = document.cases.as_deref().map(Cases::parse);
    let cases_are_sound = match cases {
        Some(Err(findings)) => {
            let file = document.cases_path().display().to_string();
            super::print_findings(&file, &findings);
            false
        }
        _ => true,
    };
    match compose::compose(&document.text, document.cases.as_deref()) {
        Ok(component) => Ok(cases_are_sound.then_some(component)),
        Err(ComposeError::Document(findings)) => {
            super::print_findings(document.path.display(), &findings);
            Ok(None)
        }
        Err(error) => Err(error).context("cannot build the component"),
    }
}

/// The component of what was compiled; none where it is no policy, which is said.
fn encoded(path: &Path, compiled: &[u8]) -> Option<Vec<u8>> {
    encode::encode(compiled)
        .map_err(|error| eprintln!("{}: {error}", path.display()))
        .ok()
}

/// Writes beside the file and renames, so that nobody who watches it reads half a policy.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let (whole, mut file) = Whole::create(path)?;
    file.write_all(bytes)?;
    whole.place(&file)
}
