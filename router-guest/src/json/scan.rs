//! JSON, taken apart in one pass: the members of an object, the entries of a list, strings.
//!
//! The one reader, in the host and in the sandbox alike, so that the same line is taken or
//! refused in both. It takes what RFC 8259 calls JSON, nested up to a bound, and with it the
//! bare `NaN` of Python's writer, which is a fault of its field and not of the line. Beyond
//! that it knows no types: values are handed out as their text.

use alloc::borrow::Cow;
use alloc::string::String;

use super::plain::{is_plain, unescaped};

/// Objects and lists inside of one another; a bit of `u128` each.
const DEPTH_MAX: u32 = 128;

/// What a text would have had to go on with to be JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Value,
    Colon,
    CommaOrBrace,
    CommaOrBracket,
    Name,
    AfterComma,
    Word,
    Number,
    Quote,
    NoControl,
    Escape,
    OtherHalf,
    Shallower,
    End,
}

/// Where a text stops being JSON: the offset of the first byte that cannot be, or the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) at: usize,
    pub(super) expected: Expected,
}

impl Expected {
    /// The reason as it stands behind "expected".
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Value => "a value",
            Self::Colon => "`:`",
            Self::CommaOrBrace => "`,` or `}`",
            Self::CommaOrBracket => "`,` or `]`",
            Self::Name => "a name in double quotes",
            Self::AfterComma => "something behind the comma",
            Self::Word => "`true`, `false` or `null`",
            Self::Number => "a number as JSON writes it",
            Self::Quote => "`\"`",
            Self::NoControl => "an escape, not a control character",
            Self::Escape => "an escape that JSON knows",
            Self::OtherHalf => "the other half of a surrogate pair",
            Self::Shallower => "no more than 128 levels",
            Self::End => "the end of the line",
        }
    }
}

/// Hands out the key and the raw value of each member. Of a text that is no object to its
/// end, what stands before the error has been handed out.
#[inline]
pub(super) fn members<'a>(text: &'a str, take: impl FnMut(&str, &'a str)) -> Result<(), Stop> {
    let mut cursor = Cursor::new(text);
    let read = cursor.object(take);
    cursor.finished(read)
}

/// Hands out the raw value of each entry of a list.
pub(super) fn entries<'a>(text: &'a str, take: impl FnMut(&'a str)) -> Result<(), Stop> {
    let mut cursor = Cursor::new(text);
    let read = cursor.list(take);
    cursor.finished(read)
}

/// Whether a text is one value.
pub(super) fn value(text: &str) -> Result<(), Stop> {
    let mut cursor = Cursor::new(text);
    let read = cursor.value().map(drop);
    cursor.finished(read)
}

/// What the inside of a string says; `None` with half of a surrogate pair.
pub(super) fn unescape(inside: &str) -> Option<Cow<'_, str>> {
    if is_plain(inside.as_bytes()) {
        return Some(Cow::Borrowed(inside));
    }
    unescaped_copy(inside).map(Cow::Owned)
}

#[cold]
fn unescaped_copy(inside: &str) -> Option<String> {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while !rest.is_empty() {
        let (plain, escape) = rest.split_at_checked(unescaped(rest.as_bytes()))?;
        text.push_str(plain);
        rest = escape.get(1..).unwrap_or_default();
        let Some(letter) = rest.bytes().next() else {
            break;
        };
        rest = rest.get(1..)?;
        text.push(match letter {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => code_point(&mut rest)?,
            itself => char::from(itself),
        });
    }
    Some(text)
}

/// The character of the digits behind `\u`, of two such escapes when it takes two.
fn code_point(rest: &mut &str) -> Option<char> {
    let first = four_digits(rest)?;
    if !(0xd800..0xdc00).contains(&first) {
        // The lower half of a pair is no character by itself.
        return char::from_u32(first);
    }
    *rest = rest.strip_prefix("\\u")?;
    let second = four_digits(rest)?.checked_sub(0xdc00)?;
    (second < 0x400)
        .then(|| 0x1_0000 + ((first - 0xd800) << 10) + second)
        .and_then(char::from_u32)
}

fn four_digits(rest: &mut &str) -> Option<u32> {
    let (digits, behind) = rest.split_at_checked(4)?;
    *rest = behind;
    let mut digits = digits.bytes().map(|digit| char::from(digit).to_digit(16));
    digits.try_fold(0, |number, digit| Some(number << 4 | digit?))
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Whether there was an escape in a string.
    escapes: bool,
}

