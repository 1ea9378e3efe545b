//! Answers that went out, each as a line of text: how a process that is killed says them.

use std::fmt;
use std::str::FromStr;

/// An answer. Amounts are as the router printed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledged {
    /// An order may go out under a reservation.
    Granted {
        /// Its number.
        number: u64,
        /// The request's id.
        id: String,
        /// What it needs.
        need: String,
        /// What was used before it.
        used: String,
        /// What was held before it.
        reserved: String,
    },
    /// A decision that charged nothing, of which no word goes out before it is on disk.
    Decided {
        /// The request's id.
        id: String,
    },
    /// A fill was settled.
    Settled {
        /// Under which number.
        number: u64,
        /// By which event.
        event: u8,
        /// What it used; nothing when the event was known.
        used: String,
        /// Whether it was known.
        repeated: bool,
    },
    /// A reservation was released.
    Released {
        /// Which.
        number: u64,
        /// By which event.
        event: u8,
        /// What that freed.
        released: String,
        /// Whether the event was known.
        repeated: bool,
    },
}

impl fmt::Display for Acknowledged {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted {
                number,
                id,
                need,
                used,
                reserved,
            } => write!(out, "granted {number} {id} {need} {used} {reserved}"),
            Self::Decided { id } => write!(out, "decided {id}"),
            Self::Settled {
                number,
                event,
                used,
                repeated,
            } => write!(out, "settled {number} {event} {used} {repeated}"),
            Self::Released {
                number,
                event,
                released,
                repeated,
            } => write!(out, "released {number} {event} {released} {repeated}"),
        }
    }
}

impl FromStr for Acknowledged {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let words: Vec<&str> = line.split(' ').collect();
        let read = match words.as_slice() {
            ["granted", number, id, need, used, reserved] => {
                number.parse().ok().map(|number| Self::Granted {
                    number,
                    id: (*id).to_owned(),
                    need: (*need).to_owned(),
                    used: (*used).to_owned(),
                    reserved: (*reserved).to_owned(),
                })
            }
            ["decided", id] => Some(Self::Decided {
                id: (*id).to_owned(),
            }),
            [verb, number, event, amount, repeated] => {
                let numbers = (number.parse(), event.parse(), repeated.parse());
                match (*verb, numbers) {
                    ("settled", (Ok(number), Ok(event), Ok(repeated))) => Some(Self::Settled {
                        number,
                        event,
                        used: (*amount).to_owned(),
                        repeated,
                    }),
                    ("released", (Ok(number), Ok(event), Ok(repeated))) => Some(Self::Released {
                        number,
                        event,
                        released: (*amount).to_owned(),
                        repeated,
                    }),
                    _ => None,
                }
            }
            _ => None,
        };
        read.ok_or_else(|| format!("`{line}` is no answer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_the_answer() {
        for line in [
            "granted 7 a-1 400 0 12.5",
            "decided a-2",
            "settled 7 3 0.01 false",
            "released 7 0 0 true",
        ] {
            assert_eq!(line.parse::<Acknowledged>().unwrap().to_string(), line);
        }
        for line in [
            "",
            "granted 7",
            "settled 7 300 1 true",
            "settled x 3 1 true",
            "held 1 2 3 true",
        ] {
            assert_eq!(
                line.parse::<Acknowledged>().unwrap_err(),
                format!("`{line}` is no answer")
            );
        }
    }
}
