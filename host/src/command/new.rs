//! `new`: a policy project, ready to be built, tested and verified.

use std::path::PathBuf;

use anyhow::Context as _;

use super::Outcome;
use crate::new::{self, Language, ProjectName};

/// Arguments of `new`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The project's name: letters a to z, digits, and hyphens between them. It is the name of its
    /// folder, of its package and of its policy.
    #[arg(value_name = "NAME")]
    name: ProjectName,
    /// What the policy is written in.
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Language,
    /// The folder to make the project's folder in.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    within: PathBuf,
}

/// Makes the project, and says where to read on.
///
/// # Errors
/// When there is something of the name already, or it cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let Arguments { name, lang, within } = arguments;
    let project = new::create(within, name, *lang)
        .with_context(|| format!("cannot make the project `{name}`"))?;
    let folder = project.folder.display();
    println!(
        "{folder}: a policy in {}, {} files",
        lang.word(),
        project.files.len()
    );
    println!("what to run next is in {folder}/README.md");
    Ok(Outcome::Done)
}
