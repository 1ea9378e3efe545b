//! How far a long run is: on a terminal, and only once it takes long.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// What a run may take before anything is said.
const PATIENCE: Duration = Duration::from_secs(1);

/// One line on standard error, written over itself.
pub(super) struct Progress {
    started: Instant,
    is_terminal: bool,
    said: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            is_terminal: std::io::stderr().is_terminal(),
            said: false,
        }
    }

    pub(super) fn say(&mut self, words: impl Display) {
        if !self.is_terminal || self.started.elapsed() < PATIENCE {
            return;
        }
        // Whether anybody reads it changes nothing.
        let _ = write!(std::io::stderr(), "\r{words}");
        self.said = true;
    }

    pub(super) fn end(&self) {
        if self.said {
            eprintln!();
        }
    }
}
