//! `swap`: another policy for a router, asked from another terminal.

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;

use super::Outcome;
use super::operate::{self, StoreArguments};
use crate::sandbox::SandboxProfile;

/// Arguments of `swap`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// A `policy.yaml`, a folder that holds one, or a component `.wasm`.
    #[arg(value_name = "P")]
    policy: PathBuf,
    /// Bounds on a component, `strict` or `large`; those that the router was started with when not
    /// given.
    #[arg(long, value_name = "PROFILE")]
    profile: Option<SandboxProfile>,
}

/// Asks the router that runs on a store to make a policy the live one, when it passes the gate.
///
/// # Errors
/// When nobody could be asked: no router runs, or its store cannot be read.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let path = &arguments.policy;
    // The router may stand in another folder.
    let path =
        std::path::absolute(path).with_context(|| format!("cannot find `{}`", path.display()))?;
    let text = path.to_str().with_context(|| {
        format!(
            "cannot name `{}` to the router: it is not Unicode",
            path.display()
        )
    })?;
    let mut line = json!({ "control": "swap", "policy": text });
    if let (Some(profile), Some(line)) = (arguments.profile, line.as_object_mut()) {
        line.insert("profile".to_owned(), profile.word().into());
    }
    operate::ask(&arguments.store, operate::SWAP, &line)
}
