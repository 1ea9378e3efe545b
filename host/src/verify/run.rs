//! A run over a domain: lanes in two orders, fresh instances and batches, shared between
//! threads. What it finds depends on the domain and the policy alone, never on the threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use foldhash::quality::RandomState;

use super::batches;
use super::domain::Domain;
use super::finding::Path;
use super::lane::{Ground, Lane, Mark, Tally};
use crate::policy::{HostFault, Policy};

/// Warm instances of each order.
pub(super) const LANES: usize = 4;
/// Threads at once.
const THREADS_MAX: usize = 4;
/// Cells that an instance of their own decides.
pub(super) const FRESH_CELLS: usize = 2048;
/// How often it is said how far a run is.
const WORD_EVERY: Duration = Duration::from_millis(100);

/// What a run found, by the kind of its instances.
pub(super) struct Ran {
    pub(super) first: Tally,
    /// `None` when the first order stopped.
    pub(super) again: Option<Again>,
}

/// What it found when cells were decided again.
pub(super) struct Again {
    pub(super) second: Tally,
    pub(super) fresh: Tally,
    pub(super) batches: Tally,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Decisions that are made.
    pub decided: usize,
    /// Decisions that there will be.
    pub total: usize,
}

/// Decides every cell.
pub(super) fn over(
    policy: &Policy,
    domain: &Domain<'_>,
    watch: &mut dyn FnMut(Progress),
) -> Result<Ran, HostFault> {
    let ground = Ground {
        policy,
        domain,
        prints: RandomState::default(),
        done: AtomicUsize::new(0),
    };
    let count = domain.len();
    let total = 2 * count + FRESH_CELLS.min(count);
    let mut watch = || {
        watch(Progress {
            decided: ground.done.load(Ordering::Relaxed),
            total,
        });
    };
    let mut marks = vec![Mark::default(); count];
    let share = count.div_ceil(LANES).max(1);
    let lanes = marks.chunks_mut(share).enumerate().collect();
    let first = shared(
        lanes,
        |(lane, marks): (usize, &mut [Mark])| {
            Lane::new(&ground, Path::FirstOrder).first(lane * share, marks)
        },
        &mut watch,
    )?;
    let first = merged(first)?;
    if first.stopped.is_some() {
        return Ok(Ran { first, again: None });
    }
    let order = Order::of(count);
    let mut tasks: Vec<Task> = (0..LANES)
        .map(|lane| Task::Second(lane * share, ((lane + 1) * share).min(count)))
        .collect();
    let fresh = FRESH_CELLS.min(count);
    tasks.extend([Task::Fresh(0, fresh / 2), Task::Fresh(fresh / 2, fresh)]);
    tasks.push(Task::Batches);
    let kinds = tasks.clone();
    let decide = |task| decide(&ground, order, &marks, task);
    let tallies = shared(tasks, decide, &mut watch)?;
    let mut again = Again {
        second: Tally::default(),
        fresh: Tally::default(),
        batches: Tally::default(),
    };
    for (kind, tally) in kinds.iter().zip(tallies) {
        match kind {
            Task::Second(..) => again.second.merge(tally?),
            Task::Fresh(..) => again.fresh.merge(tally?),
            Task::Batches => again.batches.merge(tally?),
        }
    }
    Ok(Ran {
        first,
        again: Some(again),
    })
}

/// Cells to be decided again, by their places in the second order.
#[derive(Debug, Clone, Copy)]
enum Task {
    Second(usize, usize),
    Fresh(usize, usize),
    Batches,
}

fn decide(
    ground: &Ground<'_>,
    order: Order,
    marks: &[Mark],
    task: Task,
) -> Result<Tally, HostFault> {
    let cells = |start, end| (start..end).map(move |position| order.at(position));
    match task {
        Task::Second(start, end) => {
            Lane::new(ground, Path::SecondOrder).again(cells(start, end), marks)
        }
        Task::Fresh(start, end) => Lane::new(ground, Path::Fresh).again(cells(start, end), marks),
        Task::Batches => batches::decide(ground, |position| order.at(position), marks),
    }
}

/// An order in which neighbours are far from each other, and no cell stands where it stood in
/// the first: a stride that shares no factor with the count goes through all of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    count: u64,
    stride: u64,
}

impl Order {
    pub(super) fn of(count: usize) -> Self {
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        // Near the golden ratio, so that any part of the order is spread over the whole.
        let first = (count * 618 / 1000).max(1);
        let stride = (first..).find(|stride| greatest_common_divisor(*stride, count) == 1);
        Self {
            count,
            stride: stride.unwrap_or(1),
        }
    }

    /// The cell at a place; places go around.
    pub(super) fn at(self, position: usize) -> usize {
        let position = u64::try_from(position).unwrap_or(0) % self.count;
        // One beyond, or an instance's first call would be the same cell in both orders.
        usize::try_from((position * self.stride + 1) % self.count).unwrap_or(0)
    }
}

fn greatest_common_divisor(left: u64, right: u64) -> u64 {
    let (mut left, mut right) = (left, right);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

fn merged(tallies: Vec<Result<Tally, HostFault>>) -> Result<Tally, HostFault> {
    let mut all = Tally::default();
    for tally in tallies {
        all.merge(tally?);
    }
    Ok(all)
}

/// Does each task on one of a few threads, and gives what came of them in the order of the
/// tasks. This thread watches meanwhile.
fn shared<T: Send, R: Send>(
    tasks: Vec<T>,
    work: impl Fn(T) -> R + Sync,
    watch: &mut dyn FnMut(),
) -> Result<Vec<R>, HostFault> {
    let mut results: Vec<Option<R>> = tasks.iter().map(|_| None).collect();
    share_out(tasks, &mut results, &work, watch);
    let results: Option<Vec<R>> = results.into_iter().collect();
    results.ok_or_else(HostFault::no_instance)
}

fn share_out<T: Send, R: Send>(
    tasks: Vec<T>,
    results: &mut [Option<R>],
    work: &(impl Fn(T) -> R + Sync),
    watch: &mut dyn FnMut(),
) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(THREADS_MAX).min(tasks.len());
    let places = Mutex::new(tasks.into_iter().zip(results));
    let running = AtomicUsize::new(0);
    let watcher = thread::current();
    let take = || places.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        while let Some((task, place)) = take() {
            *place = Some(work(task));
        }
        running.fetch_sub(1, Ordering::Release);
        watcher.unpark();
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            running.fetch_add(1, Ordering::Relaxed);
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                // There is no thread to be had: this one does what is left.
                run();
            }
        }
        while running.load(Ordering::Acquire) > 0 {
            thread::park_timeout(WORD_EVERY);
            watch();
        }
    });
}
