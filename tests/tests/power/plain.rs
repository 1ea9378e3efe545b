//! SQLite on the disk in memory, without the store: what it acknowledged survives a power cut
//! when it syncs, and does not when it does not.

use conformance::disk::{Dice, Disk, Fault, Harm, Struck};
use rusqlite::Connection;

/// Transactions in a cycle at most.
pub(crate) const TRANSACTIONS_MAX: i64 = 60;
/// Power cuts during one recovery at most.
const RECOVERY_CUTS_MAX: u64 = 3;

/// How SQLite is to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) journal: &'static str,
    pub(crate) synchronous: &'static str,
}

pub(crate) const WAL_FULL: Manner = Manner {
    journal: "WAL",
    synchronous: "FULL",
};

/// What came of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// All that was acknowledged, whole.
    All,
    /// Less than that.
    Lost,
    /// A database that SQLite cannot read, or half a transaction.
    Broken,
}

pub(crate) fn open(disk: &Disk, manner: Manner) -> rusqlite::Result<Connection> {
    let database = Connection::open(disk.path("plain.db"))?;
    database.pragma_update(None, "journal_mode", manner.journal)?;
    database.pragma_update(None, "synchronous", manner.synchronous)?;
    // Few pages, so that the log is copied into the database several times in a cycle.
    database.pragma_update(None, "wal_autocheckpoint", 12)?;
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS halves (
           number INTEGER, half INTEGER, filler BLOB, PRIMARY KEY (number, half));
         CREATE TABLE IF NOT EXISTS total (one INTEGER PRIMARY KEY, numbers INTEGER);
         INSERT OR IGNORE INTO total VALUES (1, 0);",
    )?;
    Ok(database)
}

/// One transaction that must be there as a whole or not at all.
pub(crate) fn write(
    database: &mut Connection,
    number: i64,
    dice: &mut Dice,
) -> rusqlite::Result<()> {
    let transaction = database.transaction()?;
    for half in 0..2 {
        let filler = vec![7_u8; dice.place(6_000)];
        transaction.execute(
            "INSERT INTO halves VALUES (?1, ?2, ?3)",
            (number, half, filler),
        )?;
    }
    transaction.execute("UPDATE total SET numbers = numbers + 1", [])?;
    transaction.commit()
}

/// What a database holds, against the last number that was acknowledged.
pub(crate) fn look(database: &Connection, acknowledged: i64) -> rusqlite::Result<Found> {
    let one = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0));
    let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    let (rows, numbers) = (
        one("SELECT count(*) FROM halves")?,
        one("SELECT numbers FROM total")?,
    );
    let last = one("SELECT coalesce(max(number), 0) FROM halves")?;
    let is_whole = sound == "ok" && rows == 2 * numbers && last == numbers;
    Ok(if !is_whole || last > acknowledged + 1 {
        Found::Broken
    } else if last < acknowledged {
        Found::Lost
    } else {
        Found::All
    })
}

/// A cycle: writes until the power goes, has it go again during recovery, and looks.
fn cycle(seed: u64, manner: Manner) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), seed).unwrap();
    let mut dice = Dice::new(seed ^ 0xd15c);
    let mut database = open(&disk, manner).unwrap();
    let mut acknowledged = 0;
    disk.arm(&[Fault::after(
        Harm::PowerCut,
        Struck::CHANGES,
        dice.below(250),
    )]);
    while acknowledged < TRANSACTIONS_MAX
        && write(&mut database, acknowledged + 1, &mut dice).is_ok()
    {
        acknowledged += 1;
    }
    if disk.is_on() {
        disk.power_cut();
    }
    drop(database);
    for _ in 0..dice.below(RECOVERY_CUTS_MAX + 1) {
        disk.power_on();
        disk.arm(&[Fault::after(
            Harm::PowerCut,
            Struck::CHANGES,
            dice.below(12),
        )]);
        let recovered = open(&disk, manner);
        if disk.is_on() {
            disk.power_cut();
        }
        drop(recovered);
    }
    disk.power_on();
    disk.arm(&[]);
    open(&disk, manner)
        .and_then(|database| look(&database, acknowledged))
        .unwrap_or(Found::Broken)
}

