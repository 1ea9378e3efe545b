//! Numbers, amounts, times and texts as bytes, both ways. Knows of no field.

use jiff::Timestamp;
use router_guest::amount::Amount;

use super::RecordError;

/// Added to an amount's scale when its coefficient has an upper half.
const UPPER_HALF: u8 = 0x80;

/// Appends a whole number.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "seven bits are kept on purpose"
)]
pub(super) fn push_whole(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends an amount.
#[inline]
pub(super) fn push_amount(out: &mut Vec<u8>, amount: Amount) {
    let (high, low, scale) = amount.to_words();
    if high == 0 {
        out.push(scale);
        push_whole(out, low);
    } else {
        out.push(scale | UPPER_HALF);
        push_whole(out, low);
        push_whole(out, high);
    }
}

/// Appends a time.
#[inline]
pub(super) fn push_time(out: &mut Vec<u8>, time: Timestamp) {
    let (mut seconds, mut nanoseconds) = (time.as_second(), time.subsec_nanosecond());
    // Before 1970 both are negative; the nanoseconds always count upwards here.
    if nanoseconds < 0 {
        seconds -= 1;
        nanoseconds += 1_000_000_000;
    }
    push_whole(out, ((seconds << 1) ^ (seconds >> 63)).cast_unsigned());
    push_whole(out, u64::from(nanoseconds.unsigned_abs()));
}

/// Appends a text.
#[inline]
pub(super) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_whole(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Appends bytes.
pub(super) fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_whole(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a finite number.
#[inline]
pub(super) fn push_score(out: &mut Vec<u8>, score: f64) {
    out.extend_from_slice(&score.to_bits().to_le_bytes());
}

/// Reads what was appended.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

type Read<T> = Result<T, RecordError>;

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            length: bytes.len(),
        }
    }

    /// Where the next byte stands.
    const fn at(&self) -> usize {
        self.length - self.rest.len()
    }

    #[cold]
    pub(super) const fn cut(&self, what: &'static str) -> RecordError {
        RecordError::Cut {
            at: self.at(),
            what,
        }
    }

    #[cold]
    pub(super) const fn foreign(&self, what: &'static str) -> RecordError {
        RecordError::Foreign {
            at: self.at().saturating_sub(1),
            what,
        }
    }

    /// That nothing is left.
    pub(super) const fn end(&self) -> Read<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(RecordError::Behind { at: self.at() })
    }

    #[inline]
    pub(super) fn byte(&mut self, what: &'static str) -> Read<u8> {
        let Some((byte, rest)) = self.rest.split_first() else {
            return Err(self.cut(what));
        };
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    pub(super) fn bytes<const COUNT: usize>(&mut self, what: &'static str) -> Read<[u8; COUNT]> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.cut(what));
        };
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    pub(super) fn whole(&mut self, what: &'static str) -> Read<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(what)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(self.foreign(what));
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.foreign(what))
    }

    #[inline]
    pub(super) fn index(&mut self, what: &'static str) -> Read<u32> {
        let number = self.whole(what)?;
        u32::try_from(number).map_err(|_| self.foreign(what))
    }

    #[inline]
    pub(super) fn amount(&mut self, what: &'static str) -> Read<Amount> {
        let scale = self.byte(what)?;
        let low = self.whole(what)?;
        let high = if scale & UPPER_HALF == 0 {
            0
        } else {
            self.whole(what)?
        };
        Amount::from_words(high, low, scale & !UPPER_HALF).ok_or_else(|| self.foreign(what))
    }

    #[inline]
    pub(super) fn time(&mut self, what: &'static str) -> Read<Timestamp> {
        let folded = self.whole(what)?;
        let seconds = (folded >> 1).cast_signed() ^ -((folded & 1).cast_signed());
        let nanoseconds = self.index(what)?;
        let nanoseconds = i32::try_from(nanoseconds).map_err(|_| self.foreign(what))?;
        Timestamp::new(seconds, nanoseconds).map_err(|_| self.foreign(what))
    }

    #[inline]
    pub(super) fn score(&mut self, what: &'static str) -> Read<f64> {
        let score = f64::from_bits(u64::from_le_bytes(self.bytes(what)?));
        if score.is_finite() {
            Ok(score)
        } else {
            Err(self.foreign(what))
        }
    }

    #[inline]
    pub(super) fn text(&mut self, what: &'static str) -> Read<&'a str> {
        let text = self.part(what)?;
        std::str::from_utf8(text).map_err(|_| self.foreign(what))
    }

    /// Bytes behind their length.
    #[inline]
    pub(super) fn part(&mut self, what: &'static str) -> Read<&'a [u8]> {
        let length = self.whole(what)?;
        let length = usize::try_from(length).map_err(|_| self.foreign(what))?;
        let Some((part, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.cut(what));
        };
        self.rest = rest;
        Ok(part)
    }

    /// One of a list, by its number.
    #[inline]
    pub(super) fn one_of<T: Copy>(&mut self, all: &[T], what: &'static str) -> Read<T> {
        let number = self.byte(what)?;
        let one = all.get(usize::from(number)).copied();
        one.ok_or_else(|| self.foreign(what))
    }
}
