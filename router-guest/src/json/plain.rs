//! The quick way through an object as programs write it: strings without escapes, numbers,
//! words, and objects of these.
//!
//! Takes only what is JSON, and gives up on anything else without a word: the caller then
//! asks the JSON reader, which also says what is wrong. That the two agree is tested.

/// Objects inside of one another that are followed.
const DEPTH_MAX: u32 = 4;

const LOWS: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = LOWS << 7;

/// Bytes at the front of a text that stand in a JSON string as they are: no quote, no
/// backslash, no control character. Eight at a time, because names and amounts are short.
#[inline]
pub(super) fn unescaped(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        // With this bit flipped, the quote falls in line with the control characters.
        let special = below(word ^ (LOWS * 0x02), 0x21) | below(word ^ (LOWS * 0x5c), 0x01);
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| is_unescaped(**byte)).count()
}

/// A mark in every byte that is below the limit, which is at most 128. Above the lowest mark
/// there may be false ones, but only the lowest counts.
const fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(LOWS * limit) & !word & HIGHS
}

const fn is_unescaped(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// Hands out the key and the raw value of each member; `None` when it gives up.
pub(super) fn members<'a>(text: &'a str, take: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.object(DEPTH_MAX, take)?;
    cursor.space();
    (cursor.at == text.len()).then_some(())
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn object(&mut self, depth: u32, mut take: impl FnMut(&'a str, &'a str)) -> Option<()> {
        self.expect(b'{')?;
        loop {
            self.space();
            let key = self.string()?;
            let key = key.get(1..key.len() - 1)?;
            self.expect(b':')?;
            self.space();
            take(key, self.value(depth)?);
            self.space();
            self.at += 1;
            match self.text.as_bytes().get(self.at - 1)? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn value(&mut self, depth: u32) -> Option<&'a str> {
        let start = self.at;
        match self.peek()? {
            b'"' => return self.string(),
            b'{' if depth > 0 => self.skip_object(depth - 1)?,
            b'n' => self.word("null")?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            _ => self.number()?,
        }
        self.text.get(start..self.at)
    }

    /// Not inlined: the one place where the scanner calls itself.
    #[inline(never)]
    fn skip_object(&mut self, depth: u32) -> Option<()> {
        let take: fn(&'a str, &'a str) = |_, _| {};
        self.object(depth, take)
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        if self.peek()? != b'"' {
            return None;
        }
        let inside = self.text.as_bytes().get(start + 1..)?;
        let end = start + 1 + unescaped(inside);
        if *self.text.as_bytes().get(end)? != b'"' {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..self.at)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text
            .get(self.at..)?
            .starts_with(word)
            .then(|| self.at += word.len())
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