/// How many of so many cycles came to what.
fn tally(manner: Manner, cycles: u64) -> [usize; 3] {
    let found: Vec<Found> = (0..cycles).map(|seed| cycle(seed, manner)).collect();
    [Found::All, Found::Lost, Found::Broken]
        .map(|wanted| found.iter().filter(|found| **found == wanted).count())
}

#[test]
fn what_sqlite_acknowledged_after_a_sync_survives() {
    assert_eq!(tally(WAL_FULL, 400), [400, 0, 0]);
}

/// A rollback journal that comes back takes its transaction back: `FULL` leaves that open, as
/// SQLite documents, and `EXTRA` syncs the folder.
#[test]
fn a_rollback_journal_survives_if_its_folder_is_synced() {
    let manner = |synchronous| Manner {
        journal: "DELETE",
        synchronous,
    };
    assert_eq!(tally(manner("EXTRA"), 200), [200, 0, 0]);
    let [all, lost, broken] = tally(manner("FULL"), 200);
    assert_eq!((all + lost, broken), (200, 0));
    assert!(lost > 20, "{lost}");
}

/// In WAL, `NORMAL` syncs when it copies the log alone: transactions are lost, none by halves.
#[test]
fn without_a_sync_for_each_commit_some_are_lost() {
    let manner = Manner {
        journal: "WAL",
        synchronous: "NORMAL",
    };
    let [all, lost, broken] = tally(manner, 200);
    assert_eq!((all + lost, broken), (200, 0));
    assert!(lost > 20, "{lost}");
}

/// What tells that the disk can find a fault: without any sync, databases do not survive.
#[test]
fn without_any_sync_databases_break() {
    let manner = Manner {
        journal: "WAL",
        synchronous: "OFF",
    };
    let [all, lost, broken] = tally(manner, 200);
    assert_eq!(all + lost + broken, 200);
    assert!(lost > 20 && broken > 20, "{lost} lost, {broken} broken");
}

#[test]
fn a_seed_decides_what_is_lost() {
    let durable = |seed| {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::mount(folder.path(), seed).unwrap();
        let database = open(
            &disk,
            Manner {
                synchronous: "OFF",
                ..WAL_FULL
            },
        )
        .unwrap();
        for number in 1..20 {
            let insert = "INSERT INTO halves VALUES (?1, 0, zeroblob(3000))";
            database.execute(insert, [number]).unwrap();
        }
        disk.power_cut();
        drop(database);
        ["plain.db", "plain.db-wal"].map(|name| disk.durable(name))
    };
    // A log's salt is random, so that its length is what can be compared.
    let lengths = |seed| durable(seed).map(|bytes| bytes.map(|bytes| bytes.len()));
    assert_eq!(lengths(3), lengths(3));
    assert!(
        (0..16)
            .map(lengths)
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            > 1
    );
}

/// Readers and a writer on several threads, as a store has them.
#[test]
fn connections_share_the_index_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::mount(folder.path(), 5).unwrap();
    let mut writer = open(&disk, WAL_FULL).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let reader = Connection::open(disk.path("plain.db")).unwrap();
                reader
                    .busy_timeout(std::time::Duration::from_secs(5))
                    .unwrap();
                let mut seen = 0;
                while seen < 100 {
                    let (rows, numbers): (i64, i64) = reader
                        .query_row(
                            "SELECT (SELECT count(*) FROM halves), numbers FROM total",
                            [],
                            |row| Ok((row.get(0)?, row.get(1)?)),
                        )
                        .unwrap();
                    assert_eq!(rows, 2 * numbers, "a reader sees whole transactions");
                    assert!(numbers >= seen, "and never an older state");
                    seen = numbers;
                }
            });
        }
        let mut dice = Dice::new(5);
        for number in 1..=100 {
            write(&mut writer, number, &mut dice).unwrap();
        }
    });
    drop(writer);
    assert_eq!(look(&open(&disk, WAL_FULL).unwrap(), 100), Ok(Found::All));
    // Files outside the folder are the system's.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("real.db");
    let real = Connection::open(&path).unwrap();
    real.execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(path.metadata().unwrap().len() > 0);
    assert!(!disk.path("plain.db").exists());
}
