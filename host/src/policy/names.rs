//! Names that a component could tell apart although its manifest lists none: texts in its data, and
//! numbers in its code whose bytes are text, which is what compilers make of a comparison with a
//! short name.
//!
//! They are candidates, drawn so that `verify` can ask by them. What is computed, encrypted or
//! compared piece by piece in some other way is not found: finding nothing says nothing.

use std::collections::HashSet;

use router_guest::request::NAME_BYTES_MAX;
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// Names that are drawn of each kind.
pub const NAMES_FOUND_MAX: usize = 256;
/// Texts that are looked at before the drawing, each as often as it stands there.
const TEXTS_MAX: usize = 1 << 17;
/// Bytes of a word that a strategy is likely called by; longer runs are several words.
const WORD_BYTES_MAX: usize = 24;
/// Numbers that are put together to one name.
const PIECES_MAX: usize = 4;
/// Bytes that two pieces of a name share at least, where they overlap.
const OVERLAP_BYTES_MIN: usize = 3;
/// Characters before and behind the stroke of a symbol.
const BASE_CHARS: std::ops::RangeInclusive<usize> = 2..=8;
const QUOTE_CHARS: std::ops::RangeInclusive<usize> = 3..=5;

/// Names that a component could tell apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundNames {
    /// To ask for a symbol by, the likeliest first.
    pub symbols: Vec<String>,
    /// To ask for a strategy by, the likeliest first.
    pub strategies: Vec<String>,
    /// How many there were before the drawing, of both.
    pub found: usize,
}

