//! Every case of `cases/`, through the component, compared to the byte.

use std::ffi::OsStr;

use conformance::run::{self, Case};
use execution_router::Cache;
use execution_router::stream::Format;

fn cache() -> Cache {
    Cache::at(env!("CARGO_TARGET_TMPDIR"))
}

/// What is wrong with a case; nothing when it is right.
fn faults(case: &Case, cache: &Cache) -> Vec<String> {
    let input = case.input();
    let (answers, _) = run::route(&case.router(cache), &input, Format::Json);
    let mut faults =
        Vec::from_iter(run::compare(&run::canonical(&answers), &case.decisions()).err());
    if case.log().exists() {
        let (lines, _) = run::route(&case.router(cache), &input, Format::Log);
        faults.extend(run::compare(&lines, &case.log()).err());
    }
    faults
}

#[test]
fn every_case() {
    let cache = cache();
    let cases = Case::all(&run::cases_folder());
    assert!(cases.len() >= 75, "{} cases", cases.len());
    let faults: Vec<String> = cases.iter().flat_map(|case| faults(case, &cache)).collect();
    assert!(
        faults.is_empty(),
        "{} cases differ\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn every_line_of_a_case_has_one_answer() {
    let cache = cache();
    for case in Case::all(&run::cases_folder()) {
        let input = case.input();
        let (answers, summary) = run::route(&case.router(&cache), &input, Format::Json);
        let lines = input.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(
            (answers.lines().count(), summary.lines),
            (lines, lines as u64),
            "{}",
            case.stream.display()
        );
    }
}

/// An expectation that no case reads is one that nobody compares.
#[test]
fn nothing_stands_beside_the_cases_that_no_case_reads() {
    let cases = Case::all(&run::cases_folder());
    let read = cases
        .iter()
        .flat_map(|case| [case.stream.clone(), case.decisions(), case.log()]);
    let read: Vec<_> = read.collect();
    let known = |name: Option<&OsStr>| {
        name.is_some_and(|name| name == "policy.yaml" || name == "README.md")
    };
    // Documents, not streams: other tests read these.
    let others = ["refused/documents", "refused/proofs"];
    let others = others.map(|folder| run::cases_folder().join(folder));
    for file in run::files(&run::cases_folder()) {
        assert!(
            read.contains(&file)
                || known(file.file_name())
                || others.iter().any(|folder| file.starts_with(folder)),
            "{}: no case reads it",
            file.display()
        );
    }
}