impl<'a> Cursor<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            escapes: false,
        }
    }

    /// The outcome, once nothing stands behind it.
    #[inline]
    fn finished(mut self, read: Result<(), Expected>) -> Result<(), Stop> {
        let read = read.and_then(|()| {
            self.space();
            self.ensure(self.at == self.text.len(), Expected::End)
        });
        read.map_err(|expected| Stop {
            at: self.at,
            expected,
        })
    }

    #[inline]
    fn ensure(&self, holds: bool, expected: Expected) -> Result<(), Expected> {
        if holds { Ok(()) } else { Err(expected) }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// Steps over a byte that must come, and any white space before it.
    #[inline]
    fn step(&mut self, byte: u8, expected: Expected) -> Result<(), Expected> {
        self.space();
        if self.peek() != Some(byte) {
            return Err(expected);
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn object(&mut self, mut take: impl FnMut(&str, &'a str)) -> Result<(), Expected> {
        self.step(b'{', Expected::Value)?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.escapes = false;
            let key = self.string(Expected::Name)?;
            let key = if self.escapes {
                unescape(key).ok_or(Expected::OtherHalf)?
            } else {
                Cow::Borrowed(key)
            };
            self.step(b':', Expected::Colon)?;
            self.space();
            take(&key, self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.comma()?,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(Expected::CommaOrBrace),
            }
        }
    }

    fn list(&mut self, mut take: impl FnMut(&'a str)) -> Result<(), Expected> {
        self.step(b'[', Expected::Value)?;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            take(self.value()?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(Expected::CommaOrBracket),
            }
        }
    }

    /// Steps over the comma between two members.
    #[inline]
    fn comma(&mut self) -> Result<(), Expected> {
        self.at += 1;
        self.space();
        self.ensure(self.peek() != Some(b'}'), Expected::AfterComma)
    }

    #[inline]
    fn value(&mut self) -> Result<&'a str, Expected> {
        let start = self.at;
        match self.peek() {
            Some(b'{' | b'[') => self.nested()?,
            _ => self.scalar()?,
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Steps over an object or a list, whatever it holds, without recursion.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn nested(&mut self) -> Result<(), Expected> {
        // Bits of the levels that are open: whether each is an object.
        let (mut objects, mut depth) = (0_u128, 0);
        loop {
            if let Some(open @ (b'{' | b'[')) = self.peek() {
                self.ensure(depth < DEPTH_MAX, Expected::Shallower)?;
                objects = objects << 1 | u128::from(open == b'{');
                depth += 1;
                self.at += 1;
                self.space();
                match (open, self.peek()) {
                    (b'{', Some(b'}')) | (b'[', Some(b']')) => {}
                    (b'{', _) => {
                        self.name()?;
                        continue;
                    }
                    _ => continue,
                }
            } else {
                self.scalar()?;
            }
            loop {
                if depth == 0 {
                    return Ok(());
                }
                let in_object = objects & 1 == 1;
                self.space();
                match self.peek() {
                    Some(b',') if in_object => {
                        self.comma()?;
                        self.name()?;
                        break;
                    }
                    Some(b',') => {
                        self.at += 1;
                        self.space();
                        break;
                    }
                    Some(b'}') if in_object => {}
                    Some(b']') if !in_object => {}
                    _ if in_object => return Err(Expected::CommaOrBrace),
                    _ => return Err(Expected::CommaOrBracket),
                }
                self.at += 1;
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    /// Steps over a key and its colon, up to the value.
    fn name(&mut self) -> Result<(), Expected> {
        self.string(Expected::Name)?;
        self.step(b':', Expected::Colon)?;
        self.space();
        Ok(())
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn scalar(&mut self) -> Result<(), Expected> {
        match self.peek() {
            Some(b'"') => self.string(Expected::Value).map(drop),
            Some(b'n') => self.word(b"null"),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'N') => self.bare("NaN"),
            Some(b'I') => self.bare("Infinity"),
            _ => Err(Expected::Value),
        }
    }

    /// What stands between the quotes of a string.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn string(&mut self, expected: Expected) -> Result<&'a str, Expected> {
        self.ensure(self.peek() == Some(b'"'), expected)?;
        self.at += 1;
        let start = self.at;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += unescaped(rest);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(self.text.get(start..self.at - 1).unwrap_or_default());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(Expected::NoControl),
                None => return Err(Expected::Quote),
            }
        }
    }

    #[cold]
    fn escape(&mut self) -> Result<(), Expected> {
        self.escapes = true;
        self.at += 1;
        let letter = self.peek().ok_or(Expected::Quote)?;
        self.ensure(br#""\/bfnrtu"#.contains(&letter), Expected::Escape)?;
        self.at += 1;
        for _ in 0..if letter == b'u' { 4 } else { 0 } {
            let digit = self.peek().ok_or(Expected::Quote)?;
            self.ensure(digit.is_ascii_hexdigit(), Expected::Escape)?;
            self.at += 1;
        }
        Ok(())
    }

    #[inline]
    fn word(&mut self, word: &[u8]) -> Result<(), Expected> {
        for byte in word {
            self.ensure(self.peek() == Some(*byte), Expected::Word)?;
            self.at += 1;
        }
        Ok(())
    }

    /// Steps over a float that JSON does not have, which only its field refuses.
    #[cold]
    fn bare(&mut self, token: &str) -> Result<(), Expected> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let behind = rest.strip_prefix(token).ok_or(Expected::Value)?;
        let ends = matches!(
            behind.bytes().next(),
            None | Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')
        );
        self.ensure(ends, Expected::Value)?;
        self.at += token.len();
        Ok(())
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    #[inline]
    fn number(&mut self) -> Result<(), Expected> {
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.peek() == Some(b'I') {
                return self.bare("Infinity").map_err(|_| Expected::Number);
            }
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            let more = matches!(self.peek(), Some(b'0'..=b'9'));
            self.ensure(!more, Expected::Number)?;
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
        Ok(())
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Expected> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.ensure(self.at > start, Expected::Number)
    }
}
