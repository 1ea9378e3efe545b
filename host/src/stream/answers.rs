//! Answers that are held back, in the order of their lines: written once the input pauses or many
//! have gathered, and none before what it says is on disk.
//!
//! An answer that waits for the disk stands among the others as it will be written; where the store
//! cannot keep it, it becomes the refusal of its line. What an answer says is not decided here.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::answer::{Asker, Event, Format, Text};
use crate::decision::Decision;
use crate::rejection::Rejection;
use crate::request::Request;
use crate::router::{OnDisk, Router};

/// Bytes of answers that are held back at most while more lines are waiting.
const HELD_BACK_BYTES: usize = 64 * 1024;
/// The same while some of them wait for the disk: some three hundred openings, so that many go to
/// the disk at once. Half of them stay behind when the others are waited for, and are written to
/// the disk meanwhile.
const AWAITED_BYTES: usize = 256 * 1024;

/// Answers that are not written yet.
pub(super) struct Answers {
    text: Text,
    bytes: Vec<u8>,
    awaited: VecDeque<Awaited>,
}

/// An answer that waits for the disk.
struct Awaited {
    /// Where it stands among the bytes.
    start: usize,
    end: usize,
    line: u64,
    id: Option<Box<str>>,
    symbol: Box<str>,
    on_disk: OnDisk,
}

impl Answers {
    pub(super) const fn new(format: Format) -> Self {
        Self {
            text: Text::new(format),
            bytes: Vec::new(),
            awaited: VecDeque::new(),
        }
    }

    /// Whether so much is held back that some of it is to be written.
    #[inline]
    pub(super) fn are_many(&self) -> bool {
        let bytes_max = if self.awaited.is_empty() {
            HELD_BACK_BYTES
        } else {
            AWAITED_BYTES
        };
        self.bytes.len() >= bytes_max
    }

    #[inline]
    pub(super) fn decision(&mut self, request: &Request<'_>, decision: &Decision) {
        self.text.decision(request, decision, &mut self.bytes);
    }

    /// The same of a decision that must be on disk first.
    pub(super) fn decision_on_disk(
        &mut self,
        line: u64,
        request: &Request<'_>,
        decision: &Decision,
        on_disk: OnDisk,
    ) {
        let start = self.bytes.len();
        self.decision(request, decision);
        self.awaited.push_back(Awaited {
            start,
            end: self.bytes.len(),
            line,
            id: request.id().map(Into::into),
            symbol: request.symbol().into(),
            on_disk,
        });
    }

    pub(super) fn refuse(&mut self, asker: &Asker<'_>, rejection: &Rejection) {
        self.text.refuse(asker, rejection, &mut self.bytes);
    }

    /// Writes what became of a settlement, a release or a control line; false when it was refused.
    pub(super) fn event(&mut self, asker: &Asker<'_>, event: Result<Event, Rejection>) -> bool {
        match event {
            Ok(event) => {
                self.text.event(event, &mut self.bytes);
                true
            }
            Err(rejection) => {
                self.refuse(asker, &rejection);
                false
            }
        }
    }

    /// Writes answers: those before the middle at least, or all of them. Waits for what they wait
    /// for; answers how many became refusals.
    pub(super) fn write_to(
        &mut self,
        output: &mut impl Write,
        router: &Router,
        all: bool,
    ) -> (u64, io::Result<()>) {
        let refused = if self.awaited.is_empty() {
            0
        } else {
            self.wait(router, all)
        };
        let end = match self.awaited.front() {
            Some(first) => first.start,
            None => self.bytes.len(),
        };
        let ready = self.bytes.get(..end).unwrap_or_default();
        let written = output.write_all(ready).and_then(|()| output.flush());
        self.bytes.drain(..end);
        for awaited in &mut self.awaited {
            awaited.start -= end;
            awaited.end -= end;
        }
        (refused, written)
    }

    fn wait(&mut self, router: &Router, all: bool) -> u64 {
        let middle = self.bytes.len() / 2;
        let until_middle = |awaited: &&Awaited| all || awaited.start < middle;
        let count = self.awaited.iter().take_while(until_middle).count();
        let mut refused = 0;
        for _ in 0..count {
            let Some(first) = self.awaited.pop_front() else {
                break;
            };
            if let Err(error) = router.wait_for(first.on_disk) {
                self.replace(&first, &error.into());
                refused += 1;
            }
        }
        refused
    }

    /// Has a refusal stand where an answer stood.
    fn replace(&mut self, answer: &Awaited, rejection: &Rejection) {
        let asker = Asker {
            line: answer.line,
            id: answer.id.as_deref(),
            symbol: Some(&answer.symbol),
        };
        let mut refusal = Vec::new();
        self.text.refuse(&asker, rejection, &mut refusal);
        let (before, after) = (answer.end - answer.start, refusal.len());
        self.bytes.splice(answer.start..answer.end, refusal);
        for awaited in &mut self.awaited {
            awaited.start = awaited.start - before + after;
            awaited.end = awaited.end - before + after;
        }
    }
}
