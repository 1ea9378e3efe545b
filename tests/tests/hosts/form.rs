//! The canonical form, as its page describes it: the tables are read, every expected answer is
//! held to them by a reader of its own, and the page's examples are what is answered.

use std::collections::BTreeMap;

use conformance::{DEFAULT_POLICY, hosts::trapping};
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::json::decide_json;

use super::agreement::prepared;

const PAGE: &str = include_str!("../../../wit/README.md");

/// One row of a table: field, form, when.
type Row = (String, String, String);

/// The page's tables by the name in their first column.
struct Form(BTreeMap<String, Vec<Row>>);

fn section() -> &'static str {
    let (_, section) = PAGE.split_once("\n## The canonical form\n").unwrap();
    section.split_once("\n## ").unwrap().0
}

impl Form {
    fn read() -> Self {
        let mut tables = BTreeMap::<String, Vec<Row>>::new();
        let mut name = None;
        for line in section().lines() {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [first, form, when] = cells.as_slice() else {
                name = None;
                continue;
            };
            match &name {
                None => name = Some((*first).to_owned()),
                Some(_) if first.starts_with("---") => {}
                Some(table) => tables.entry(table.clone()).or_default().push((
                    first.trim_matches('`').to_owned(),
                    (*form).to_owned(),
                    (*when).to_owned(),
                )),
            }
        }
        Self(tables)
    }

    /// Whether a text is an answer in the canonical form, and what it has besides.
    fn check(&self, text: &str) -> Result<(), String> {
        let table = if text.contains(",\"error\":{\"code\":\"") && !text.contains("\"metadata\":{")
        {
            "refusal"
        } else {
            "decision"
        };
        let mut reader = Reader { rest: text };
        let fields = reader.object(self, table).map_err(|what| {
            let at = text.len() - reader.rest.len();
            format!("byte {at}: {what}, in {text}")
        })?;
        if !reader.rest.is_empty() {
            return Err(format!("`{}` behind its end", reader.rest));
        }
        if table == "refusal" {
            return Ok(());
        }
        let effect = fields["position_effect"];
        for (field, is_there) in [
            ("position_side", effect != "\"none\""),
            ("quantity", effect != "\"none\""),
            ("notional", effect == "\"open\""),
        ] {
            if fields.contains_key(field) != is_there {
                return Err(format!("`{field}` of {effect}, in {text}"));
            }
        }
        Ok(())
    }
}

/// Reads a text strictly, from its beginning.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn take(&mut self, text: &str) -> Result<(), String> {
        self.rest = self
            .rest
            .strip_prefix(text)
            .ok_or_else(|| format!("no `{text}`"))?;
        Ok(())
    }

    /// An object of a table; each field's text.
    fn object(&mut self, form: &Form, table: &str) -> Result<BTreeMap<String, &'t str>, String> {
        let mut fields = BTreeMap::new();
        self.take("{")?;
        for (field, kind, when) in &form.0[table] {
            let comma = if fields.is_empty() { "" } else { "," };
            if self.take(&format!("{comma}\"{field}\":")).is_err() {
                if when.starts_with("always") {
                    return Err(format!("`{field}` is missing"));
                }
                continue;
            }
            let before = self.rest;
            self.value(form, kind)
                .map_err(|what| format!("`{field}`: {what}"))?;
            let text = &before[..before.len() - self.rest.len()];
            fields.insert(field.clone(), text);
        }
        self.take("}")?;
        Ok(fields)
    }

    fn value(&mut self, form: &Form, kind: &str) -> Result<(), String> {
        if let Some(of) = kind.strip_prefix("list of ") {
            self.take("[")?;
            loop {
                self.object(form, of)?;
                if self.take(",").is_err() {
                    return self.take("]");
                }
            }
        }
        match kind {
            "text" => self.string(true).map(drop),
            "decimal" => self.decimal(),
            "count" => match self.digits() {
                "" => Err("no digits".to_owned()),
                digits if digits.len() > 1 && digits.starts_with('0') => {
                    Err("0 in front".to_owned())
                }
                _ => Ok(()),
            },
            "flag" => self.take("true").or_else(|_| self.take("false")),
            "number" => self.number(),
            "amount" if self.rest.starts_with('"') => self.string(false).map(drop),
            "amount" => self.number(),
            "tags" => self.tags(),
            words if words.starts_with('`') => {
                let word = self.string(true)?;
                let known = words
                    .split(' ')
                    .any(|known| known.trim_matches('`') == word);
                known
                    .then_some(())
                    .ok_or_else(|| format!("no word `{word}`"))
            }
            table => self.object(form, table).map(drop),
        }
    }

    /// What stands between the quotes; strictly, only what must be escaped is.
    fn string(&mut self, is_strict: bool) -> Result<&'t str, String> {
        self.take("\"")?;
        let mut escaped = false;
        let end = self.rest.char_indices().find(|(_, character)| {
            let ends = !escaped && *character == '"';
            escaped = !escaped && *character == '\\';
            ends
        });
        let (end, _) = end.ok_or("no end of a string")?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        let quoted = format!("\"{text}\"");
        let read: String = serde_json::from_str(&quoted).map_err(|error| error.to_string())?;
        // This library escapes what must be, in the same letters.
        if is_strict && serde_json::to_string(&read).unwrap() != quoted {
            return Err(format!("{quoted} escapes otherwise"));
        }
        Ok(text)
    }

    fn digits(&mut self) -> &'t str {
        let end = self
            .rest
            .find(|character: char| !character.is_ascii_digit());
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        digits
    }

    fn decimal(&mut self) -> Result<(), String> {
        self.take("\"")?;
        let whole = self.digits();
        let mut behind = "";
        if self.take(".").is_ok() {
            behind = self.digits();
            if behind.is_empty() || behind.ends_with('0') {
                return Err("its last place is none".to_owned());
            }
        }
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return Err("0 in front".to_owned());
        }
        let significant = format!("{whole}{behind}");
        if significant.trim_start_matches('0').len() > 28 {
            return Err("more than 28 digits".to_owned());
        }
        self.take("\"")
    }

    fn number(&mut self) -> Result<(), String> {
        let end = self.rest.find([',', '}']).ok_or("no end of a number")?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let read = serde_json::from_str::<serde_json::Number>(text);
        read.map(drop).map_err(|error| format!("{text}: {error}"))
    }

    fn tags(&mut self) -> Result<(), String> {
        self.take("{")?;
        if self.take("}").is_ok() {
            return Ok(());
        }
        loop {
            self.string(false)?;
            self.take(":")?;
            self.string(false)?;
            if self.take(",").is_err() {
                return self.take("}");
            }
        }
    }
}

