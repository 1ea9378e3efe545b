//! Text without anything in it that JSON escapes: how much of it there is.
//!
//! Owns the search, in which reading and writing spend much of their time. Knows no JSON but
//! that.

use crate::bytes::short_word;

const LOWS: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = LOWS << 7;
/// Plain bytes in the upper half of a word, which a text of up to three bytes leaves empty.
const ABSENT: u64 = (LOWS << 32) * 0x20;

/// Bytes at the front of a text that stand in a JSON string as they are: no quote, no
/// backslash, no control character.
#[inline]
pub(super) fn unescaped(text: &[u8]) -> usize {
    match unescaped_by_chunks(text) {
        Ok(at) => at,
        Err(searched) => searched + text.get(searched..).map_or(0, unescaped_by_words),
    }
}

/// Where the first byte is that does not stand in a string as it is, or how many bytes were
/// searched: all but an end that is too short.
#[cfg(target_arch = "x86_64")]
#[inline]
fn unescaped_by_chunks(text: &[u8]) -> Result<usize, usize> {
    let mut at = 0;
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        let special = special_of(chunk);
        if special != 0 {
            return Ok(at + special.trailing_zeros() as usize);
        }
        at += 16;
    }
    Err(at)
}

/// The search by words is the fastest that is known here.
#[cfg(not(target_arch = "x86_64"))]
const fn unescaped_by_chunks(_: &[u8]) -> Result<usize, usize> {
    Err(0)
}

/// Whether a text stands in a JSON string as it is.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<8>() else {
        let word = short_word(text);
        return match text.len() {
            0 => true,
            1..4 => special_in(word | ABSENT) == 0,
            _ => special_in(word) == 0,
        };
    };
    #[cfg(target_arch = "x86_64")]
    if let Some(last) = text.last_chunk::<16>() {
        let (chunks, _) = text.as_chunks::<16>();
        return special_of(last) == 0 && chunks.iter().all(|chunk| special_of(chunk) == 0);
    }
    let (words, _) = text.as_chunks::<8>();
    let is_plain = |word: &[u8; 8]| special_in(u64::from_le_bytes(*word)) == 0;
    is_plain(last) && words.iter().all(is_plain)
}

/// A bit for each of the bytes that does not stand in a string as it is.
#[cfg(target_arch = "x86_64")]
#[inline]
fn special_of(chunk: &[u8; 16]) -> u32 {
    use core::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };
    // SAFETY: every x86-64 has these instructions, and the load reads the chunk's 16 bytes.
    unsafe {
        let bytes = _mm_loadu_si128(chunk.as_ptr().cast());
        let quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"'.cast_signed()));
        let backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\'.cast_signed()));
        let controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        let special = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
        _mm_movemask_epi8(special).cast_unsigned()
    }
}

/// The same, eight bytes at a time: for short ends, and for machines without wider words.
#[inline]
fn unescaped_by_words(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let special = special_in(word);
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| is_unescaped(**byte)).count()
}

/// A mark in every byte that does not stand in a string as it is. Above the lowest mark there
/// may be false ones.
const fn special_in(word: u64) -> u64 {
    // With this bit flipped, the quote falls in line with the control characters.
    below(word ^ (LOWS * 0x02), 0x21) | below(word ^ (LOWS * 0x5c), 0x01)
}

/// A mark in every byte that is below the limit, which is at most 128. Above the lowest mark
/// there may be false ones, but only the lowest counts.
const fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(LOWS * limit) & !word & HIGHS
}

const fn is_unescaped(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_plain() {
        assert!(is_plain(b""));
        assert_eq!(unescaped(b""), 0);
    }

    #[test]
    fn every_byte_ends_the_text_or_does_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for length in 0..70 {
                for at in 0..length {
                    let mut text = vec![b'x'; length];
                    text[at] = byte;
                    let expected = if is_unescaped(byte) { length } else { at };
                    assert_eq!(unescaped(&text), expected, "{byte} at {at} of {length}");
                    assert_eq!(unescaped_by_words(&text), expected, "{byte} at {at}");
                    assert_eq!(is_plain(&text), expected == length, "{byte} at {at}");
                }
            }
        }
    }
}
