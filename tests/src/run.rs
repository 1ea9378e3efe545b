//! Running cases: a stream through a router, and what came out in the form in which it is
//! compared. Owns where cases stand and what their file names say; judges no answer.

use std::fs;
use std::path::{Path, PathBuf};

use execution_router::events::Event;
use execution_router::stream::{self, Format, Summary};
use execution_router::{Cache, Policy, Router, TradingState};

/// The switch that writes expectations instead of comparing them.
const BLESS: &str = "BLESS";
/// Lines of a difference that are shown.
const SHOWN_LINES_MAX: usize = 5;

/// One case: the stream and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// The stream, `<name>.jsonl`.
    pub stream: PathBuf,
}

impl Case {
    /// All cases of a folder and the folders in it, in the order of their names.
    ///
    /// # Panics
    /// When the folder cannot be read.
    pub fn all(folder: &Path) -> Vec<Self> {
        let files = files(folder);
        let streams = files.into_iter().filter(|file| {
            let name = file_name(file);
            name.ends_with(".jsonl") && !name.ends_with(".decisions.jsonl")
        });
        streams.map(|stream| Self { stream }).collect()
    }

    /// The file of the answers that are expected.
    pub fn decisions(&self) -> PathBuf {
        self.stream.with_extension("decisions.jsonl")
    }

    /// The file of the log lines that are expected, which need not be there.
    pub fn log(&self) -> PathBuf {
        self.stream.with_extension("log")
    }

    /// The state that the file's name says.
    pub fn trading_state(&self) -> TradingState {
        let name = file_name(&self.stream);
        if name.ends_with(".halted.jsonl") {
            TradingState::Halted
        } else if name.ends_with(".reducing.jsonl") {
            TradingState::Reducing
        } else {
            TradingState::Active
        }
    }

    /// A fresh router with the policy of the case's folder.
    ///
    /// # Panics
    /// When there is no such policy, or it cannot be used.
    #[expect(clippy::panic, reason = "the suite brings its own policies")]
    pub fn router(&self, cache: &Cache) -> Router {
        let policy = self.stream.with_file_name("policy.yaml");
        let loaded = if policy.exists() {
            Policy::load(&policy, cache)
        } else {
            Policy::default_policy(cache)
        };
        let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", self.stream.display()));
        let router = router(loaded);
        router.set_trading_state(self.trading_state(), None);
        router
    }

    /// The stream itself.
    ///
    /// # Panics
    /// When it cannot be read.
    #[expect(clippy::panic, reason = "the suite brings its own streams")]
    pub fn input(&self) -> Vec<u8> {
        fs::read(&self.stream).unwrap_or_else(|error| panic!("{}: {error}", self.stream.display()))
    }
}

/// A router of a policy that fails the test at the first answer that the policy owes: in the
/// suite's own cases no fail-safe may decide.
///
/// # Panics
/// When the policy's budgets cannot be kept.
#[expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the suite brings its own policies"
)]
pub fn router(policy: Policy) -> Router {
    let router = Router::new(policy).expect("budgets that can be kept");
    router.observer(Box::new(|event| {
        if let Some(incident) = incident(event) {
            panic!("{incident}");
        }
    }))
}

/// Whose fault it is that a policy gave no answer, and what happened; `None` for events of
/// other kinds.
pub fn incident(event: &Event) -> Option<String> {
    let (whose, incident) = match event {
        Event::Violation(incident) => ("Violation", incident),
        Event::PolicyFault(incident) => ("PolicyFault", incident),
        Event::HostFault(incident) => ("HostFault", incident),
        _ => return None,
    };
    Some(format!("{whose}: {}", incident.what))
}

/// What a router answers to a stream, and how many lines it refused.
///
/// # Panics
/// When a line has no answer.
#[expect(clippy::expect_used, reason = "memory can be read and written")]
pub fn route(router: &Router, input: &[u8], format: Format) -> (String, Summary) {
    let mut output = Vec::new();
    let summary =
        stream::route(router, input, &mut output, format).expect("memory is read and written");
    (
        String::from_utf8(output).expect("answers are text"),
        summary,
    )
}

