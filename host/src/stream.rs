//! A stream of request lines, routed: each line in has one answer out, in order.
//!
//! Memory is constant. What is decided is written whenever the next line is not there yet,
//! so that a bot can keep the stream open and wait for each answer. What must be on disk first is
//! waited for only then: lines behind it are decided meanwhile.

pub(crate) mod answer;
mod answers;
pub(crate) mod control;
mod lines;
mod operate;
mod traffic;

use std::io::{self, Read, Write};

use router_guest::json::{self, Line as Form, LineError};

use crate::rejection::Rejection;
use crate::request::Request;
use crate::router::Router;
use answer::Asker;
use answers::Answers;

pub use answer::Format;
pub use lines::{LINE_BYTES_MAX, Line, LineReader};
pub(crate) use operate::operate;
pub use traffic::{TrafficSummary, replay};

/// What became of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Lines that were read.
    pub lines: u64,
    /// Lines that were refused.
    pub refused: u64,
}

/// What is taken from a stream, and how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamOptions {
    /// How answers are written.
    pub format: Format,
    /// Whether control lines are followed. Whoever can write to the stream can then have any
    /// policy that passes the gate decide.
    pub control: bool,
}

/// Why a stream ended early.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The input broke.
    #[error("cannot read line {line}")]
    Read {
        /// The line that was expected.
        line: u64,
        /// What the input said.
        source: io::Error,
    },
    /// The output broke.
    #[error("cannot write the answer to line {line}")]
    Write {
        /// The last line that was read.
        line: u64,
        /// What the output said.
        source: io::Error,
    },
}

/// Routes every line of `input`, and writes its answer to `output`; control lines are refused.
///
/// # Errors
/// [`StreamError`] when input or output break; a line that cannot be routed is no error.
pub fn route(
    router: &Router,
    input: impl Read,
    output: &mut impl Write,
    format: Format,
) -> Result<Summary, StreamError> {
    let control = false;
    route_with(router, input, output, StreamOptions { format, control })
}

/// The same, with a word on control lines.
///
/// # Errors
/// [`StreamError`] when input or output break; a line that cannot be routed is no error.
pub fn route_with(
    router: &Router,
    input: impl Read,
    output: &mut impl Write,
    options: StreamOptions,
) -> Result<Summary, StreamError> {
    let mut lines = LineReader::new(input);
    let mut answers = Answers::new(options.format);
    let mut summary = Summary::default();
    loop {
        let is_ready = lines.is_ready();
        if !is_ready || answers.are_many() {
            write_out(router, &mut answers, output, &mut summary, !is_ready)?;
        }
        let next = lines.next_line();
        let next = next.map_err(|source| StreamError::Read {
            line: summary.lines + 1,
            source,
        })?;
        let Some(line) = next else { break };
        summary.lines += 1;
        let routed = match line {
            Line::Whole(bytes) => {
                let bytes = if summary.lines == 1 {
                    without_mark(bytes)
                } else {
                    bytes
                };
                route_line(router, bytes, summary.lines, options.control, &mut answers)
            }
            Line::TooLong => {
                answers.refuse(&Asker::of_line(summary.lines), &too_long());
                false
            }
        };
        summary.refused += u64::from(!routed);
    }
    write_out(router, &mut answers, output, &mut summary, true)?;
    Ok(summary)
}

/// Writes what was held back: some of it, or all.
fn write_out(
    router: &Router,
    answers: &mut Answers,
    output: &mut impl Write,
    summary: &mut Summary,
    all: bool,
) -> Result<(), StreamError> {
    let (refused, written) = answers.write_to(output, router, all);
    summary.refused += refused;
    let line = summary.lines;
    written.map_err(|source| StreamError::Write { line, source })
}

/// Answers one line; false when it was refused. What waits for the disk may be refused later.
fn route_line(
    router: &Router,
    bytes: &[u8],
    number: u64,
    control: bool,
    answers: &mut Answers,
) -> bool {
    let form = match json::parse_line(bytes) {
        Ok(form) => form,
        Err(error) => return refuse(error, number, answers),
    };
    match form {
        Form::Request(line) => route_request(router, line, number, answers),
        Form::Settle(line) => {
            let settled = answer::settle(router, &line);
            answers.event(&Asker::of_line(number), settled)
        }
        Form::Release(line) => {
            let released = answer::release(router, &line);
            answers.event(&Asker::of_line(number), released)
        }
        Form::Control(line) if control => {
            let done = control::run(router, &line);
            answers.event(&Asker::of_line(number), done)
        }
        Form::Control(_) => {
            let off = Rejection::new("control_off", "control lines are not taken on this stream");
            answers.refuse(&Asker::of_line(number), &off);
            false
        }
    }
}

#[inline]
fn route_request(
    router: &Router,
    line: json::RequestLine<'_>,
    number: u64,
    answers: &mut Answers,
) -> bool {
    let request = match Request::from_line(line) {
        Ok(request) => request,
        Err(error) => return refuse(error, number, answers),
    };
    match router.decide_awaited(&request) {
        Ok((decision, None)) => {
            answers.decision(&request, &decision);
            true
        }
        Ok((decision, Some(on_disk))) => {
            answers.decision_on_disk(number, &request, &decision, on_disk);
            true
        }
        Err(rejection) => {
            let asker = Asker {
                line: number,
                id: request.id(),
                symbol: Some(request.symbol()),
            };
            answers.refuse(&asker, &rejection);
            false
        }
    }
}

fn refuse(error: LineError<'_>, number: u64, answers: &mut Answers) -> bool {
    let LineError { fault, id, symbol } = error;
    let asker = Asker {
        line: number,
        id: id.as_deref(),
        symbol: symbol.as_deref(),
    };
    answers.refuse(&asker, &fault.into());
    false
}

/// The line without the mark that some editors and shells put before UTF-8.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// A line past the bound.
pub(crate) fn too_long() -> Rejection {
    Rejection::new(
        "line_too_long",
        format!("the line is longer than {LINE_BYTES_MAX} bytes"),
    )
}
