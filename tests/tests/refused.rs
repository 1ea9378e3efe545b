//! What is refused: lines that cannot stand in a case file, policy documents, components; and
//! that the suite has as much of it as of what is accepted.
//!
//! Refused lines that can be written down are cases, in `cases/refused/lines`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test stops where it fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

use conformance::run::{self, Case};
use execution_router::compose::compose;
use execution_router::stream::{Format, LINE_BYTES_MAX};
use execution_router::{Cache, Policy, Router};
use router_guest::document::Document;
use serde_json::Value;

const SOUND: &str =
    r#"{"id":"sound","final_action":"HOLD","symbol":"BTC/USDT","strategy":"trend"}"#;
const ROUTING: &str = "execution-router:policy/routing@0.1.0";

fn router() -> Router {
    run::router(Policy::default_policy(&Cache::at(env!("CARGO_TARGET_TMPDIR"))).unwrap())
}

/// Routes the line between sound ones, which must be routed, and answers what is said to it.
#[track_caller]
fn refusal(line: &[u8]) -> String {
    let input = [
        SOUND.as_bytes(),
        b"\n",
        line,
        b"\n",
        SOUND.as_bytes(),
        b"\n",
    ]
    .concat();
    let (answers, summary) = run::route(&router(), &input, Format::Json);
    assert_eq!((summary.lines, summary.refused), (3, 1), "{answers}");
    let answers: Vec<&str> = answers.lines().collect();
    for sound in [answers[0], answers[2]] {
        assert!(
            sound.starts_with(
                r#"{"id":"sound","symbol":"BTC/USDT","final_action":"HOLD","side":"SKIP","#
            ),
            "{sound}"
        );
    }
    answers[1].to_owned()
}

