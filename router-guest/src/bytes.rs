//! Bytes compared where it happens: names are short, and the sandbox has no faster way to
//! compare them than the one that is written out.

/// Whether both are the same. Words are compared that overlap where the length is no multiple
/// of theirs, so that no length takes a loop over bytes.
#[inline]
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    if let (Some(last), Some(other)) = (left.last_chunk::<8>(), right.last_chunk::<8>()) {
        let (words, _) = left.as_chunks::<8>();
        let (others, _) = right.as_chunks::<8>();
        let same = |(word, other): (&[u8; 8], &[u8; 8])| {
            u64::from_le_bytes(*word) == u64::from_le_bytes(*other)
        };
        return same((last, other)) && words.iter().zip(others).all(same);
    }
    short_word(left) == short_word(right)
}

/// Up to eight bytes in a word; of two texts of one length, the words differ if the texts do.
#[inline]
pub(crate) fn short_word(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    let (Some(first), Some(middle), Some(last)) =
        (text.first(), text.get(text.len() / 2), text.last())
    else {
        return 0;
    };
    u64::from(u32::from_le_bytes([*first, *middle, *last, *last]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_makes_a_difference_wherever_it_stands() {
        for length in 0..40 {
            let text = vec![7; length];
            assert!(same(&text, &text.clone()));
            assert!(!same(&text, &vec![7; length + 1]));
            for at in 0..length {
                let mut other = text.clone();
                other[at] = 8;
                assert!(!same(&text, &other), "{at} of {length}");
            }
        }
    }
}
