//! Every cell of every table of a store that a router has written: changed by itself, it is
//! found, and said where.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::Value;

use super::*;
use crate::ledger::{FixedClock, OnExpiry, TimeToLive};
use crate::store::StoreOptions;

/// Columns that need no proof, and why.
const NEED_NONE: [(&str, &str, &str); 9] = [
    ("commands", "number", "a letter box: what is asked in it"),
    ("commands", "asked_at", "counts for nothing by itself, and"),
    ("commands", "asked_by", "what came of it is an entry of the"),
    ("commands", "verb", "journal, with who asked"),
    ("commands", "arguments", "likewise"),
    ("commands", "done_at", "likewise"),
    ("commands", "outcome", "likewise"),
    ("sqlite_sequence", "name", "SQLite's own, for `commands`"),
    ("sqlite_sequence", "seq", "likewise"),
];
