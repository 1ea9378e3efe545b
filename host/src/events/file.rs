//! A file of events: one line each, appended by one write, so that a reader at its end never
//! sees half of one, and several processes can share a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::Event;
use crate::ledger::Clock;
use crate::regular;

/// A file that events are appended to.
pub struct EventFile {
    file: File,
    clock: Box<dyn Clock>,
}

impl EventFile {
    /// Opens the file, and makes it where there is none. `clock` says when events happened.
    ///
    /// # Errors
    /// What the file system says, or that it is no regular file: a pipe without a reader would
    /// hold the router up.
    pub fn open(path: &Path, clock: Box<dyn Clock>) -> io::Result<Self> {
        regular::check_place(path)?;
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file, clock })
    }

    /// Appends an event.
    ///
    /// # Errors
    /// What the file system says; the event is then not in the file, or not wholly.
    pub fn write(&self, event: &Event) -> io::Result<()> {
        let line = event.to_json(self.clock.now()) + "\n";
        (&self.file).write_all(line.as_bytes())
    }
}