#[track_caller]
fn refused(line: impl AsRef<[u8]>, code: &str, message: &str) {
    let expected =
        format!(r#"{{"line":2,"side":"SKIP","error":{{"code":"{code}","message":"{message}"}}}}"#);
    assert_eq!(refusal(line.as_ref()), expected);
}

#[test]
fn a_line_of_ten_megabytes() {
    let message = "the line is longer than 65536 bytes";
    refused(vec![b'x'; 10_000_000], "line_too_long", message);
    refused(vec![0; 10_000_000], "line_too_long", message);
    let tag = "t".repeat(10_000_000);
    refused(SOUND.replace("trend", &tag), "line_too_long", message);
    refused(
        SOUND.replace("trend", &"[".repeat(10_000_000)),
        "line_too_long",
        message,
    );
}

#[test]
fn the_longest_line_is_taken_and_one_byte_more_is_not() {
    let padding = " ".repeat(LINE_BYTES_MAX - SOUND.len());
    let longest = format!("{SOUND}{padding}");
    let (_, summary) = run::route(&router(), longest.as_bytes(), Format::Json);
    assert_eq!((summary.lines, summary.refused), (1, 0));
    refused(
        format!("{longest} "),
        "line_too_long",
        "the line is longer than 65536 bytes",
    );
}

#[test]
fn bytes_that_are_no_text() {
    for (line, column) in [
        (&b"\xff"[..], 1),
        (b"\xff\xfe{\0}\0", 1),
        (b"{\"a\":\"\xc3\x28\"}", 7),
        (b"{\"a\":\"\xed\xa0\x80\"}", 7),
        (b"{\"a\":\"\xf0\x9f\x9a\"}", 7),
        (b"{\"a\":\"\xc0\xaf\"}", 7),
    ] {
        refused(
            line,
            "bad_json",
            &format!("not JSON at column {column}: expected UTF-8"),
        );
    }
    refused(b"\0", "bad_json", "not JSON at column 1: expected a value");
    refused(
        b"{\0}",
        "bad_json",
        "not JSON at column 2: expected a name in double quotes",
    );
    // Whose line it was is told as far as it could be read.
    let answer = refusal(b"{\"id\":\"a\",\"symbol\":\"BTC/USDT\",\"strategy\":\"\xff\"}");
    let expected = r#"{"line":2,"id":"a","symbol":"BTC/USDT","side":"SKIP","error":{"code":"bad_json","message":"not JSON at column 43: expected UTF-8"}}"#;
    assert_eq!(answer, expected);
}

#[test]
fn nesting_as_deep_as_a_line_can_hold() {
    for open in ["[", "{\"a\":"] {
        let answer = refusal(open.repeat(LINE_BYTES_MAX / open.len()).as_bytes());
        assert!(answer.contains(r#""code":"bad_json""#), "{answer}");
        assert!(
            answer.contains("expected no more than 128 levels"),
            "{answer}"
        );
    }
}

#[test]
fn keys_without_end() {
    let keys: String = (0..5000)
        .map(|number| format!(",\"k{number}\":1"))
        .collect();
    let line = SOUND.replace("}", &format!("{keys}}}"));
    let expected = r#"{"line":2,"id":"sound","symbol":"BTC/USDT","side":"SKIP","error":{"code":"unknown_field","message":"`k0` is no field of a request"}}"#;
    assert_eq!(refusal(line.as_bytes()), expected);
}

#[test]
fn an_answer_is_not_a_multiple_of_its_line() {
    for line in [
        SOUND.replace("BTC/USDT", &"é".repeat(30_000)),
        SOUND.replace("\"HOLD\"", &format!("[{}]", "1,".repeat(30_000))),
        format!("{{\"{}\":1}}", "k".repeat(65_000)),
    ] {
        assert!(refusal(line.as_bytes()).len() < 1000);
    }
}

#[test]
fn line_ends_of_all_kinds_count_alike() {
    for end in ["\n", "\r\n"] {
        let input = format!("{SOUND}{end}{end}nonsense{end}{SOUND}");
        let (answers, summary) = run::route(&router(), input.as_bytes(), Format::Json);
        assert_eq!((summary.lines, summary.refused), (4, 2));
        let lines: Vec<&str> = answers.lines().collect();
        let empty = r#"{"line":2,"side":"SKIP","error":{"code":"empty_line","message":"the line is empty; it must be one object"}}"#;
        assert_eq!(lines[1], empty);
        assert!(
            lines[2].starts_with(r#"{"line":3,"side":"SKIP","error":{"code":"bad_json","#),
            "{}",
            lines[2]
        );
    }
}

/// In a folder of refused lines, the only lines that are routed show that the stream goes on.
#[test]
fn refused_lines_are_refused_and_the_others_go_on() {
    let cache = Cache::at(env!("CARGO_TARGET_TMPDIR"));
    for case in Case::all(&run::cases_folder().join("refused/lines")) {
        let (answers, summary) = run::route(&case.router(&cache), &case.input(), Format::Json);
        assert!(summary.refused > 0, "{}", case.stream.display());
        for (number, answer) in (1_u64..).zip(answers.lines()) {
            let answer: Value = serde_json::from_str(answer).unwrap();
            let Some(error) = answer.get("error") else {
                continue;
            };
            assert_eq!(
                (&answer["side"], answer["line"].as_u64()),
                (&Value::from("SKIP"), Some(number))
            );
            let said = |key: &str| error[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(said("code") && said("message"), "{answer}");
            // One line on every terminal, and not endless.
            let message = error["message"].as_str().unwrap();
            assert!(
                message.len() < 500 && !message.contains(char::is_control),
                "{message:?}"
            );
        }
    }
}

fn documents() -> Vec<PathBuf> {
    let files = run::files(&run::cases_folder().join("refused/documents"));
    files
        .into_iter()
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect()
}

/// What is printed of a document that is no policy.
fn findings(document: &Path) -> String {
    match Document::parse(&fs::read_to_string(document).unwrap()) {
        Ok(_) => "nothing is wrong with it\n".to_owned(),
        Err(findings) => format!("{findings}\n"),
    }
}

#[test]
fn documents_with_mistakes() {
    let documents = documents();
    assert!(documents.len() >= 25, "{} documents", documents.len());
    let compared = documents.iter().map(|document| {
        assert_ne!(
            findings(document),
            "nothing is wrong with it\n",
            "{}",
            document.display()
        );
        run::compare(&findings(document), &document.with_extension("txt"))
    });
    let faults: Vec<String> = compared.filter_map(Result::err).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The host says the same, behind the name of the file.
#[test]
fn a_policy_with_a_mistake_names_its_file() {
    for document in documents() {
        let error = Policy::load(&document, &Cache::disabled())
            .unwrap_err()
            .to_string();
        let findings = findings(&document);
        let expected = format!(
            "`{}`: the policy document has mistakes:\n{}",
            document.display(),
            findings.trim_end()
        );
        assert_eq!(error, expected);
    }
}

/// Files that are no policy components, and what is said of each.
fn components() -> Vec<(&'static str, Vec<u8>, String)> {
    let sound = compose(conformance::DEFAULT_POLICY, None).unwrap();
    let text = |text: &str| wat::parse_str(text).unwrap();
    let exporting = |name: &str| {
        text(&format!(
            "(component (component $c) (instance $i (instantiate $c)) (export \"{name}\" (instance $i)))"
        ))
    };
    let not_webassembly = "this is not WebAssembly: it does not begin with `\\0asm`".to_owned();
    vec![
        ("empty.wasm", Vec::new(), "the file is empty, and a policy component was expected".to_owned()),
        ("random.wasm", (0..4096_u32).map(|byte| (byte * 31 % 251) as u8 | 1).collect(), not_webassembly.clone()),
        ("text.wasm", b"name: default\n".to_vec(), not_webassembly.clone()),
        ("gzip.wasm", b"\x1f\x8b\x08\0".to_vec(), not_webassembly),
        (
            "module.wasm",
            text("(module (func (export \"decide\")))"),
            "this is a core module, and a policy is a component: `execution-router build` makes one of it".to_owned(),
        ),
        (
            "precompiled.cwasm",
            wasmtime::Engine::default().precompile_component(&sound).unwrap(),
            "this is a precompiled artifact, which is never taken from outside: give the `.wasm` that it was made from"
                .to_owned(),
        ),
        (
            "world.wasm",
            exporting("wasi:cli/run@0.2.0"),
            format!("the component is of another world: it does not export `{ROUTING}`"),
        ),
        (
            "version.wasm",
            exporting("execution-router:policy/routing@0.2.0"),
            format!("the component exports `execution-router:policy/routing@0.2.0`, and this host reads `{ROUTING}`"),
        ),
        (
            "imports.wasm",
            text("(component (import \"wasi:clocks/wall-clock@0.2.0\" (instance)))"),
            "the component imports `wasi:clocks/wall-clock@0.2.0`, and a policy imports nothing; tell the toolchain that there is no system: Rust with `--target wasm32-unknown-unknown`, componentize-js with `--disable stdio random clocks http fetch-event`, componentize-py and componentize-qjs with `--stub-wasi`".to_owned(),
        ),
        (
            "large.wasm",
            vec![0; (32 << 20) + 1],
            String::new(),
        ),
    ]
}

#[test]
fn components_that_are_no_policies() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, expected) in components() {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = Policy::load(&path, &Cache::disabled())
            .unwrap_err()
            .to_string();
        if name == "large.wasm" {
            assert_eq!(
                error,
                format!(
                    "`{}` has more than 33554432 bytes, which is the bound",
                    path.display()
                )
            );
        } else {
            assert_eq!(error, format!("`{}`: {expected}", path.display()));
        }
    }
}

/// Cut off anywhere, a component is told to be cut off; none is taken, none panics.
#[test]
fn a_truncated_component() {
    let sound = compose(conformance::DEFAULT_POLICY, None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("truncated.wasm");
    let step = sound.len() / 50;
    for length in (1..sound.len())
        .step_by(step)
        .chain([4, 7, 8, sound.len() - 1])
    {
        fs::write(&path, &sound[..length]).unwrap();
        let error = Policy::load(&path, &Cache::disabled())
            .unwrap_err()
            .to_string();
        let cut = format!(
            "`{}`: the component is cut off or damaged at byte ",
            path.display()
        );
        let at_a_boundary = format!("`{}`: the component is of another world: ", path.display());
        assert!(
            error.starts_with(&cut) || error.starts_with(&at_a_boundary),
            "{length}: {error}"
        );
        assert!(!error.contains('\n'), "{error}");
    }
}

/// As many inputs are refused as are accepted, over all cases and what is tried here.
#[test]
fn as_much_is_refused_as_is_accepted() {
    let (mut accepted, mut refused) = (0, documents().len() + components().len());
    for case in Case::all(&run::cases_folder()) {
        for answer in fs::read_to_string(case.decisions()).unwrap().lines() {
            let is_refused = answer.contains(r#","error":{"code":"#);
            *(if is_refused {
                &mut refused
            } else {
                &mut accepted
            }) += 1;
        }
    }
    assert!(
        refused >= accepted,
        "{refused} refused, {accepted} accepted"
    );
}
