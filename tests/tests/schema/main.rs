//! The schema of policy documents held against the reader: what the reader takes the schema
//! takes, however an editor reads scalars, and what one refuses the other refuses, but for the
//! faults that are listed as beyond a schema.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod accepted;
mod refused;
mod validator;
mod vocabulary;
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};

use conformance::run;
use router_guest::document::{Document, schema_json};
use serde_json::Value;
use yaml::Scalars;

/// Sound, small, and with a line for everything that the tables here change.
const BASE: &str = "name: base
version: 1
account_currency: USDT
risk: { short_enabled: no }
symbols:
  BTC/USDT: { allow_short: no, step: 0.01, min_quantity: 0.1, min_notional: 5 }
tiers:
  normal: { score: 0.65, risk_reward: 1.3, confidence: 0.1, size: 100% }
  pilot: { score: 0.55, size: 40%, budget: exploration }
  explore: { score: 0.3, size: 50%, budget: exploration }
budgets:
  exploration: { limit: 3% of equity, orders: 9, per: day, zone: UTC, scope: all }
routes:
  - first: { when: { dust: no }, skip: waits }
  - close: { when: { position: opposite, closable: yes }, close: position, reason: closed }
  - other: { when: { action: { not: [BUY, SELL] } }, skip: nothing_to_do }
  - last: { open: sized }
";

/// The base with a part of it written otherwise.
#[track_caller]
fn changed(part: &str, instead: &str) -> String {
    assert_eq!(BASE.matches(part).count(), 1, "`{part}`");
    BASE.replace(part, instead)
}

/// The base with these conditions in its first route.
fn conditional(conditions: &str) -> String {
    changed("{ dust: no }", conditions)
}

fn policies_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies")
}

fn schema_file() -> PathBuf {
    policies_folder().join("policy.schema.json")
}

/// The documents of the policies that ship, each with its file.
fn shipped() -> Vec<(PathBuf, String)> {
    let documents: Vec<_> = run::files(&policies_folder())
        .into_iter()
        .filter(|file| file.ends_with("policy.yaml"))
        .map(|file| (file.clone(), fs::read_to_string(file).unwrap()))
        .collect();
    assert!(!documents.is_empty());
    documents
}

fn schema() -> Value {
    serde_json::from_str(&schema_json()).unwrap()
}

/// What the schema says of each document, however its scalars are read; empty where it takes it.
fn judged(documents: &[String], scalars: Scalars) -> Vec<String> {
    let documents: Vec<_> = documents
        .iter()
        .map(|text| yaml::json(text, scalars))
        .collect();
    validator::judge(&schema(), &documents)
}

/// Both take every one of the documents.
#[track_caller]
fn taken(documents: &[String]) {
    for text in documents {
        if let Err(findings) = Document::parse(text) {
            panic!("the reader says {findings}\nof\n{text}");
        }
    }
    for scalars in Scalars::ALL {
        for (text, said) in documents.iter().zip(judged(documents, scalars)) {
            assert_eq!(said, "", "{scalars:?}, of\n{text}");
        }
    }
}

#[test]
fn the_shipped_schema_is_the_one_that_is_printed() {
    if let Err(difference) = run::compare(&schema_json(), &schema_file()) {
        panic!("{difference}`BLESS=1` writes it");
    }
}

/// Editors find the schema by this line, relative to the document.
#[test]
fn every_shipped_policy_names_the_schema_first() {
    for (file, text) in shipped() {
        let first = text.lines().next().unwrap();
        let named = first.strip_prefix("# yaml-language-server: $schema=");
        let named = named.unwrap_or_else(|| panic!("{}: {first}", file.display()));
        let target = file.parent().unwrap().join(named);
        assert_eq!(
            fs::canonicalize(&target).unwrap(),
            fs::canonicalize(schema_file()).unwrap(),
            "{}",
            file.display()
        );
    }
}
