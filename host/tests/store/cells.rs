//! Every cell of every table of a store that a router has written: changed by itself, it is
//! found by `journal verify`, which says where.

use std::fs;
use std::path::Path;
use std::time::Duration;

use execution_router::gate::Gate;
use execution_router::journal::Journal;
use execution_router::journal::checkpoint::Checkpoint;
use execution_router::journal::mask::Mask;
use execution_router::journal::verify::{Verified, verify};
use execution_router::ledger::{EventId, OnExpiry, TimeToLive};
use execution_router::store::{StoreAddress, StoreOptions};
use execution_router::{Cache, Candidate, Compiler, Side, TradingState};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::bench::{Place, said};

/// Columns that nothing proves, and why they need no proof.
const UNPROVED: [(&str, &[&str], &str); 3] = [
    (
        "commands",
        &[
            "number",
            "asked_at",
            "asked_by",
            "verb",
            "arguments",
            "wait_until",
            "taken_at",
            "done_at",
            "outcome",
        ],
        "a letter box: what came of a command is an entry of its own, with who asked",
    ),
    (
        "sqlite_sequence",
        &["name", "seq"],
        "SQLite's own, the counter of `commands`",
    ),
    (
        "meta",
        &["value of opened"],
        "written so that a log begins with a commit of its own, and read by nobody",
    ),
];

/// A store with rows in every table, and no column that is empty in all of them.
fn written() -> Place {
    let place = Place::new();
    let options = StoreOptions {
        time_to_live: Some(TimeToLive {
            after: Duration::from_secs(60),
            on_expiry: OnExpiry::Release,
        }),
        mask: Some(Mask::new(&[7; 32], "strategy".parse().unwrap()).unwrap()),
        ..StoreOptions::default()
    };
    let mut bench = place.open_with(options).unwrap();
    let gate = Gate::new(Cache::user()).compiler(Compiler::in_process());
    bench.router = bench.router.gate(gate);
    let router = &bench.router;
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1 repeated");
    assert_eq!(said(bench.normal("b")), "BUY open_long");
    assert_eq!(said(bench.close("c")), "SELL close_long");
    assert_eq!(said(bench.pilot("d")), "BUY open_long R2");
    // R2's time is over; R3's is not.
    assert_eq!(
        said(bench.pilot_at("e", "2026-01-05T09:05:00Z")),
        "BUY open_long R3"
    );
    bench.fill("R1", "f1", "500", Side::Buy);
    let event = EventId::new("c1").unwrap();
    router
        .release_for("R3".parse().unwrap(), event, "ops")
        .unwrap();
    assert_eq!(
        said(bench.pilot_at("f", "2026-01-05T09:05:30Z")),
        "BUY open_long R4"
    );
    let until = "2026-01-06T00:00:00Z".parse().unwrap();
    router
        .set_trading_state_for(TradingState::Reducing, Some(until), "ops")
        .unwrap();
    for bytes in [&b"?"[..], b"!"] {
        let candidate = Candidate::of_component(bytes.to_vec());
        router.swap(&candidate, "ops").unwrap_err();
    }
    let shut_out = router.quarantine();
    let cleared = router.clear_quarantine_for(shut_out[0].digest, "ops");
    assert_eq!(cleared, Ok(true));
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/close-only");
    router.swap_file(&other, "ops").unwrap();
    router.rollback("ops").unwrap();
    drop(bench);
    Connection::open(place.path())
        .unwrap()
        .execute(
            "INSERT INTO commands (asked_at, asked_by, verb, arguments, wait_until, taken_at,
             done_at, outcome) VALUES (1, 'ops', 'status', '{}', 3, 2, 2, '{}')",
            [],
        )
        .unwrap();
    place
}

fn verified(path: &Path, checkpoint: Option<Checkpoint>) -> Verified {
    let journal = Journal::open(&StoreAddress::sqlite(path)).unwrap();
    verify(&journal, checkpoint, &mut |_| {}).unwrap()
}

