//! What holds for any bytes at all.

use proptest::prelude::*;

use super::*;
use crate::json::object::{Field, Members, are_in_place};

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
    let tables: [&[Field]; 7] = [
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

/// The quick scanner takes only what the JSON reader takes, and to the same members.
fn check_plain(text: &str) {
    let mut plain = Vec::new();
    if plain::members(text, |key, raw| {
        plain.push((key.to_owned(), raw.to_owned()))
    })
    .is_none()
    {
        return;
    }
    let mut members = Members::default();
    assert!(members.scan(text, &fields::LINE).is_ok(), "{text}");
    assert_eq!(members.keys, plain.len());
    for field in &fields::LINE {
        let last = plain.iter().rev().find(|(key, _)| key == field.key);
        assert_eq!(
            members.raw(field),
            last.map(|(_, raw)| raw.as_str()),
            "{text}"
        );
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
        check_plain(&line);
        check_plain(&format!("{{{line}}}"));
        let _ = parse_state(&line);
    }

    #[test]
    fn no_mutation_panics(line in mutated()) {
        check(&line);
        if let Ok(text) = std::str::from_utf8(&line) {
            check_plain(text);
        }
    }

    #[test]
    fn values_are_scanned_alike(value in line_of_pieces(), number in "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?") {
        check_plain(&format!("{{\"price\":{value},\"id\":1}}"));
        check_plain(&format!("{{\"price\":{number},\"id\":{number}}}"));
    }

    #[test]
    fn short_amounts_are_read_alike(text in "-?[0-9]{0,21}(\\.[0-9]{0,21})?") {
        let line = flat(&format!(r#","price":"{text}""#));
        let read = parse_line(line.as_bytes());
        match text.parse::<Amount>() {
            Ok(amount) if !amount.is_zero() => {
                let Ok(Line::Request(request)) = read else { panic!("{text}: {read:?}") };
                prop_assert_eq!(request.terms.price.unwrap().to_words(), amount.to_words());
            }
            _ => prop_assert!(read.is_err(), "{}", text),
        }
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
    fn scores_come_back(score in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
        let mut out = Vec::new();
        write::float(&mut out, score);
        let line = flat(&format!(r#","confidence":{}"#, String::from_utf8(out).unwrap()));
        prop_assert_eq!(request(&line).terms.confidence.unwrap().to_bits(), score.to_bits());
    }
}
