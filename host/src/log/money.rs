//! Amounts and foreign text as people read them.

use std::fmt;

use router_guest::amount::Amount;

/// Currencies that are pegged to the dollar, and so print with its sign.
const DOLLARS: [&str; 12] = [
    "USD", "USDT", "USDC", "BUSD", "TUSD", "FDUSD", "USDP", "DAI", "PYUSD", "GUSD", "USDD", "USDE",
];

/// Characters of foreign text that a line shows.
const SHOWN_CHARS_MAX: usize = 64;

/// An amount of money: `$1,250.00`, `1,250.00 EUR`.
pub(super) struct Money<'a> {
    pub(super) amount: Amount,
    /// `None` where it is not known.
    pub(super) currency: Option<&'a str>,
}

impl fmt::Display for Money<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.currency {
            Some(code) if DOLLARS.contains(&code) => write!(out, "${}", Grouped(self.amount)),
            Some(code) => write!(out, "{} {}", Grouped(self.amount), Shown(code)),
            None => write!(out, "{}", Grouped(self.amount)),
        }
    }
}

/// Two decimals, with commas between thousands.
struct Grouped(Amount);

impl fmt::Display for Grouped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = format!("{:.2}", self.0);
        let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.write_str(",")?;
            }
            write!(out, "{digit}")?;
        }
        write!(out, ".{cents}")
    }
}

/// A name from outside, as one word that is not too long: nothing in it can be read as what a line
/// says behind it.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, character) in self.0.chars().enumerate() {
            if at == SHOWN_CHARS_MAX {
                return out.write_str("…");
            }
            match character {
                // What the lines put between their words; `…` says that a name goes on.
                ' ' | '(' | ')' | '→' | '…' => write!(out, "{}", character.escape_unicode())?,
                '\'' | '"' => write!(out, "{character}")?,
                // Control characters, marks that change the direction, and what cannot be seen.
                _ => write!(out, "{}", character.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// A message that may quote something from outside, on one line and read from left to right.
pub(super) struct OneLine<'a>(pub(super) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                // These are in the words of the message too.
                '\'' | '"' | '\\' => write!(out, "{character}")?,
                _ => write!(out, "{}", character.escape_debug())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_people_write_it() {
        for (amount, currency, shown) in [
            ("1250", Some("USDT"), "$1,250.00"),
            ("1234567.891", Some("USD"), "$1,234,567.89"),
            ("999.995", Some("USDC"), "$1,000.00"),
            ("12.5", Some("EUR"), "12.50 EUR"),
            ("0.0123881", Some("BTC"), "0.01 BTC"),
            ("100", None, "100.00"),
        ] {
            let amount = amount.parse().unwrap();
            assert_eq!(Money { amount, currency }.to_string(), shown);
        }
    }

    #[test]
    fn a_foreign_name_stays_one_word() {
        for (name, shown) in [
            ("BTC/USDT:USDT-241227", "BTC/USDT:USDT-241227"),
            ("EURUSD=X", "EURUSD=X"),
            ("1INCH'\"é币", "1INCH'\"é币"),
            (
                "BTC\nACTION_ROUTE: forged",
                r"BTC\nACTION_ROUTE:\u{20}forged",
            ),
            (
                "X BUY reason=open_long",
                r"X\u{20}BUY\u{20}reason=open_long",
            ),
            (
                "BUY → BUY (intent=risk)",
                r"BUY\u{20}\u{2192}\u{20}BUY\u{20}\u{28}intent=risk\u{29}",
            ),
            ("BTC\u{202e}TDSU", r"BTC\u{202e}TDSU"),
            ("A\u{2066}B\u{200f}C\u{61c}", r"A\u{2066}B\u{200f}C\u{61c}"),
            (
                "A\u{200b}B\u{feff}C\u{a0}D\u{3000}",
                r"A\u{200b}B\u{feff}C\u{a0}D\u{3000}",
            ),
            ("\u{1b}[2J\u{7f}\u{9b}", r"\u{1b}[2J\u{7f}\u{9b}"),
            ("A\u{2028}B\u{2029}", r"A\u{2028}B\u{2029}"),
            (r"A\nB", r"A\\nB"),
            ("A…", r"A\u{2026}"),
        ] {
            assert_eq!(Shown(name).to_string(), shown);
        }
        let long = "x".repeat(65);
        assert_eq!(Shown(&long).to_string(), format!("{}…", "x".repeat(64)));
        assert_eq!(Shown(&long[..64]).to_string(), "x".repeat(64));
    }

    #[test]
    fn a_message_stays_on_its_line_and_is_read_from_left_to_right() {
        for (message, shown) in [
            ("`a b` is \"no\" (\\d) → one", "`a b` is \"no\" (\\d) → one"),
            ("`R1\nR2\u{202e}` is none", r"`R1\nR2\u{202e}` is none"),
            ("`\u{2028}\u{1b}\u{200b}`", r"`\u{2028}\u{1b}\u{200b}`"),
        ] {
            assert_eq!(OneLine(message).to_string(), shown);
        }
    }
}
