//! A store whose file is moved, removed or replaced under a router, or has several names.

use std::fs;
use std::path::Path;
use std::time::Duration;

use execution_router::store::{self, Question, SqliteStore, StoreAddress, StoreOptions};
use rusqlite::Connection;

use super::bench::{Bench, Place, said};

fn count(path: &Path, sql: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[track_caller]
fn refused(path: &Path, expected: &str) {
    let opened = SqliteStore::open(&StoreAddress::sqlite(path), StoreOptions::default());
    let Err(fault) = opened else {
        panic!("`{}` was opened", path.display())
    };
    let expected = expected.replace("PATH", &path.display().to_string());
    assert!(fault.to_string().starts_with(&expected), "{fault}");
}

/// Why nobody could be asked.
#[track_caller]
fn unasked(path: &Path, line: &str) -> String {
    let question = Question {
        verb: "any",
        line,
        asked_by: "ops",
        wait: Duration::from_secs(1),
    };
    let asked = store::ask(&StoreAddress::sqlite(path), &question);
    asked.unwrap_err().to_string()
}

/// Puts a copy in the place of the store under a router, and answers its bytes. A copy is another
/// file: the log of the first one is not its own.
fn replaced(place: &Place, bench: &Bench) -> Vec<u8> {
    let elsewhere = place.beside("elsewhere.db");
    fs::rename(place.path(), &elsewhere).unwrap();
    bench.expect_event("is gone: it was moved or removed while the router ran");
    fs::copy(&elsewhere, place.path()).unwrap();
    fs::read(place.path()).unwrap()
}

#[test]
fn a_store_that_is_moved_away_is_not_written_and_goes_on_where_it_was() {
    let place = Place::new();
    let bench = place.open();
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    let elsewhere = place.beside("elsewhere.db");
    fs::rename(place.path(), &elsewhere).unwrap();
    // Nobody has to decide for it to be noticed.
    bench.expect_event(&format!(
        "THE STORE FAILED: `{}` is gone: it was moved or removed while the router ran; move it \
         back, or end the router and start it where the file is now",
        place.path().display()
    ));
    assert_eq!(said(bench.pilot("b")), "store_unavailable");
    assert_eq!(
        said(bench.close("x")),
        "SELL close_long [store_unavailable]"
    );
    // What was answered went with the file, and none was made in its place.
    assert_eq!(count(&elsewhere, "SELECT count(*) FROM reservations"), 1);
    std::thread::sleep(store::REOPEN_EVERY * 3 / 2);
    assert!(!place.path().exists());
    fs::rename(&elsewhere, place.path()).unwrap();
    bench.expect_event("the store is written again, after ");
    assert_eq!(said(bench.pilot("b")), "BUY open_long R2");
    drop(bench);
    place.open().expect_budget("800", "0");
}

#[test]
fn a_group_that_is_to_be_written_to_a_file_that_is_gone_is_not() {
    let place = Place::new();
    let bench = place.open();
    fs::rename(place.path(), place.beside("elsewhere.db")).unwrap();
    assert_eq!(said(bench.pilot("a")), "store_unavailable");
    drop(bench);
    let reservations = "SELECT count(*) FROM reservations";
    assert_eq!(count(&place.beside("elsewhere.db"), reservations), 0);
}

#[test]
fn another_file_in_its_place_is_left_alone() {
    let place = Place::new();
    let bench = place.open();
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    let copied = replaced(&place, &bench);
    bench.expect_event(&format!(
        "`{}` is another file than the one that was opened: it was replaced while the router \
         ran; move the first one back, or end the router and start it again",
        place.path().display()
    ));
    assert_eq!(said(bench.pilot("b")), "store_unavailable");
    assert_eq!(fs::read(place.path()).unwrap(), copied);
    drop(bench);
    assert_eq!(fs::read(place.path()).unwrap(), copied);
    place.open().expect_budget("400", "0");
}

#[cfg(unix)]
#[test]
fn another_name_of_a_store_that_is_in_use_is_refused() {
    let place = Place::new();
    let bench = place.open();
    let link = place.beside("link.db");
    std::os::unix::fs::symlink(place.path(), &link).unwrap();
    refused(&link, "a router runs on `PATH` already: process ");
    let folder = tempfile::tempdir().unwrap();
    let by_folder = folder.path().join("here");
    std::os::unix::fs::symlink(place.path().parent().unwrap(), &by_folder).unwrap();
    refused(
        &by_folder.join("router.db"),
        "a router runs on `PATH` already: process ",
    );
    let hard = place.beside("hard.db");
    fs::hard_link(place.path(), &hard).unwrap();
    let names = "`PATH` is a file with 2 names (hard links): another router could run on it by \
                 another name, with a log of its own; leave it this name alone";
    refused(&hard, names);
    // No lock files are left by what is refused.
    for name in ["link.db.lock", "hard.db.lock", "hard.db-wal"] {
        assert!(!place.beside(name).exists(), "{name}");
    }
    // The first one goes on, and is refused itself once it starts again.
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    drop(bench);
    refused(&place.path(), names);
    fs::remove_file(&hard).unwrap();
    place.open().expect_budget("400", "0");
}

/// The link leads to the same file, and the log stayed behind.
#[cfg(unix)]
#[test]
fn a_link_that_is_left_in_its_place_is_not_the_file() {
    let place = Place::new();
    let bench = place.open();
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    let elsewhere = place.beside("elsewhere.db");
    fs::rename(place.path(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, place.path()).unwrap();
    bench.expect_event("THE STORE FAILED: ");
    assert_eq!(said(bench.pilot("b")), "store_unavailable");
    // Nor does another router get in by either name.
    let running = "a router runs on the file `PATH` by another name (a link, or a mount of it); \
                   use the name that it was started with";
    refused(&place.path(), running);
    refused(&elsewhere, running);
    assert_eq!(
        unasked(
            &place.path(),
            r#"{"control":"trading_state","state":"HALTED"}"#
        ),
        running.replace("PATH", &place.path().display().to_string())
    );
    fs::remove_file(place.path()).unwrap();
    fs::rename(&elsewhere, place.path()).unwrap();
    bench.expect_event("the store is written again, after ");
    assert_eq!(said(bench.pilot("b")), "BUY open_long R2");
    drop(bench);
    place.open().expect_budget("800", "0");
}

/// Another file under a router is not written by who asks it, beside the log of the first.
#[test]
fn who_asks_a_router_writes_to_no_file_but_its_own() {
    let place = Place::new();
    let bench = place.open();
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    let copied = replaced(&place, &bench);
    assert_eq!(
        unasked(&place.path(), r#"{"control":"status"}"#),
        format!(
            "`{}` is another file than the one that was opened: it was replaced while the router \
             ran; move the first one back, or end the router and start it again",
            place.path().display()
        )
    );
    assert_eq!(fs::read(place.path()).unwrap(), copied);
    drop(bench);
    place.open().expect_budget("400", "0");
}

/// What it holds is nowhere else: a crash behind it would lose what was answered.
#[cfg(unix)]
#[test]
fn a_log_that_is_removed_is_missed_and_nothing_of_it_is_lost() {
    let place = Place::new();
    let bench = place.open();
    assert_eq!(said(bench.pilot("a")), "BUY open_long R1");
    fs::remove_file(place.beside("router.db-wal")).unwrap();
    bench.expect_event(&format!(
        "THE STORE FAILED: `{}-wal`, the log of the store, was removed or replaced while the \
         router ran; leave it alone as long as a router runs",
        place.path().display()
    ));
    bench.expect_event("the store is written again, after ");
    assert_eq!(said(bench.pilot("b")), "BUY open_long R2");
    drop(bench);
    place.open().expect_budget("800", "0");
}

#[test]
fn no_lock_file_is_left_beside_what_is_no_store() {
    let place = Place::new();
    let notes = place.beside("notes.txt");
    fs::write(&notes, "no database, but a text".repeat(200)).unwrap();
    refused(&notes, "`PATH` is not a store: it is no SQLite database");
    assert!(!place.beside("notes.txt.lock").exists());
}
