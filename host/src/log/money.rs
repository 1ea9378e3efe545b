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

/// Text from outside, on one line and not too long.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN_CHARS_MAX) {
            None => OneLine(self.0).fmt(out),
            Some((end, _)) => write!(out, "{}…", OneLine(self.0.get(..end).unwrap_or_default())),
        }
    }
}

/// Text that may hold something from outside, on one line.
pub(super) struct OneLine<'a>(pub(super) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
                write!(out, "{}", character.escape_default())?;
            } else {
                write!(out, "{character}")?;
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
    fn foreign_text_stays_on_its_line() {
        assert_eq!(
            Shown("BTC\nACTION_ROUTE: forged").to_string(),
            "BTC\\nACTION_ROUTE: forged"
        );
        assert_eq!(
            Shown(&"x".repeat(65)).to_string(),
            format!("{}…", "x".repeat(64))
        );
    }
}
