//! A policy's file, watched: what is saved there goes to the router's gate, and decides when
//! it passes. The folder is watched, not the file, since a watch on a file dies with the first
//! rename over it; and the file is looked at now and then besides, since no watch sees all.
//!
//! Nothing is believed of what a watch reports: each time, the file is read again, and what
//! did not change is left alone.

mod look;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::events::Asker;
use crate::router::{Router, SwapRefusal};
pub use look::{Look, Looker};

/// Who asks for what a watch finds.
const WATCH: &str = "watch";
/// How long it must be quiet before a file is read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(20);
/// How long that is waited for at most.
const QUIET_MAX: Duration = Duration::from_millis(500);
/// How often the file is looked at when nothing is reported.
pub const POLL_EVERY: Duration = Duration::from_secs(5);

/// A watch; it ends when it is dropped.
pub struct Watch {
    is_over: Arc<AtomicBool>,
    wake: SyncSender<()>,
    thread: Option<JoinHandle<()>>,
}

/// Why a policy is not watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system does not tell of changes.
    #[error("cannot watch `{}`: {error}", path.display())]
    Unwatchable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: notify::Error,
    },
    /// There is no thread to do it.
    #[error("cannot watch a policy: {0}")]
    Thread(#[from] std::io::Error),
}

impl Watch {
    /// Watches a `policy.yaml`, a folder that holds one, or a component. What happens is told
    /// as the router's events.
    ///
    /// # Errors
    /// [`WatchError`] when nothing can be watched.
    pub fn start(router: Arc<Router>, path: &Path) -> Result<Self, WatchError> {
        Self::polling(router, path, POLL_EVERY)
    }

    /// The same, looking at the file every `poll_every` when nothing is reported.
    ///
    /// # Errors
    /// [`WatchError`] when nothing can be watched.
    pub fn polling(
        router: Arc<Router>,
        path: &Path,
        poll_every: Duration,
    ) -> Result<Self, WatchError> {
        // One waiting word says all there is to say: look.
        let (wake, wakes) = sync_channel(1);
        let reported = wake.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| is_change(event.kind)) {
                let _ = reported.try_send(());
            }
        });
        let mut folders = Folders {
            path: path.into(),
            watcher: watcher.map_err(|error| unwatchable(path, error))?,
        };
        folders.watch()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let looker = Looker::new(path);
        // What was saved between loading the policy and this moment was not reported.
        let _ = wake.try_send(());
        let thread = thread::Builder::new()
            .name("watch".into())
            .spawn(move || run(&router, looker, &mut folders, &wakes, poll_every, &ends))?;
        Ok(Self {
            is_over,
            wake,
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let _ = self.wake.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether something may have changed: reading the file is reported as well.
const fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => matches!(access, AccessKind::Close(AccessMode::Write)),
        _ => true,
    }
}

fn unwatchable(path: &Path, error: notify::Error) -> WatchError {
    WatchError::Unwatchable {
        path: path.into(),
        error,
    }
}

/// The folders in which a policy is saved.
struct Folders {
    path: PathBuf,
    watcher: RecommendedWatcher,
}

impl Folders {
    /// Watches the folder of the file, and, where the policy is a folder, that one too. Done
    /// again after every change, since a name may stand for another folder then.
    fn watch(&mut self) -> Result<(), WatchError> {
        let mut folders = BTreeSet::new();
        let parent = self
            .path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        folders.insert(parent.unwrap_or(Path::new(".")).to_path_buf());
        if self.path.is_dir() {
            folders.insert(self.path.clone());
        }
        for folder in folders {
            let watched = self.watcher.watch(&folder, RecursiveMode::NonRecursive);
            watched.map_err(|error| unwatchable(&folder, error))?;
        }
        Ok(())
    }
}

fn run(
    router: &Router,
    mut looker: Looker,
    folders: &mut Folders,
    wakes: &Receiver<()>,
    poll_every: Duration,
    is_over: &AtomicBool,
) {
    loop {
        match wakes.recv_timeout(poll_every) {
            Ok(()) => wait_for_quiet(wakes),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if is_over.load(Ordering::Acquire) {
            return;
        }
        // Where the folder is gone, polling goes on.
        let _ = folders.watch();
        look(router, &mut looker);
    }
}

fn wait_for_quiet(wakes: &Receiver<()>) {
    let started = Instant::now();
    while started.elapsed() < QUIET_MAX && wakes.recv_timeout(QUIET).is_ok() {}
}

/// Looks once, and swaps what is new.
fn look(router: &Router, looker: &mut Looker) {
    let asked_by = Asker::from(WATCH);
    // What is refused is told as an event, and in the history.
    match looker.look(&router.loader()) {
        Look::Same => {}
        Look::Changed(candidate) => drop(router.swap(&candidate, asked_by)),
        Look::Faulty(error) => drop(router.refuse(error.into(), &asked_by)),
        Look::Gone(path) => drop(router.refuse(SwapRefusal::Gone { path }, &asked_by)),
    }
}
