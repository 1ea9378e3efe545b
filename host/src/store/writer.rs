//! The one thread that writes: it takes whatever waits, commits it as one transaction, and says
//! that it is on disk. After a failure it never tries the same connection again: the store is
//! opened and read anew, and serves again only then.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::aside::Aside;
use super::error::{FaultKind, StoreFault};
use super::queue::{Batch, Linger};
use super::rows::{ChainHead, Rows, WriteError};
use super::shared::{Order, Shared};
use super::{connection, load};
use crate::events::Event;

/// How often a store that failed is opened again.
pub const REOPEN_EVERY: Duration = Duration::from_secs(1);
/// How often other terminals are looked after.
pub const POLL_EVERY: Duration = Duration::from_millis(100);

/// How long others are waited for at most, however slow the disk is.
const LINGER_MAX: Duration = Duration::from_millis(5);

/// Tells whoever waits when the thread that writes is gone for a fault of its own.
struct Gone<'s>(&'s Shared);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.queue.abandon();
        }
    }
}

/// Writes until the queue is closed and empty.
pub(super) fn run(
    shared: &Arc<Shared>,
    mut connection: Connection,
    mut head: ChainHead,
    orders: &Receiver<Order>,
) {
    let _gone = Gone(shared);
    let mut aside = Aside::new();
    let mut had_last_try = false;
    loop {
        let Err(fault) = serve(shared, &connection, &mut head, &mut aside, orders) else {
            return shared.generations.end(&connection);
        };
        let since = Instant::now();
        // Given up, and yet held until another is open: as long as somebody holds the log's
        // index, what failed to be committed lies behind the log's end, and is written over.
        // Whoever had to make the index anew would find it in the system's cache and take it
        // for committed, though a sync that failed may have kept it from the disk for good; and
        // what is committed behind such a gap is gone with the next power cut.
        let _ = connection.execute_batch("ROLLBACK");
        let is_moved = fault.kind.is_moved();
        if is_moved {
            // What was acknowledged stands in the log, which stayed where it was: so that the file
            // has all of it, wherever it is now.
            let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        let what = fault.to_string();
        shared.tell(&Event::StoreFailed {
            what,
            lost: shared.queue.take_lost(),
        });
        let is_last_try = shared.queue.is_closed();
        // A store that opens and cannot be written would else be opened without end, and without
        // a pause: nobody waits for one any more.
        let opened = if is_last_try && had_last_try {
            None
        } else {
            reopen(shared, &mut aside, orders, fault)
        };
        had_last_try = is_last_try;
        match opened {
            Some(opened) => (connection, head) = opened,
            None => {
                if is_moved {
                    // Closed, it would remove the log of whatever has its name by now.
                    std::mem::forget(connection);
                }
                return abandon(shared);
            }
        }
        shared.tell(&Event::StoreBack {
            seconds: since.elapsed().as_secs(),
            lost: shared.queue.take_lost(),
        });
    }
}

/// The process ends while the store cannot be written: what waits is lost, and said to be.
fn abandon(shared: &Shared) {
    let waiting = shared.queue.queued(Batch::len) as u64;
    let lost = waiting + shared.queue.take_lost();
    if lost > 0 {
        let fault = StoreFault::new(
            &shared.path,
            FaultKind::Other {
                what: "it could not be written until the end".to_owned(),
            },
        );
        shared.tell(&Event::StoreFailed {
            what: fault.to_string(),
            lost,
        });
    }
}

/// Writes on one connection, until the queue is closed or the connection fails.
fn serve(
    shared: &Shared,
    connection: &Connection,
    head: &mut ChainHead,
    aside: &mut Aside,
    orders: &Receiver<Order>,
) -> Result<(), StoreFault> {
    let fault = |error: rusqlite::Error| StoreFault::of_sqlite(&shared.path, &error);
    let mut spent = Batch::default();
    let prepared = Rows::prepare(connection, &shared.policies, &shared.ids);
    let mut rows = prepared.map_err(|error| failed(shared, &spent, fault(error)))?;
    let begun = aside.begin(connection);
    begun.map_err(|error| failed(shared, &spent, fault(error)))?;
    let mut looked = Instant::now();
    let mut linger = Linger::default();
    loop {
        let batch = shared.queue.take(spent, POLL_EVERY, linger);
        if !batch.is_empty() {
            let started = Instant::now();
            if let Err(fault) = shared.place.check_written() {
                return Err(failed(shared, &batch, fault));
            }
            let written = rows.write(&batch, *head, || shared.disk.committing());
            let written = written.and_then(|end| {
                shared.disk.committed()?;
                Ok(end)
            });
            match written {
                Ok(end) => *head = end,
                Err(error) => return Err(failed(shared, &batch, reason(shared, error))),
            }
            shared.queue.written(batch.len());
            shared.note_hanging();
            linger = Linger {
                entries: batch.len(),
                time: started.elapsed().min(LINGER_MAX),
            };
        } else if shared.queue.is_closed() {
            return Ok(());
        }
        spent = batch;
        let mut beside = aside.follow(shared, connection, orders).map_err(fault);
        if beside.is_ok() && looked.elapsed() >= POLL_EVERY {
            looked = Instant::now();
            let polled = aside.poll(connection, &shared.commands).map_err(fault);
            beside = polled.and_then(|()| shared.place.check_written());
        }
        beside.map_err(|fault| failed(shared, &Batch::default(), fault))?;
    }
}

fn reason(shared: &Shared, error: WriteError) -> StoreFault {
    match error {
        WriteError::Sqlite(error) => StoreFault::of_sqlite(&shared.path, &error),
        WriteError::Entry(what) => StoreFault::new(&shared.path, FaultKind::Other { what }),
    }
}

fn failed(shared: &Shared, batch: &Batch, fault: StoreFault) -> StoreFault {
    // From here on it is one that failed, and is told as that.
    *super::shared::lock(&shared.hangs_since) = None;
    shared.queue.fail(batch);
    *super::shared::lock(&shared.reader) = None;
    fault
}

/// Opens and reads the store again, until that works, after a pause each time; `None` when nobody
/// needs it any more, for whom it is tried once, at once.
fn reopen(
    shared: &Shared,
    aside: &mut Aside,
    orders: &Receiver<Order>,
    mut fault: StoreFault,
) -> Option<(Connection, ChainHead)> {
    loop {
        aside.refuse(orders);
        let is_last_try = shared.queue.is_closed();
        if !is_last_try {
            thread::sleep(REOPEN_EVERY);
        }
        let opened = shared
            .disk
            .opening()
            .map_err(|error| StoreFault::of_sqlite(&shared.path, &error))
            // Another file by this name would be opened on the log of the first one.
            .and_then(|()| shared.place.check())
            .and_then(|()| connection::open_writer_again(&shared.path))
            .and_then(|connection| {
                let loaded = load::load(&connection, &shared.path)?;
                shared.take_over(&loaded)?;
                shared.place.forget_log();
                Ok((connection, loaded.head))
            });
        match opened {
            Ok(opened) => return Some(opened),
            Err(_) if is_last_try => return None,
            // Somebody has to see to it: it does not come back by itself.
            Err(other) if other.kind.is_moved() && other.kind != fault.kind => {
                fault = other;
                shared.tell(&Event::StoreFailed {
                    what: fault.to_string(),
                    lost: 0,
                });
            }
            Err(_) => {}
        }
    }
}
