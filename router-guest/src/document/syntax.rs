//! Text that is no YAML, or not YAML that a policy may be, in words for whoever edits it.
//!
//! It refuses before the parser what the parser would let pass or drop, and says the parser's
//! own errors with their usual remedy. It builds nothing.

use saphyr_parser::{Marker, ScanError};

use super::findings::Place;
use super::yaml::NESTING_MAX;

/// Bytes of a document at most.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

pub(super) const ANCHORS: &str =
    "anchors and aliases are not used here; quote a name that begins with `*` or `&`";
const TABS: &str = "YAML takes no tabs for indentation; use spaces";
pub(super) const TAGS: &str = "tags are not used here; quote a word that begins with `!`";

/// A fault that makes reading on pointless.
pub(super) type Fatal = (Place, String);

pub(super) const START: Place = Place { line: 1, column: 1 };

pub(super) fn check_text(text: &str) -> Result<(), Fatal> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let len = text.len();
        let message =
            format!("the document has {len} bytes, and at most {DOCUMENT_BYTES_MAX} are allowed");
        return Err((START, message));
    }
    if let Some((at, line)) = text
        .split('\n')
        .enumerate()
        .find(|(_, line)| tab_indented(line))
    {
        let column = line.chars().take_while(|first| *first == ' ').count() + 1;
        let place = Place {
            line: at + 1,
            column,
        };
        return Err((place, TABS.into()));
    }
    // The parser takes a NUL for the end of the text and would drop what follows without a word.
    let forbidden =
        |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    let Some((before, character)) = text
        .find(forbidden)
        .and_then(|at| Some((text.get(..at)?, text.get(at..)?.chars().next()?)))
    else {
        return Ok(());
    };
    let code = u32::from(character);
    Err((
        place_behind(before),
        format!("the control character U+{code:04X} is not allowed"),
    ))
}

/// The parser lets some of these pass, with a meaning that depends on where.
fn tab_indented(line: &str) -> bool {
    let content = line.trim_start();
    let indentation = line.len() - content.len();
    !content.is_empty()
        && !content.starts_with('#')
        && line
            .get(..indentation)
            .is_some_and(|space| space.contains('\t'))
}

fn place_behind(before: &str) -> Place {
    let line = before.matches('\n').count() + 1;
    let last = before
        .rsplit_once('\n')
        .map_or(before, |(_, behind)| behind);
    Place {
        line,
        column: last.chars().count() + 1,
    }
}

pub(super) fn place_of(marker: Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

pub(super) fn too_deep() -> String {
    format!("lists and maps are nested more than {NESTING_MAX} deep")
}

/// The parser's error in words for someone who edits a policy, with the usual remedy.
pub(super) fn explain(text: &str, error: &ScanError) -> Fatal {
    let place = place_of(*error.marker());
    let info = error.info();
    let line = text
        .split('\n')
        .nth(place.line.saturating_sub(1))
        .unwrap_or_default();
    let at = line.chars().nth(place.column.saturating_sub(1));
    let message = if matches!(at, Some('*' | '&')) {
        ANCHORS.into()
    } else if info.contains("tab") && line.contains('\t') {
        TABS.into()
    } else if info == "recursion limit exceeded" {
        too_deep()
    } else if info == "the handle wasn't declared" || info.contains("parsing a tag") {
        TAGS.into()
    } else if info.contains("block scalar") && line.contains('>') {
        "a comparison that begins with `>` must be quoted, such as \">= 0.55\"".into()
    } else if line.contains("not [") {
        "within braces, write `{ not: [a, b] }` for none of them".into()
    } else if let Some(character) = at.filter(|_| info.starts_with("unexpected character")) {
        format!("a value cannot begin with `{character}`; quote it")
    } else {
        format!("this is not YAML: {info}")
    };
    (place, message)
}