/// A cell of a table.
struct Cell {
    table: String,
    column: String,
    /// What tells its row from others, in SQL.
    row: String,
    value: Value,
}

fn cells(connection: &Connection) -> Vec<Cell> {
    let mut cells = Vec::new();
    let query = "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
       WHERE m.type = 'table' ORDER BY m.name, c.cid";
    let mut columns = connection.prepare(query).unwrap();
    let columns = columns
        .query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })
        .unwrap();
    for (table, column) in columns.map(Result::unwrap) {
        let key = if table == "meta" {
            "'key = ' || quote(key)"
        } else {
            "'rowid = ' || rowid"
        };
        let query = format!("SELECT {key}, {column} FROM {table}");
        let mut rows = connection.prepare(&query).unwrap();
        let rows = rows.query_map([], |row| {
            Ok(Cell {
                table: table.clone(),
                column: column.clone(),
                row: row.get(0)?,
                value: row.get(1)?,
            })
        });
        let before = cells.len();
        cells.extend(rows.unwrap().map(Result::unwrap));
        let is_empty = cells[before..].iter().all(|cell| cell.value == Value::Null);
        assert!(!is_empty, "{table}.{column} is empty everywhere");
    }
    cells
}

/// Something else in its place.
fn other(value: &Value) -> Value {
    match value {
        Value::Null => Value::Integer(1),
        Value::Integer(number) => Value::Integer(number.wrapping_add(1_000)),
        Value::Text(text) => Value::Text(format!("{text}x")),
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            *bytes.last_mut().unwrap() ^= 1;
            Value::Blob(bytes)
        }
        Value::Real(_) => panic!("not a column is a float"),
    }
}

/// Whether the cell is one of those that nothing proves.
fn is_unproved(cell: &Cell) -> bool {
    let name = match cell.row.strip_prefix("key = ") {
        Some(key) => format!("{} of {}", cell.column, key.trim_matches('\'')),
        None => cell.column.clone(),
    };
    let mut all = UNPROVED.iter();
    all.any(|(table, columns, _)| *table == cell.table && columns.contains(&&*name))
}

/// Whether a finding is about the cell's row.
fn names(place: &str, cell: &Cell) -> bool {
    let number = cell.row.trim_start_matches("rowid = ");
    match &*cell.table {
        "meta" => place.ends_with("of meta") || place == "the journal's end",
        "policies" => place.starts_with("policy "),
        "reservations" => place == format!("reservation R{number}"),
        "quarantine" => place.starts_with("quarantine of "),
        "trading_state" => place == "the trading state",
        table if cell.column == "seq" => {
            place.ends_with(&format!(" ({table})")) || place.starts_with("entry ")
        }
        table => place == format!("entry {number} ({table})"),
    }
}

#[test]
fn every_cell_of_every_table_is_held_to_the_chain() {
    let place = written();
    let sound = verified(&place.path(), None);
    assert_eq!(sound.findings, []);
    let cells = cells(&Connection::open(place.path()).unwrap());
    let copy = place.path().with_file_name("copy.db");
    let mut held = 0;
    for cell in &cells {
        fs::copy(place.path(), &copy).unwrap();
        let connection = Connection::open(&copy).unwrap();
        connection
            .execute_batch("PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on")
            .unwrap();
        let Cell {
            table, column, row, ..
        } = cell;
        let set = |value: &Value| {
            let update = format!("UPDATE {table} SET {column} = ?1 WHERE {row}");
            connection.execute(&update, params![value])
        };
        // A column of text takes no number.
        if set(&other(&cell.value)).is_err() {
            set(&Value::Text("x".into())).unwrap();
        }
        drop(connection);
        let verified = verified(&copy, None);
        if is_unproved(cell) {
            assert_eq!(verified.findings, [], "{table}.{column} where {row}");
            continue;
        }
        held += 1;
        let is_told = verified.findings.iter().any(|one| names(&one.place, cell));
        assert!(
            is_told,
            "{table}.{column} where {row}: {:#?}",
            verified.findings
        );
    }
    assert!(held > 400, "{held} cells of {}", cells.len());
}

