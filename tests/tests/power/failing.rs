//! Disks that fail while the power stays: `EIO` and `ENOSPC`, once or for a while, and programs
//! that die in between.

use conformance::disk::{Dice, Disk, Fault, Harm, Struck};

use super::plain::{Found, TRANSACTIONS_MAX, WAL_FULL, look, open, write};

/// So many that the log is copied into the database a few times before the fault, and rarely
/// in the three transactions after it.
const PAGES_BEFORE_COPYING: i64 = 100;

/// Writes through a fault; after it, the connection is given up, a new one opened, and goes on.
/// The power goes
/// soon after that, before the log is copied into the database by itself.
fn cycle(seed: u64, harm: Harm, each: Struck, checkpoints: bool) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), seed).unwrap();
    let mut dice = Dice::new(seed ^ 0xfa11);
    let reopen = || -> rusqlite::Result<_> {
        let database = open(&disk, WAL_FULL)?;
        database.pragma_update(None, "wal_autocheckpoint", PAGES_BEFORE_COPYING)?;
        Ok(database)
    };
    let mut database = reopen().unwrap();
    let mut acknowledged = 0;
    let before = dice.below(120);
    disk.arm(&[Fault::after(harm, each, before).times(1 + dice.below(3))]);
    let mut last = TRANSACTIONS_MAX;
    while acknowledged < last {
        if write(&mut database, acknowledged + 1, &mut dice).is_ok() {
            acknowledged += 1;
            continue;
        }
        // The transaction failed: whether it is there is for the disk to say.
        disk.kill();
        drop(database);
        disk.arm(&[]);
        database = reopen().unwrap();
        if checkpoints {
            let done: i64 = database
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
                .unwrap();
            assert_eq!(done, 0);
        }
        assert_eq!(look(&database, acknowledged), Ok(Found::All));
        let newest = "SELECT coalesce(max(number), 0) FROM halves";
        acknowledged = database.query_row(newest, [], |row| row.get(0)).unwrap();
        last = acknowledged + 3;
    }
    disk.power_cut();
    drop(database);
    disk.power_on();
    open(&disk, WAL_FULL)
        .and_then(|database| look(&database, acknowledged))
        .unwrap_or(Found::Broken)
}

fn kept(harm: Harm, each: Struck, checkpoints: bool) -> usize {
    (0..150)
        .filter(|seed| cycle(*seed, harm, each, checkpoints) == Found::All)
        .count()
}

#[test]
fn a_write_that_fails_loses_nothing_that_was_acknowledged() {
    assert_eq!(kept(Harm::IoError, Struck::WRITES, false), 150);
    assert_eq!(kept(Harm::DiskFull, Struck::WRITES, false), 150);
}

/// The cache shows a transaction whose sync failed, a new connection takes it from the log for
/// committed, and what is written behind it is not reached any more once the power went: the
/// reason why a store must copy the log into the database, with a sync of its own, before it
/// serves again.
#[test]
fn a_sync_that_failed_is_made_good_by_copying_the_log_alone() {
    let lost = 150 - kept(Harm::IoError, Struck::SYNCS, false);
    assert!(lost > 10, "{lost}");
    assert_eq!(kept(Harm::IoError, Struck::SYNCS, true), 150);
}

#[test]
fn a_program_that_dies_loses_nothing_that_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), 1).unwrap();
    let mut dice = Dice::new(1);
    for number in 1..=30 {
        let mut database = open(&disk, WAL_FULL).unwrap();
        assert_eq!(look(&database, number - 1), Ok(Found::All));
        write(&mut database, number, &mut dice).unwrap();
        disk.kill();
        let dead = write(&mut database, number + 1, &mut dice).unwrap_err();
        assert_eq!(
            dead.sqlite_error_code(),
            Some(rusqlite::ErrorCode::SystemIoFailure)
        );
    }
}

#[test]
fn a_read_that_fails_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), 1).unwrap();
    let mut database = open(&disk, WAL_FULL).unwrap();
    write(&mut database, 1, &mut Dice::new(1)).unwrap();
    drop(database);
    disk.arm(&[Fault::after(Harm::IoError, Struck::READS, 1)]);
    assert!(open(&disk, WAL_FULL).is_err());
    assert_eq!(look(&open(&disk, WAL_FULL).unwrap(), 1), Ok(Found::All));
    assert!(disk.struck().reads > 2 && disk.struck().syncs > 0);
}
