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

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::events::Asker;
use crate::policy::source::{CASES_FILE, DOCUMENT_FILE};
use crate::router::{Router, SwapRefusal};
pub use look::{Look, Looker};

/// Who asks for what a watch finds.
const WATCH: &str = "watch";
/// How long it must be quiet before a file is read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(20);
/// The same once the last step was reported to be over: the file was renamed into its place, or
/// closed by who wrote it.
const QUIET_WHEN_DONE: Duration = Duration::from_millis(2);
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
        let is_done = Arc::new(AtomicBool::new(false));
        let (done, watched) = (Arc::clone(&is_done), path.to_path_buf());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            match event.map(|event| change(&event, &watched)) {
                Ok(None) => return,
                Ok(Some(Change::Done)) => done.store(true, Ordering::Release),
                Ok(Some(Change::GoesOn)) | Err(_) => done.store(false, Ordering::Release),
            }
            let _ = reported.try_send(());
        });
        let mut folders = Folders {
            path: path.into(),
            watcher: watcher.map_err(|error| unwatchable(path, error))?,
        };
        folders.watch()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let mut watcher = Watcher {
            router,
            looker: Looker::new(path),
            folders,
            wakes,
            is_done,
            is_over: Arc::clone(&is_over),
        };
        // What was saved between loading the policy and this moment was not reported.
        let _ = wake.try_send(());
        let thread = thread::Builder::new()
            .name("watch".into())
            .spawn(move || watcher.run(poll_every))?;
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

/// What is reported to have changed.
enum Change {
    /// A file is whole: it was renamed into its place, or closed by who wrote it.
    Done,
    /// Something, and more may follow.
    GoesOn,
}

/// What an event says of the policy at a path; `None` of reading it, which is reported as well.
fn change(event: &notify::Event, path: &Path) -> Option<Change> {
    let is_over = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => return None,
        EventKind::Modify(ModifyKind::Name(rename)) => {
            matches!(rename, RenameMode::To | RenameMode::Both)
        }
        _ => false,
    };
    // Another file's end says nothing of this one's; of a rename, the new name stands last.
    let name = event.paths.last().and_then(|changed| changed.file_name());
    let is_policys = name.is_some_and(|name| {
        path.file_name() == Some(name) || name == DOCUMENT_FILE || name == CASES_FILE
    });
    Some(if is_over && is_policys {
        Change::Done
    } else {
        Change::GoesOn
    })
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

/// The thread that watches.
struct Watcher {
    router: Arc<Router>,
    looker: Looker,
    folders: Folders,
    wakes: Receiver<()>,
    is_done: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
}

impl Watcher {
    fn run(&mut self, poll_every: Duration) {
        loop {
            match self.wakes.recv_timeout(poll_every) {
                Ok(()) => self.wait_for_quiet(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
            // Where the folder is gone, polling goes on.
            let _ = self.folders.watch();
            self.look();
        }
    }

    fn wait_for_quiet(&self) {
        let started = Instant::now();
        while started.elapsed() < QUIET_MAX {
            let quiet = if self.is_done.load(Ordering::Acquire) {
                QUIET_WHEN_DONE
            } else {
                QUIET
            };
            if self.wakes.recv_timeout(quiet).is_err() {
                return;
            }
        }
    }

    /// Looks once, and swaps what is new.
    fn look(&mut self) {
        let (router, asked_by) = (&self.router, Asker::from(WATCH));
        // What is saved while the store cannot be written is looked at once it can.
        if router.check_serving().is_err() {
            return;
        }
        // What is refused is told as an event, and in the history.
        let refusal = match self.looker.look(&router.loader()) {
            Look::Same => return,
            Look::Changed(candidate) => router.swap(&candidate, asked_by).err(),
            Look::Faulty(error) => Some(router.refuse(error.into(), &asked_by)),
            Look::Gone(path) => Some(router.refuse(SwapRefusal::Gone { path }, &asked_by)),
        };
        if refusal.is_some_and(|refusal| refusal.blames_host()) {
            // The same policy may do once there is memory again: the next look tries it anew.
            self.looker.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange};

    use super::*;

    /// Whether an event says that the policy `/p/policy.yaml`, or a component `/p/own.wasm`, is
    /// whole; `None` where it says nothing.
    #[track_caller]
    fn says(kind: EventKind, paths: &[&str], watched: &str, expected: Option<bool>) {
        let event = paths.iter().fold(notify::Event::new(kind), |event, path| {
            event.add_path(path.into())
        });
        let said = change(&event, Path::new(watched)).map(|said| matches!(said, Change::Done));
        assert_eq!(said, expected, "{kind:?} {paths:?}");
    }

    #[test]
    fn a_file_is_whole_once_it_is_renamed_into_place_or_closed() {
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        let renamed = |mode| EventKind::Modify(ModifyKind::Name(mode));
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let (policy, own) = ("/p/policy.yaml", "/p/own.wasm");
        for (kind, paths, watched, expected) in [
            (closed, &[policy][..], policy, Some(true)),
            (closed, &[policy], "/p", Some(true)),
            (closed, &["/p/cases.yaml"], policy, Some(true)),
            (closed, &[own], own, Some(true)),
            (closed, &[own], policy, Some(false)),
            (closed, &["/p/.policy.yaml.swp"], policy, Some(false)),
            (renamed(RenameMode::To), &[policy], policy, Some(true)),
            (
                renamed(RenameMode::Both),
                &["/p/new", policy],
                policy,
                Some(true),
            ),
            // Moved away, as editors do that write it anew.
            (renamed(RenameMode::From), &[policy], policy, Some(false)),
            (
                renamed(RenameMode::Both),
                &[policy, "/p/policy.yaml~"],
                policy,
                Some(false),
            ),
            (renamed(RenameMode::To), &["/p/..data"], policy, Some(false)),
            (written, &[policy], policy, Some(false)),
            (
                EventKind::Create(CreateKind::File),
                &[policy],
                policy,
                Some(false),
            ),
            (closed, &[], policy, Some(false)),
            (EventKind::Access(AccessKind::Read), &[policy], policy, None),
        ] {
            says(kind, paths, watched, expected);
        }
    }
}
