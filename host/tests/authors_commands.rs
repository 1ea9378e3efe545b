//! `schema` and `import` from outside: what they print where, and how they end.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What became of a run.
struct Ran {
    code: i32,
    output: String,
    errors: String,
}

/// Runs the program in a folder, so that files go by their names alone.
#[track_caller]
fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_execution-router"))
        .args(arguments)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let ran = Ran {
        code: output.status.code().expect("it ended by itself"),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!ran.errors.contains("panicked"), "{}", ran.errors);
    ran
}

/// A folder with this as the bot's configuration.
fn folder_with(configuration: impl AsRef<[u8]>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bot.yaml"), configuration).unwrap();
    folder
}

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies")
}

/// The example of the README.
fn example() -> (String, String, String) {
    let readme = include_str!("../../policies/README.md");
    let (_, section) = readme.split_once("## `import`\n").unwrap();
    let mut blocks = section.split("```");
    let mut block = |language: &str| {
        let body = blocks.nth(1).unwrap();
        body.strip_prefix(language)
            .unwrap()
            .trim_start_matches('\n')
            .to_owned()
    };
    (block("yaml"), block("text"), block("yaml"))
}

#[test]
fn the_schema_is_printed_as_it_ships() {
    let ran = run(Path::new("."), &["schema"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    let shipped = fs::read_to_string(policies().join("policy.schema.json")).unwrap();
    assert_eq!(ran.output, shipped);
    let ran = run(Path::new("."), &["schema", "policies"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.errors
            .starts_with("error: unexpected argument 'policies' found")
    );
}

#[test]
fn the_example_of_the_readme() {
    let (configuration, told, part) = example();
    let folder = folder_with(configuration);
    let ran = run(folder.path(), &["import", "bot.yaml"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, told.as_str()));
    for line in part
        .lines()
        .filter(|line| !line.trim_start().starts_with("# …"))
    {
        assert!(
            ran.output.contains(&format!("{line}\n")),
            "{line}\nin\n{}",
            ran.output
        );
    }
}

#[test]
fn a_policy_goes_to_a_folder_or_a_file_and_never_over_one() {
    let folder = folder_with("risk: { short_enabled: true }\n");
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    for (output, path) in [
        ("mine", "mine/policy.yaml"),
        ("a/b/", "a/b/policy.yaml"),
        ("other.yaml", "other.yaml"),
        ("other.yml", "other.yml"),
    ] {
        let ran = run(&["import", "bot.yaml", "-o", output]);
        assert_eq!(
            (ran.code, ran.output.trim_end()),
            (0, path),
            "{}",
            ran.errors
        );
        let written = fs::read_to_string(folder.path().join(path)).unwrap();
        assert_eq!(written, run(&["import", "bot.yaml"]).output);
        let again = run(&["import", "bot.yaml", "-o", output]);
        let message = format!(
            "execution-router: `{path}` is there already, and is not written over: move it away, or name another\n"
        );
        assert_eq!(
            (again.code, again.errors, again.output.as_str()),
            (2, message, "")
        );
    }
    let built = run(&["build", "mine", "-o", "mine.wasm"]);
    assert_eq!(built.code, 0, "{}", built.errors);
}

#[test]
fn json_says_the_same_on_standard_output() {
    let folder = folder_with("risk: { short_enabled: true, other: 1 }\n");
    let ran = run(folder.path(), &["import", "bot.yaml", "--format", "json"]);
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&ran.output).unwrap();
    let text = run(folder.path(), &["import", "bot.yaml"]);
    assert_eq!(report["policy"], text.output);
    assert_eq!(report["imported"][0]["became"], "risk.short_enabled: true");
    assert_eq!(
        report["left_out"].to_string(),
        r#"[{"column":30,"key":"risk.other","keys_under_it":0,"line":1}]"#
    );
    assert_eq!(report["kept"].as_array().unwrap().len(), 6);
    let ran = run(
        folder.path(),
        &["import", "bot.yaml", "--format", "json", "-o", "x.yaml"],
    );
    let report: Value = serde_json::from_str(&ran.output).unwrap();
    assert_eq!(
        (&report["written"], &report["policy"]),
        (&"x.yaml".into(), &Value::Null)
    );
}

#[test]
fn findings_end_with_1_and_write_nothing() {
    let folder =
        folder_with("risk:\n  short_enabled: 1\n  exploration: { budget_pct_per_day: 1 }\n");
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    let ran = run(&["import", "bot.yaml", "-o", "x.yaml"]);
    assert_eq!((ran.code, ran.output.as_str()), (1, ""));
    assert_eq!(
        ran.errors,
        "bot.yaml: line 2, column 18: `risk.short_enabled` must be `true` or `false`, not `1`\n\
         bot.yaml: line 3, column 38: `risk.exploration.budget_pct_per_day` 1 may be 1% or 100% of equity: say which with `--percent` or `--fraction`\n"
    );
    assert!(!folder.path().join("x.yaml").exists());
    let ran = run(&["import", "bot.yaml", "--percent", "--format", "json"]);
    assert_eq!((ran.code, ran.errors.as_str()), (1, ""));
    assert_eq!(
        ran.output,
        "{\"findings\":[{\"column\":18,\"line\":2,\"message\":\"`risk.short_enabled` must be `true` or `false`, not `1`\"}],\"omitted\":0}\n"
    );
}

#[test]
fn what_cannot_run_ends_with_2() {
    let folder = folder_with("{}");
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    for (arguments, errors) in [
        (
            &["import", "missing.yaml"][..],
            "execution-router: cannot read `missing.yaml`: No such file or directory (os error 2)\n",
        ),
        (
            &["import", "."],
            "execution-router: cannot read `.`: Is a directory (os error 21)\n",
        ),
        (
            &["import", "bot.yaml", "-o", "bot.yaml/x"],
            "execution-router: cannot make the folder `bot.yaml/x`: Not a directory (os error 20)\n",
        ),
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.errors.as_str()), (2, errors));
    }
    for arguments in [
        &["import"][..],
        &["import", "bot.yaml", "--percent", "--fraction"],
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 2);
        assert!(ran.errors.starts_with("error: "), "{}", ran.errors);
    }
}
