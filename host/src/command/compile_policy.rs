//! `compile-policy`: what this program starts itself as, to compile a foreign component within
//! bounds. It is not for people.

use std::process::ExitCode;

use crate::compiler::{self, Asked};
use crate::sandbox::SandboxProfile;

/// Arguments of `compile-policy`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The profile to compile for.
    profile: SandboxProfile,
    /// The digest of the configuration that asks.
    engine: String,
}

/// Compiles the component on standard input to standard output.
pub fn run(arguments: Arguments) -> ExitCode {
    let Arguments { profile, engine } = arguments;
    compiler::serve(&Asked { profile, engine })
}
