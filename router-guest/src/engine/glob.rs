//! Patterns over names: `*` is any run of bytes, `?` any one byte.

/// Whether a pattern is one at all, or just a name.
pub fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// Whether the pattern matches the whole name. Linear in their product, without recursion:
/// only the last `*` is ever tried again, because an earlier one can gain nothing more.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut read) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, read));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                at += 1;
                read += 1;
            }
            _ => match retry {
                Some((after_star, from)) => {
                    retry = Some((after_star, from + 1));
                    at = after_star;
                    read = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(at..)
        .unwrap_or_default()
        .iter()
        .all(|byte| *byte == b'*')
}

/// What a pattern begins with, up to its first `*` or `?`.
pub fn literal_prefix(pattern: &str) -> &str {
    pattern.split(['*', '?']).next().unwrap_or_default()
}

/// What a pattern ends with, behind its last `*` or `?`.
pub fn literal_suffix(pattern: &str) -> &str {
    pattern.rsplit(['*', '?']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, name, expected) in [
            ("BTC/USDT", "BTC/USDT", true),
            ("BTC/USDT", "BTC/USD", false),
            ("*/USDT", "BTC/USDT", true),
            ("*/USDT", "BTC/USDT:USDT", false),
            ("BTC/*", "BTC/", true),
            ("*", "", true),
            ("?", "", false),
            ("?TC*", "BTC/EUR", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**", "x", true),
            ("a*", "ba", false),
            ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn literal_ends() {
        assert_eq!(
            (literal_prefix("BTC/*:?"), literal_suffix("*/US?T")),
            ("BTC/", "T")
        );
        assert_eq!((literal_prefix("*"), literal_suffix("*")), ("", ""));
    }
}
