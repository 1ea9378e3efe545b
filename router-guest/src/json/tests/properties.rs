//! What holds for any bytes at all.

use proptest::prelude::*;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::*;
use crate::json::keys::Fields;
use crate::json::object::are_in_place;

const REAL_FILES: [&str; 2] = ["altcoins_2018-01.jsonl", "btc_usdt_2022-01.jsonl"];

#[test]
fn every_real_line_is_read() {
    for file in REAL_FILES {
        let path = format!("{}/../tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).expect(&path);
        for line in text.lines() {
            let read = request(line);
            assert!(
                read.warnings.is_empty() && read.terms.price.is_some(),
                "{line}"
            );
        }
    }
}

#[test]
fn fields_stand_in_their_places() {
    let tables: [&Fields; 7] = [
        &fields::LINE,
        &fields::IN_POSITION,
        &fields::IN_WORKING,
        &fields::IN_SETTLE,
        &fields::IN_RELEASE,
        &fields::STATE,
        &fields::IN_BUDGET,
    ];
    assert!(tables.into_iter().all(are_in_place));
}

/// Pieces that lines are made of, and pieces that break them.
const PIECES: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "\"price\"",
    "\"position\"",
    "\"final_action\"",
    "\"BUY\"",
    "\"tags\"",
    "\"settle\"",
    "\"control\"",
    "\"side\"",
    "\"long\"",
    "\"quantity\"",
    "null",
    "true",
    "NaN",
    "-Infinity",
    "1",
    "0",
    "-",
    ".5",
    "e9",
    "1e999",
    " ",
    "\t",
    "é",
    "\u{0}",
];

fn line_of_pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..24)
        .prop_map(|pieces| pieces.concat())
}

/// A real line with a stretch replaced by something else.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![Just(REAL), Just(FULL)];
    (
        line,
        any::<prop::sample::Index>(),
        0..12_usize,
        line_of_pieces(),
        any::<bool>(),
    )
        .prop_map(|(line, at, length, pieces, cut)| {
            let at = at.index(line.len());
            let end = if cut {
                line.len()
            } else {
                line.len().min(at + length)
            };
            [
                &line.as_bytes()[..at],
                pieces.as_bytes(),
                &line.as_bytes()[end..],
            ]
            .concat()
        })
}

/// Whatever a line is, its answer is one line of JSON with a message fit to be read.
fn check(line: &[u8]) {
    let warnings = match parse_line(line) {
        Ok(Line::Request(request)) => request.warnings,
        Ok(_) => Vec::new(),
        Err(error) => vec![error.fault],
    };
    for Fault { message, .. } in warnings {
        assert!(
            message.len() < 1024 && !message.contains(char::is_control),
            "{message:?}"
        );
        for word in ["RawValue", "str", "f64", "u32", "Option", "struct", "map"] {
            let shown = message.contains(&format!(" {word} "));
            assert!(!shown, "{message:?}");
        }
    }
}

/// The reader takes what the reader of `serde_json` takes, to the same members. That one
/// nests without a bound, and has no bare `NaN`.
fn check_alike(text: &str) {
    let mut own = Vec::new();
    let read = scan::members(text, |key, raw| own.push((key.to_owned(), raw.to_owned())));
    let bare = own
        .iter()
        .any(|(_, raw)| raw.contains('N') || raw.contains('I'));
    let deep = text.matches(['{', '[']).count() > 100;
    let mut theirs = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let taken = reader
        .deserialize_map(Collect(&mut theirs))
        .and_then(|()| reader.end());
    if bare || deep {
        return;
    }
    match (read, taken) {
        (Ok(()), Ok(())) => assert_eq!(own, theirs, "{text}"),
        (Err(_), Err(_)) => {}
        (read, taken) => panic!("{text}: {read:?} {taken:?}"),
    }
}

/// The members of an object, in order.
struct Collect<'m>(&'m mut Vec<(String, String)>);

impl<'a> Visitor<'a> for Collect<'_> {
    type Value = ();

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, raw)) = map.next_entry::<String, &'a RawValue>()? {
            self.0.push((key, raw.get().to_owned()));
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_bytes_panic(line in prop::collection::vec(any::<u8>(), 0..96)) {
        check(&line);
    }

    #[test]
    fn no_pieces_panic(line in line_of_pieces()) {
        check(line.as_bytes());
        check_alike(&line);
        check_alike(&format!("{{{line}}}"));
        let _ = parse_state(&line);
    }

    #[test]
    fn no_mutation_panics(line in mutated()) {
        check(&line);
        if let Ok(text) = std::str::from_utf8(&line) {
            check_alike(text);
        }
    }

    #[test]
    fn values_are_scanned_alike(value in line_of_pieces(), number in "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?") {
        check_alike(&format!("{{\"price\":{value},\"id\":1}}"));
        check_alike(&format!("{{\"price\":{number},\"id\":{number}}}"));
    }

    #[test]
    fn amounts_are_written_alike(coefficient in 0..10_u128.pow(28), shift in 0..28_u32, scale in 0..=28_u8) {
        let amount = Amount::new(coefficient / 10_u128.pow(shift), scale).unwrap();
        let mut out = Vec::new();
        write::amount(&mut out, amount);
        prop_assert_eq!(String::from_utf8(out).unwrap(), format!("\"{amount}\""));
    }

    #[test]
    fn strings_come_back(text in "\\PC{0,20}[\u{0}-\u{7f}]{0,20}") {
        let mut out = Vec::new();
        write::string(&mut out, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text.clone());
        prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
    }

    #[test]
    fn strings_are_unescaped_alike(text in "(\\\\[\"\\\\/bfnrtu]|[0-9a-fA-Fdcu]{1,4}|\\\\u[dD][89a-fA-F][0-9a-f]{2}|\\PC){0,12}") {
        let quoted = format!("\"{text}\"");
        let theirs = serde_json::from_str::<String>(&quoted).ok();
        let own = scan::value(&quoted).ok().and_then(|()| scan::unescape(&text));
        prop_assert_eq!(own.as_deref(), theirs.as_deref(), "{}", quoted);
    }

    #[test]
    fn scores_come_back(score in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
        let text = serde_json::to_string(&score).unwrap();
        let line = flat(&format!(r#","confidence":{text}"#));
        let read = request(&line);
        prop_assert_eq!(read.terms.confidence.unwrap().to_bits(), score.to_bits());
        prop_assert_eq!(read.confidence.as_deref(), Some(&*text));
    }
}