/// Rows that are put in or taken out of the tables of what holds now.
#[test]
fn rows_of_what_holds_now_are_held_to_the_chain() {
    let place = written();
    let copy = place.path().with_file_name("copy.db");
    for (sql, at, said) in [
        (
            "DELETE FROM trading_state",
            "the trading state",
            "the entries have set it, and it is missing",
        ),
        (
            "DELETE FROM quarantine",
            "quarantine of ",
            "the entries have put it there, and it is missing",
        ),
        (
            "INSERT INTO quarantine VALUES ('abc', 'so', 1)",
            "quarantine of abc",
            "no entry has put it there, or one has let it out again",
        ),
        (
            "DELETE FROM meta WHERE key = 'mask'",
            "`mask` of meta",
            "it is missing",
        ),
        (
            "INSERT INTO meta VALUES ('other', 1)",
            "`other` of meta",
            "no router writes it",
        ),
        (
            "UPDATE meta SET value = 1 WHERE key = 'latest'",
            "`latest` of meta",
            "it says `1`, and the latest time that a budget was consulted at is `1767603930000000`",
        ),
        (
            "UPDATE reservations SET quote_rate = '2' WHERE number = 1",
            "reservation R1",
            "its column `quote_rate` says `2`, and the journal `1`",
        ),
        (
            "UPDATE reservations SET expires_at = NULL WHERE number = 4",
            "reservation R4",
            "its column `expires_at` says nothing, and the journal ",
        ),
        (
            "UPDATE reservations SET is_open = 1 WHERE number = 2",
            "reservation R2",
            "its column `is_open` says `1`, and the journal `0`",
        ),
        (
            "UPDATE policies SET manifest = replace(manifest, '\"all\"', '\"symbol\"') WHERE number = 1",
            "policy 1",
            "its column `manifest` is not what it was when entry 1 was written",
        ),
    ] {
        fs::copy(place.path(), &copy).unwrap();
        let connection = Connection::open(&copy).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        let verified = verified(&copy, None);
        let found = verified
            .findings
            .iter()
            .find(|one| one.place.starts_with(at));
        let found = found.unwrap_or_else(|| panic!("{sql}: {:#?}", verified.findings));
        assert!(found.what.starts_with(said), "{sql}: {found:?}");
    }
}

/// A store of a router that goes on writing is sound whenever it is looked at, and so is its end
/// held to a checkpoint that was made while it ran.
#[test]
fn a_router_that_runs_is_verified() {
    let place = Place::new();
    let bench = place.open();
    let journal = Journal::open(&place.address()).unwrap();
    let mut checkpoint = None;
    std::thread::scope(|scope| {
        let deciding = scope.spawn(|| {
            for number in 0..400 {
                bench.normal(&format!("n{number}")).unwrap();
                if number % 50 == 0 {
                    let reservation = bench.pilot(&format!("p{number}")).ok();
                    let reservation = reservation.and_then(|made| made.reservation());
                    if let Some(reservation) = reservation {
                        bench.fill(&reservation.to_string(), "f", "50", Side::Buy);
                    }
                }
            }
        });
        while !deciding.is_finished() {
            let verified = verify(&journal, checkpoint, &mut |_| {}).unwrap();
            assert_eq!(verified.findings, []);
            checkpoint = Some(Checkpoint::of(&journal, Timestamp::UNIX_EPOCH).unwrap());
        }
    });
    drop(bench);
    let whole = verified(&place.path(), checkpoint);
    assert_eq!(whole.findings, []);
    assert!(whole.entries > 400, "{}", whole.entries);
}