/// Whatever stands in a component that could be a name. Of bytes that are no component, what could
/// be read before that showed.
pub(super) fn found(component: &[u8]) -> FoundNames {
    let mut texts = Texts {
        all: Vec::new(),
        seen: HashSet::new(),
        left: TEXTS_MAX,
    };
    for payload in Parser::new(0).parse_all(component) {
        match payload {
            Ok(Payload::CodeSectionEntry(body)) => texts.take_code(&body),
            Ok(Payload::DataSection(section)) => {
                for segment in section.into_iter().map_while(Result::ok) {
                    texts.take_data(segment.data);
                }
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    texts.drawn()
}

/// Texts in the order in which they were found, each once.
struct Texts {
    all: Vec<String>,
    seen: HashSet<String>,
    /// How many more are looked at.
    left: usize,
}

/// How likely a text is a symbol or a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// `BTC/USDT`
    Pair,
    /// `BTCUSDT`
    Capitals,
    /// `trend_v2`
    Word,
    Other,
}

impl Texts {
    fn add(&mut self, text: &str) {
        self.left = self.left.saturating_sub(1);
        let is_name = (2..=NAME_BYTES_MAX).contains(&text.len());
        if is_name && self.left > 0 && self.seen.insert(text.to_owned()) {
            self.all.push(text.to_owned());
        }
    }

    fn take_data(&mut self, data: &[u8]) {
        for run in data.split(|byte| !is_name_byte(*byte)) {
            if self.left == 0 {
                return;
            }
            // Name bytes are ASCII.
            let run = str::from_utf8(run).unwrap_or_default();
            self.add(run);
            // Texts stand in data one behind the other: any end of what is before a stroke may be
            // the beginning of a symbol.
            for (at, _) in run.match_indices('/') {
                let (before, behind) = (run.get(..at), run.get(at + 1..));
                let (Some(before), Some(behind), 1..) = (before, behind, self.left) else {
                    break;
                };
                for base in BASE_CHARS.filter_map(|chars| last(before, chars)) {
                    for quote in QUOTE_CHARS.filter_map(|chars| behind.get(..chars)) {
                        self.add(&format!("{base}/{quote}"));
                    }
                }
            }
        }
    }

    fn take_code(&mut self, body: &FunctionBody<'_>) {
        let Ok(operators) = body.get_operators_reader() else {
            return;
        };
        let pieces = operators.into_iter().map_while(Result::ok);
        let pieces: Vec<String> = pieces
            .filter_map(|operator| match operator {
                Operator::I32Const { value } => text_of(&value.to_le_bytes()),
                Operator::I64Const { value } => text_of(&value.to_le_bytes()),
                _ => None,
            })
            .collect();
        for at in 0..pieces.len() {
            let mut joined = String::new();
            for piece in pieces.iter().skip(at).take(PIECES_MAX) {
                let shared = overlap(&joined, piece);
                joined.push_str(piece.get(shared..).unwrap_or_default());
                self.add(&joined);
            }
        }
    }

    fn drawn(self) -> FoundNames {
        let likeliest = |kinds: &[Kind]| -> Vec<String> {
            let mut names: Vec<&String> = Vec::new();
            for kind in kinds {
                names.extend(self.all.iter().filter(|text| kind_of(text) == *kind));
            }
            names.into_iter().take(NAMES_FOUND_MAX).cloned().collect()
        };
        FoundNames {
            symbols: likeliest(&[Kind::Pair, Kind::Capitals, Kind::Word]),
            strategies: likeliest(&[Kind::Word, Kind::Capitals, Kind::Other]),
            found: self.all.len(),
        }
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/_-.:@#".contains(&byte)
}

/// The bytes of a number as text, when they are text up to where they are 0.
fn text_of(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|byte| *byte != 0)? + 1;
    let text = bytes.get(..end)?;
    let is_text = text.iter().all(|byte| is_name_byte(*byte));
    is_text.then(|| String::from_utf8_lossy(text).into_owned())
}

/// How much of a piece stands at the end of what is before it already: names of 9 to 15 bytes are
/// compared as two numbers that overlap.
fn overlap(before: &str, piece: &str) -> usize {
    (OVERLAP_BYTES_MIN..piece.len())
        .rev()
        .find(|bytes| before.ends_with(piece.get(..*bytes).unwrap_or(piece)))
        .unwrap_or(0)
}

fn last(text: &str, chars: usize) -> Option<&str> {
    let base = text.get(text.len().checked_sub(chars)?..)?;
    base.bytes()
        .all(|byte| byte.is_ascii_alphanumeric())
        .then_some(base)
}

fn kind_of(text: &str) -> Kind {
    let capitals = |text: &str| {
        let is_capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        text.bytes().all(is_capital) && text.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let is_word =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    match text.split_once('/') {
        Some((base, quote)) if capitals(base) && quote.split(':').all(capitals) => Kind::Pair,
        None if capitals(text) => Kind::Capitals,
        None if text.len() <= WORD_BYTES_MAX && text.bytes().all(is_word) => Kind::Word,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(module: &str) -> FoundNames {
        found(&wat::parse_str(module).unwrap())
    }

    #[track_caller]
    fn has(names: &[String], wanted: &[&str]) {
        for name in wanted {
            assert!(
                names.iter().any(|found| found == name),
                "{name} in {names:?}"
            );
        }
    }

    #[test]
    fn names_in_data_are_found_where_they_stand_one_behind_the_other() {
        let names = names_in(
            r#"(module (memory 1) (data (i32.const 8) "BTC/USDTETH/EUR\00trend_v2\ffis not one") (data "DOGEUSDT"))"#,
        );
        has(&names.symbols, &["BTC/USDT", "ETH/EUR", "DOGEUSDT"]);
        has(&names.strategies, &["trend_v2", "DOGEUSDT", "not", "one"]);
    }

    #[test]
    fn names_in_code_are_found_in_the_pieces_that_they_are_compared_in() {
        let number = |text: &str| {
            let mut bytes = [0; 8];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            format!("(drop (i64.const {}))", i64::from_le_bytes(bytes))
        };
        for (pieces, whole) in [
            (&["evil"][..], "evil"),
            (&["DOGE/USD", "T"], "DOGE/USDT"),
            (&["DOGE/USD", "OGE/USDT"], "DOGE/USDT"),
            (&["mean_rev", "ersion"], "mean_reversion"),
            (&["E", "V", "I", "L"], "EVIL"),
        ] {
            let code: String = pieces.iter().map(|piece| number(piece)).collect();
            let names = names_in(&format!("(module (func {code}))"));
            has(&[names.symbols, names.strategies].concat(), &[whole]);
        }
    }

    #[test]
    fn the_likeliest_names_are_drawn_first_and_no_more_than_there_may_be() {
        let words: String = (0..1000).map(|at| format!("word{at} ")).collect();
        let names = names_in(&format!(
            r#"(module (memory 1) (data (i32.const 8) "{words}LATE/USDT LATEUSDT"))"#
        ));
        assert_eq!(
            names.symbols[..3],
            ["LATE/USDT", "TE/USD", "TE/USDT"].map(str::to_owned)
        );
        assert_eq!(names.symbols.len(), NAMES_FOUND_MAX);
        assert_eq!(names.strategies.len(), NAMES_FOUND_MAX);
        assert!(names.found > 1000);
    }

    #[test]
    fn what_is_no_component_has_the_names_before_its_damage() {
        assert_eq!(found(b""), FoundNames::default());
        assert_eq!(found(b"\0asm\x01\0\0\0\xff"), FoundNames::default());
    }
}
