//! Percentages, which are written with their sign: `40%`.
//!
//! A bare number is refused, whichever it is: `0.4` and `40` would each be right for someone.

use std::str::FromStr;

use super::findings::{Collector, Place, quoted};
use super::reader;
use crate::amount::Amount;

/// The number before the percent sign; `None` when there is no sign.
pub(super) fn sign_stripped(text: &str) -> Option<&str> {
    text.strip_suffix('%').map(str::trim_end)
}

/// What a bare number was probably meant to be in percent: `0.4` and `40` are both `40%`.
pub(super) fn meant(text: &str) -> Option<Amount> {
    let number = Amount::from_str(text).ok()?;
    if number < Amount::ONE {
        number.mul_down(Amount::whole(100))
    } else {
        Some(number)
    }
}

/// A share of a whole, above 0% and at most 100%, as a factor.
pub(super) fn share(
    text: &str,
    place: Place,
    what: &str,
    findings: &mut Collector,
) -> Option<Amount> {
    let Some(number) = sign_stripped(text) else {
        let message = match meant(text) {
            // Nobody sizes at 1% where 1 has always meant all of it.
            Some(one) if one == Amount::ONE => {
                format!("{what} is in percent: write `100%`, not `1`")
            }
            Some(percent) => format!(
                "{what} is in percent: write `{percent}%`, not {}",
                quoted(text)
            ),
            None => format!(
                "{what} must be a percentage such as `40%`, not {}",
                quoted(text)
            ),
        };
        findings.report(place, message);
        return None;
    };
    let percent = reader::amount(number, place, findings)?;
    if percent.is_zero() || percent > Amount::whole(100) {
        let message = format!(
            "{what} must be above 0% and at most 100%, not {}",
            quoted(text)
        );
        findings.report(place, message);
        return None;
    }
    let factor = Amount::new(1, 2).and_then(|hundredth| exact(percent, hundredth));
    if factor.is_none() {
        findings.report(place, format!("{} has too many digits", quoted(text)));
    }
    factor
}

/// The product when nothing of it was rounded away.
fn exact(percent: Amount, hundredth: Amount) -> Option<Amount> {
    let factor = percent.mul_down(hundredth)?;
    let back = factor.mul_down(Amount::whole(100))?;
    (back == percent).then(|| factor.normalized())
}