/// Answers as they are compared: without what changes with every build of the engine.
pub fn canonical(answers: &str) -> String {
    answers
        .lines()
        .map(|answer| canonical_line(answer) + "\n")
        .collect()
}

/// One answer without `fuel`, `policy.digest` and `policy.generation`. Cut out of the text,
/// so that everything else is compared to the byte. No string can look like what is cut: its
/// quotes are escaped.
pub fn canonical_line(answer: &str) -> String {
    let Some((before, policy)) = answer.split_once(",\"policy\":{") else {
        return answer.to_owned();
    };
    let Some((policy, behind)) = policy.split_once('}') else {
        return answer.to_owned();
    };
    let policy = policy
        .split_once(",\"digest\":")
        .map_or(policy, |(names, _)| names);
    let behind = match behind.strip_prefix(",\"fuel\":") {
        Some(fuel) => fuel.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => behind,
    };
    format!("{before},\"policy\":{{{policy}}}{behind}")
}

/// Compares what came out with a file, or writes the file when `BLESS` is set; what differs is
/// told with the lines around it.
///
/// # Errors
/// What differs, or that there is nothing to compare with.
pub fn compare(actual: &str, expected: &Path) -> Result<(), String> {
    let read = fs::read_to_string(expected);
    if read.as_deref().is_ok_and(|read| read == actual) {
        return Ok(());
    }
    if std::env::var_os(BLESS).is_some() {
        return fs::write(expected, actual)
            .map_err(|error| format!("{}: {error}", expected.display()));
    }
    match read {
        Ok(read) => Err(format!(
            "{} differs:\n{}",
            expected.display(),
            difference(&read, actual)
        )),
        Err(error) => Err(format!(
            "{}: {error}; `{BLESS}=1` writes it",
            expected.display()
        )),
    }
}

/// The first lines that differ, the expected ones behind `-`, those that came behind `+`.
fn difference(expected: &str, actual: &str) -> String {
    let (mut expected_lines, mut actual_lines) = (expected.split('\n'), actual.split('\n'));
    let mut shown = String::new();
    let mut differing = 0;
    for number in 1.. {
        let (expected, actual) = (expected_lines.next(), actual_lines.next());
        if expected.is_none() && actual.is_none() {
            break;
        }
        if expected == actual {
            continue;
        }
        differing += 1;
        if differing <= SHOWN_LINES_MAX {
            let line = |line: Option<&str>| line.unwrap_or("<end of file>").to_owned();
            shown.push_str(&format!(
                "  line {number}\n  - {}\n  + {}\n",
                line(expected),
                line(actual)
            ));
        }
    }
    if differing > SHOWN_LINES_MAX {
        shown.push_str(&format!(
            "  and {} more lines\n",
            differing - SHOWN_LINES_MAX
        ));
    }
    shown
}

/// The files of a folder and the folders in it, in the order of their names.
///
/// # Panics
/// When the folder cannot be read.
#[expect(clippy::panic, reason = "the suite brings its own folders")]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            files.append(&mut self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The suite's folder of cases.
pub fn cases_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// The suite's folder of recorded streams.
pub fn data_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

fn file_name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_with_the_build_is_cut_and_nothing_else() {
        for (answer, canonical) in [
            (
                r#"{"side":"BUY","policy":{"name":"p","version":"1","digest":"ab","generation":1},"fuel":123,"repeated":true}"#,
                r#"{"side":"BUY","policy":{"name":"p","version":"1"},"repeated":true}"#,
            ),
            (
                r#"{"tags":{"fuel":"7","policy":"{}"},"policy":{"name":"p","version":"1","digest":"ab","generation":12},"fuel":9}"#,
                r#"{"tags":{"fuel":"7","policy":"{}"},"policy":{"name":"p","version":"1"}}"#,
            ),
            (r#"{"line":1,"side":"SKIP"}"#, r#"{"line":1,"side":"SKIP"}"#),
        ] {
            assert_eq!(canonical_line(answer), canonical);
        }
    }
}
