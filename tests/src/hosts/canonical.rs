//! From what `route` answers to the canonical form of a decision: what only one host knows is
//! cut out of the text, so that everything else is compared to the byte.

use router_guest::json::FaultCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::run::canonical_line;

/// The canonical form of a line of `route`: without `line`, `fuel`, `policy.digest`,
/// `policy.generation`, `reservation`, `repeated` and the warnings of hosts.
pub fn of_route(answer: &str) -> String {
    if let Some(rest) = answer.strip_prefix("{\"line\":") {
        let rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
        return format!("{{{}", rest.strip_prefix(',').unwrap_or(rest));
    }
    let answer = canonical_line(answer);
    // `tags` hold strings alone, so the first of these is the decision's own.
    let Some((head, rest)) = answer.split_once(",\"metadata\":{") else {
        return answer;
    };
    let head = without_reservation(head);
    let rest = rest.replacen("},\"repeated\":true", "}", 1);
    let (rest, warnings) = match rest.split_once("},\"warnings\":") {
        Some((rest, warnings)) => (format!("{rest}}}"), warnings.strip_suffix('}')),
        None => (rest, None),
    };
    match warnings.map(of_policy) {
        None => format!("{head},\"metadata\":{{{rest}"),
        Some(None) => format!("{head},\"metadata\":{{{rest}}}"),
        Some(Some(warnings)) => {
            format!("{head},\"metadata\":{{{rest},\"warnings\":[{warnings}]}}")
        }
    }
}

/// The head of a decision, up to its metadata: a reservation is the last that stands in it.
fn without_reservation(head: &str) -> &str {
    match head.rsplit_once(",\"reservation\":\"") {
        // In `tags` it would be followed by more quotes than its own.
        Some((before, id)) if id.find('"') == id.len().checked_sub(1) => before,
        _ => head,
    }
}

/// The warnings that a policy gives; `None` when there are none.
fn of_policy(warnings: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Warning {
        code: String,
    }
    let all: Vec<&RawValue> = serde_json::from_str(warnings).unwrap_or_default();
    let kept = all.iter().map(|warning| warning.get()).filter(|warning| {
        let read = serde_json::from_str::<Warning>(warning);
        !read.is_ok_and(|warning| is_of_host(&warning.code))
    });
    let kept: Vec<&str> = kept.collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// A decision without what a policy calls its rules and itself: what two policies that route
/// alike have in common.
pub fn without_names(answer: &str) -> String {
    // Behind the rule come no keys of the sender's, so the last one is the decision's own.
    let Some((before, rest)) = answer.rsplit_once(",\"rule\":\"") else {
        return answer.to_owned();
    };
    let rest = behind_string(rest);
    let Some((middle, names)) = rest.split_once(",\"policy\":{\"name\":\"") else {
        return format!("{before}{rest}");
    };
    let version = behind_string(names).strip_prefix(",\"version\":\"");
    let rest = behind_string(version.unwrap_or_default());
    format!("{before}{middle}{}", rest.strip_prefix('}').unwrap_or(rest))
}

/// What stands behind the quote that ends a string.
fn behind_string(text: &str) -> &str {
    let mut is_escaped = false;
    let end = text.find(|character| {
        let ends = !is_escaped && character == '"';
        is_escaped = !is_escaped && character == '\\';
        ends
    });
    end.and_then(|end| text.get(end + 1..)).unwrap_or_default()
}

fn is_of_host(code: &str) -> bool {
    let mut codes = FaultCode::ALL.into_iter();
    codes.any(|known| known.is_of_host() && known.word() == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(answer: &str, canonical: &str) {
        assert_eq!(of_route(answer), canonical);
        // Nothing is left to be cut.
        assert_eq!(of_route(canonical), canonical);
    }

    #[test]
    fn what_only_one_host_knows_is_cut() {
        becomes(
            r#"{"line":12,"id":"a","side":"SKIP","error":{"code":"c","message":"m"}}"#,
            r#"{"id":"a","side":"SKIP","error":{"code":"c","message":"m"}}"#,
        );
        becomes(
            r#"{"symbol":"s","budget":{"name":"b"},"reservation":"R1","metadata":{"strategy":"t"},"policy":{"name":"p","version":"1","digest":"ab","generation":3},"fuel":12,"repeated":true}"#,
            r#"{"symbol":"s","budget":{"name":"b"},"metadata":{"strategy":"t"},"policy":{"name":"p","version":"1"}}"#,
        );
        becomes(
            r#"{"symbol":"s","metadata":{"strategy":"t"},"policy":{"name":"p","version":"1"},"repeated":true,"warnings":[{"code":"bad_timestamp","field":"timestamp","message":"`\"}],`"},{"code":"negative","field":"price","message":"m"}]}"#,
            r#"{"symbol":"s","metadata":{"strategy":"t"},"policy":{"name":"p","version":"1"},"warnings":[{"code":"negative","field":"price","message":"m"}]}"#,
        );
        becomes(
            r#"{"symbol":"s","metadata":{"strategy":"t"},"policy":{"name":"p","version":"1"},"warnings":[{"code":"store_full","message":"m"}]}"#,
            r#"{"symbol":"s","metadata":{"strategy":"t"},"policy":{"name":"p","version":"1"}}"#,
        );
    }

    #[test]
    fn names_of_a_policys_own_are_cut() {
        for (answer, rest) in [
            (
                r#"{"symbol":"s","tags":{"a":"b","rule":"t"},"reason":"r","rule":"a\"},{","position_effect":"none","metadata":{"strategy":"t"},"policy":{"name":"\\","version":"}"},"warnings":[]}"#,
                r#"{"symbol":"s","tags":{"a":"b","rule":"t"},"reason":"r","position_effect":"none","metadata":{"strategy":"t"},"warnings":[]}"#,
            ),
            (
                r#"{"reason":"r","rule":"a","metadata":{"strategy":"t"},"policy":{"name":"n","version":"1"}}"#,
                r#"{"reason":"r","metadata":{"strategy":"t"}}"#,
            ),
            (
                r#"{"id":"a","side":"SKIP","error":{"code":"c","message":"m"}}"#,
                r#"{"id":"a","side":"SKIP","error":{"code":"c","message":"m"}}"#,
            ),
        ] {
            assert_eq!(without_names(answer), rest);
        }
    }

    #[test]
    fn what_a_bot_says_itself_stays() {
        for answer in [
            r#"{"symbol":"s","tags":{"a":"b","reservation":"R1"},"side":"BUY","metadata":{"strategy":"t"},"policy":{"name":"p","version":"1"}}"#,
            r#"{"symbol":"s","tags":{"fuel":"1","repeated":"true","line":"3"},"side":"BUY","metadata":{"strategy":"},\"repeated\":true"},"policy":{"name":"p","version":"1"}}"#,
            r#"{"symbol":",\"reservation\":\"R1","side":"BUY","reservations":"R","metadata":{"strategy":"t"},"policy":{"name":"p","version":"1"}}"#,
        ] {
            becomes(answer, answer);
        }
    }
}
