//! Values as bytes: numbers, texts, lists. Each has one encoding, and nothing else is read.

use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::Amount;

/// Bytes that are set aside for a list on the word of its length alone.
const TRUSTED_BYTES_MAX: usize = 1 << 20;

/// What has one encoding. `read` takes it from the front of the bytes, and gives `None` for
/// everything that `write` does not write.
pub(super) trait Encoded: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

impl<T: Encoded> Encoded for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        if bool::read(bytes)? {
            T::read(bytes).map(Some)
        } else {
            Some(None)
        }
    }
}

impl<T: Encoded> Encoded for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        for entry in self {
            entry.write(out);
        }
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let length = read_length(bytes)?;
        let trusted = TRUSTED_BYTES_MAX / size_of::<T>().max(1);
        let mut entries = Self::with_capacity(length.min(trusted));
        for _ in 0..length {
            entries.push(T::read(bytes)?);
        }
        Some(entries)
    }
}

impl Encoded for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let length = read_length(bytes)?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Some(core::str::from_utf8(text).ok()?.into())
    }
}

impl Encoded for Amount {
    fn write(&self, out: &mut Vec<u8>) {
        let (high, low, scale) = self.normalized().to_words();
        write_number(u128::from(high) << 64 | u128::from(low), out);
        out.push(scale);
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let coefficient = read_number(bytes)?;
        let scale = u8::read(bytes)?;
        Self::new(coefficient, scale).filter(|amount| amount.normalized().to_words().2 == scale)
    }
}

impl Encoded for f64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        Some(Self::from_le_bytes(*number))
    }
}

impl Encoded for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        match u8::read(bytes)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Encoded for u8 {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(*byte)
    }
}

impl Encoded for u16 {
    fn write(&self, out: &mut Vec<u8>) {
        write_number(u128::from(*self), out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        read_number(bytes)?.try_into().ok()
    }
}

impl Encoded for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        write_number(u128::from(*self), out);
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        read_number(bytes)?.try_into().ok()
    }
}

fn write_length(length: usize, out: &mut Vec<u8>) {
    write_number(length as u128, out);
}

/// A length that the bytes can hold: whatever is counted takes a byte at least.
#[cfg_attr(target_arch = "wasm32", inline(never))]
fn read_length(bytes: &mut &[u8]) -> Option<usize> {
    let length = usize::try_from(read_number(bytes)?).ok()?;
    (length <= bytes.len()).then_some(length)
}

fn write_number(number: u128, out: &mut Vec<u8>) {
    let mut rest = number;
    loop {
        let digit = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            out.push(digit);
            return;
        }
        out.push(digit | 0x80);
    }
}

#[cfg_attr(target_arch = "wasm32", inline(never))]
fn read_number(bytes: &mut &[u8]) -> Option<u128> {
    let mut number = 0;
    // The 19th digit of 7 bits has two that 128 bits can hold.
    for at in 0..19 {
        let byte = u8::read(bytes)?;
        let digit = u128::from(byte & 0x7f);
        number |= digit << (7 * at);
        if byte < 0x80 {
            let fits = at < 18 || digit < 4;
            let leads = byte == 0 && at > 0;
            return (fits && !leads).then_some(number);
        }
    }
    None
}
