//! The hosts under test, as `tests/embedding/hosts.json` names them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::runner::RunnerCommand;

/// How long a runner may take for the cases of one policy, where nothing is said.
const TIME_MAX: Duration = Duration::from_secs(300);
/// The place of the component in a command.
const POLICY: &str = "{policy}";
/// The place of this program in a command.
const PROGRAM: &str = "{hosts}";

/// One host under test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// What it is called in reports, and for `--only`.
    pub name: String,
    /// Where its runner is started, from the repository's top.
    folder: PathBuf,
    /// The runner and its arguments.
    command: Vec<String>,
    /// How long it may take for the cases of one policy.
    time_max_s: Option<u64>,
    /// Whether it is only asked when it is named: a process for each case takes minutes.
    #[serde(default)]
    by_hand: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    hosts: Vec<Host>,
}

impl Host {
    /// Those of a text that are asked for, in the order in which they are asked for; when none
    /// is, all but those that are run by hand.
    ///
    /// # Errors
    /// That the text is no list, or a name is not on it.
    pub fn list(text: &str, only: &[String]) -> Result<Vec<Self>, String> {
        let List { hosts } = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if only.is_empty() {
            return Ok(hosts.into_iter().filter(|host| !host.by_hand).collect());
        }
        let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        let wanted = only.iter().map(|name| {
            let host = hosts.iter().find(|host| host.name == *name).cloned();
            host.ok_or_else(|| format!("there is no host `{name}`; there are {}", names.join(", ")))
        });
        wanted.collect()
    }

    /// The same of the suite's own list.
    ///
    /// # Errors
    /// That it cannot be read, or a name is not on it.
    pub fn listed(only: &[String]) -> Result<Vec<Self>, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("embedding/hosts.json");
        let text = fs::read_to_string(&path).map_err(|error| error.to_string());
        let hosts = text.and_then(|text| Self::list(&text, only));
        hosts.map_err(|error| format!("tests/embedding/hosts.json: {error}"))
    }

    /// How it is started on a component.
    ///
    /// # Errors
    /// That this program's own place is not known.
    pub fn command(&self, policy: &Path) -> Result<RunnerCommand, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = top.join(&self.folder);
        let mut words: Vec<String> = self
            .command
            .iter()
            .map(|word| {
                word.replace(POLICY, &policy.display().to_string())
                    .replace(PROGRAM, &own.display().to_string())
            })
            .collect();
        // What a relative program is relative to is not the same on every system.
        if let Some(program) = words.first_mut().filter(|program| program.contains('/')) {
            *program = folder.join(&*program).display().to_string();
        }
        Ok(RunnerCommand {
            words,
            folder,
            time_max: self.time_max_s.map_or(TIME_MAX, Duration::from_secs),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"hosts": [
        {"name": "one", "folder": "a", "command": [".venv/bin/run", "--time", "{policy}"]},
        {"name": "two", "folder": ".", "command": ["{hosts}", "answer"], "time_max_s": 7},
        {"name": "slow", "folder": ".", "command": ["slow"], "by_hand": true}
    ]}"#;

    #[test]
    fn hosts_are_taken_by_name_and_started_in_their_folder() {
        let only = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            Host::list(LIST, &names).map(|hosts| {
                let names = hosts.into_iter().map(|host| host.name);
                names.collect::<Vec<_>>()
            })
        };
        assert_eq!(only(&[]).unwrap(), ["one", "two"]);
        assert_eq!(only(&["two", "one"]).unwrap(), ["two", "one"]);
        assert_eq!(only(&["slow"]).unwrap(), ["slow"]);
        assert_eq!(
            only(&["three"]).unwrap_err(),
            "there is no host `three`; there are one, two, slow"
        );
        let hosts = Host::list(LIST, &[]).unwrap();
        let command = hosts[0].command(Path::new("/p.wasm")).unwrap();
        assert!(
            command.words[0].ends_with("/a/.venv/bin/run"),
            "{command:?}"
        );
        assert_eq!(command.words[1..], ["--time", "/p.wasm"]);
        assert_eq!(command.time_max, TIME_MAX);
        let command = hosts[1].command(Path::new("/p.wasm")).unwrap();
        assert!(Path::new(&command.words[0]).is_absolute());
        assert_eq!(command.time_max, Duration::from_secs(7));
    }

    #[test]
    fn a_list_that_is_none_is_told() {
        let fault = Host::list(r#"{"hosts": [{"name": "one"}]}"#, &[]).unwrap_err();
        assert!(fault.starts_with("missing field `folder`"), "{fault}");
        let fault = Host::list(r#"{"hosts": [], "host": 1}"#, &[]).unwrap_err();
        assert!(fault.starts_with("unknown field `host`"), "{fault}");
    }

    #[test]
    fn the_suites_own_list_is_one() {
        let hosts = Host::listed(&[]).unwrap();
        let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        for name in ["rust", "wasmtime", "javascript", "python"] {
            assert!(names.contains(&name), "{names:?}");
        }
    }
}
