//! What a policy project may be called: a name that every toolchain takes as it is, for a folder, a
//! package and a policy.

use std::fmt;
use std::str::FromStr;

/// Characters that a project's name has at most.
pub const NAME_CHARS_MAX: usize = 40;

/// The name of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectName(String);

/// Why a text is no name of a project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing.
    #[error("a project needs a name")]
    Empty,
    /// It is too long.
    #[error("the name has {chars} characters, and {NAME_CHARS_MAX} are the bound")]
    TooLong {
        /// Its characters.
        chars: usize,
    },
    /// Something in it is in no name.
    #[error("`{}` is in no name: letters a to z, digits, and hyphens between them are{}", character.escape_debug(), like(suggestion.as_deref()))]
    Character {
        /// The first such character.
        character: char,
        /// A name like it.
        suggestion: Option<String>,
    },
    /// It begins with something else than a letter.
    #[error("a name begins with a letter a to z{}", like(suggestion.as_deref()))]
    Beginning {
        /// A name like it.
        suggestion: Option<String>,
    },
    /// A hyphen stands at the end, or two behind each other.
    #[error("a hyphen stands between letters or digits{}", like(suggestion.as_deref()))]
    Hyphen {
        /// A name like it.
        suggestion: Option<String>,
    },
}

fn like(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; `{name}` would do"))
}

impl ProjectName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for ProjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let chars = text.chars().count();
        let suggestion = || suggested(text);
        let is_in_names = |character: &char| is_letter_or_digit(*character) || *character == '-';
        match text.chars().next() {
            None => Err(NameError::Empty),
            _ if chars > NAME_CHARS_MAX => Err(NameError::TooLong { chars }),
            Some(first) => match text.chars().find(|character| !is_in_names(character)) {
                Some(character) => Err(NameError::Character {
                    character,
                    suggestion: suggestion(),
                }),
                None if !first.is_ascii_lowercase() => Err(NameError::Beginning {
                    suggestion: suggestion(),
                }),
                None if text.ends_with('-') || text.contains("--") => Err(NameError::Hyphen {
                    suggestion: suggestion(),
                }),
                None => Ok(Self(text.to_owned())),
            },
        }
    }
}

const fn is_letter_or_digit(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit()
}

/// What was probably meant: `My Policy_2` is `my-policy-2`.
fn suggested(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|character| !is_letter_or_digit(character));
    let name = words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    name.starts_with(|first: char| first.is_ascii_lowercase())
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, message: &str) {
        let error = text.parse::<ProjectName>().unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn names_that_every_toolchain_takes() {
        let longest = "a".repeat(NAME_CHARS_MAX);
        for name in ["a", "breakout", "long-only-2", "x9", &longest] {
            assert_eq!(name.parse::<ProjectName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn other_names_say_what_would_do() {
        const OTHERS: &str = "is in no name: letters a to z, digits, and hyphens between them are";
        refused("", "a project needs a name");
        refused(
            &"a".repeat(NAME_CHARS_MAX + 1),
            "the name has 41 characters, and 40 are the bound",
        );
        refused("My Policy", &format!("`M` {OTHERS}; `my-policy` would do"));
        refused("my_policy", &format!("`_` {OTHERS}; `my-policy` would do"));
        refused("../up", &format!("`.` {OTHERS}; `up` would do"));
        refused("a/b", &format!("`/` {OTHERS}; `a-b` would do"));
        refused("línea", &format!("`í` {OTHERS}; `l-nea` would do"));
        refused("a\nb", &format!("`\\n` {OTHERS}; `a-b` would do"));
        refused("1. a", &format!("`.` {OTHERS}"));
        refused("9lives", "a name begins with a letter a to z");
        refused("-a", "a name begins with a letter a to z; `a` would do");
        refused(
            "a-",
            "a hyphen stands between letters or digits; `a` would do",
        );
        refused(
            "a--b",
            "a hyphen stands between letters or digits; `a-b` would do",
        );
    }
}