#[test]
fn every_expected_answer_has_the_form_of_the_page() {
    let form = Form::read();
    let names: Vec<&String> = form.0.keys().collect();
    assert_eq!(
        names,
        [
            "budget", "decision", "error", "metadata", "policy", "refusal", "warning"
        ]
    );
    let cases = prepared().suites.iter().flat_map(|suite| &suite.cases);
    for case in cases {
        form.check(&case.expected)
            .unwrap_or_else(|what| panic!("{what}"));
    }
    form.check(trapping::FAULT).unwrap();
}

#[test]
fn what_is_not_in_the_form_is_seen() {
    let form = Form::read();
    let answer = r#"{"symbol":"s","final_action":"BUY","side":"BUY","order_intent":"explore","reason":"r","rule":"r","position_effect":"open","position_side":"long","reduce_only":false,"quantity":"0.5","notional":"10","budget":{"name":"b","need":"1","used":"0","reserved":"0","orders":1,"orders_limit":2},"metadata":{"strategy":"s","order_intent":"explore","is_exploration":true,"is_pilot":false,"is_normal":false,"signal_score":0.40},"policy":{"name":"p","version":"1"}}"#;
    form.check(answer).unwrap();
    for (from, to) in [
        ("\"symbol\":\"s\",", ""),
        (":\"BUY\",\"order", ": \"BUY\",\"order"),
        ("\"side\":\"BUY\"", "\"side\":\"buy\""),
        ("\"side\":\"BUY\"", "\"side\":null"),
        ("\"symbol\":\"s\"", "\"symbol\":\"\\u0073\""),
        ("\"symbol\":\"s\"", "\"symbol\":\"a\\/b\""),
        ("\"symbol\":\"s\"", "\"symbol\":\"\\u001F\""),
        (
            "\"reason\":\"r\",\"rule\":\"r\"",
            "\"rule\":\"r\",\"reason\":\"r\"",
        ),
        ("\"0.5\"", "\"0.50\""),
        ("\"0.5\"", "\".5\""),
        ("\"0.5\"", "\"00.5\""),
        ("\"0.5\"", "0.5"),
        ("\"0.5\"", "\"5e-1\""),
        ("\"0.5\"", "\"0.12345678901234567890123456789\""),
        ("\"orders\":1", "\"orders\":\"1\""),
        ("\"orders\":1", "\"orders\":01"),
        (",\"notional\":\"10\"", ""),
        (",\"position_side\":\"long\"", ""),
        ("\"open\"", "\"none\""),
        ("0.40", "0,40"),
        ("0.40", "+0.4"),
        ("}}", "},\"fuel\":7}"),
        ("}}", "},\"warnings\":[]}"),
        ("}}", "}}\n"),
        ("false,\"quantity", "\"false\",\"quantity"),
    ] {
        let other = answer.replacen(from, to, 1);
        assert_ne!(other, answer, "{from}");
        assert!(form.check(&other).is_err(), "{other}");
    }
}

#[test]
fn the_examples_of_the_page_are_what_is_answered() {
    let engine = Engine::new(Document::parse(DEFAULT_POLICY).unwrap().table()).unwrap();
    let (_, block) = section().split_once("```jsonl\n").unwrap();
    let lines: Vec<&str> = block.split_once("```").unwrap().0.lines().collect();
    assert_eq!(lines.len(), 9);
    for example in lines.chunks(3) {
        assert_eq!(decide_json(&engine, example[0], example[1]), example[2]);
    }
}
