//! `build`: a policy document becomes a component.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use router_guest::document::cases::Cases;

use super::Outcome;
use crate::compose::{self, ComposeError};
use crate::digest::Digest;
use crate::policy::read_document;

/// Arguments of `build`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A `policy.yaml`, or a folder that holds one; a `cases.yaml` beside it goes in as well.
    #[arg(value_name = "P")]
    policy: PathBuf,
    /// The component to write.
    #[arg(short, long, value_name = "F.wasm")]
    output: PathBuf,
}

/// Builds the component, writes it whole or not at all, and prints its digest.
///
/// # Errors
/// When the document cannot be read or the component cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let document = read_document(&arguments.policy)
        .with_context(|| format!("cannot build `{}`", arguments.policy.display()))?;
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
    let component = match compose::compose(&document.text, document.cases.as_deref()) {
        Ok(component) => component,
        Err(ComposeError::Document(findings)) => {
            super::print_findings(document.path.display(), &findings);
            return Ok(Outcome::Findings);
        }
        Err(error) => return Err(error).context("cannot build the component"),
    };
    if !cases_are_sound {
        return Ok(Outcome::Findings);
    }
    write_whole(&arguments.output, &component)
        .with_context(|| format!("cannot write `{}`", arguments.output.display()))?;
    println!("{}  {}", Digest::of(&component), arguments.output.display());
    Ok(Outcome::Done)
}

/// Writes beside the file and renames, so that nobody who watches it reads half a policy.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
