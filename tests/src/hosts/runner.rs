//! One run of a runner: a process that is given cases on its standard input, and what it
//! answered before it ended or was ended. Bounded in time and in what it may print; it judges
//! no answer.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

/// Bytes of an answer at most: what a request echoes has 64 KiB, and each byte of it may be
/// written as six.
pub const ANSWER_BYTES_MAX: usize = 512 * 1024;
/// Bytes of standard error that are kept, from its end.
const ERROR_BYTES_MAX: usize = 4 * 1024;
/// Answers that may come beyond those that were asked for, before the runner is ended.
const SURPLUS_MAX: usize = 16;
/// How long a runner may take to end once its output has.
const END_PATIENCE: Duration = Duration::from_secs(10);
/// How long the end of standard error is waited for, once the runner has ended.
const COMPLAINT_PATIENCE: Duration = Duration::from_millis(500);
/// Answers that are read ahead of being taken in.
const AHEAD_MAX: usize = 1024;
const POLL: Duration = Duration::from_millis(5);

/// How a runner is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerCommand {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Where it is run.
    pub folder: PathBuf,
    /// How long it may take for all of its cases.
    pub time_max: Duration,
}

/// What a runner says of its times, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Times {
    /// Calls of `decide-json`.
    pub cases: u64,
    /// Spent in them.
    pub nanoseconds_total: u64,
    /// From the component's bytes to the first instance.
    pub load_nanoseconds: u64,
    /// Language and runtime, with their versions.
    pub runtime: Option<String>,
}

/// How a runner ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, and well.
    Well,
    /// By itself, and not well: what it ended with.
    Badly(String),
    /// It took longer than it may.
    TimedOut(Duration),
    /// It printed a line that is longer than any answer.
    TooLong,
    /// It printed more lines than it was asked for, without end.
    Surplus,
    /// It could not be started.
    NotStarted(String),
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its answers, without line ends. Bytes: nothing says that they are text.
    pub answers: Vec<Vec<u8>>,
    /// How it ended.
    pub end: End,
    /// What it said of its times.
    pub times: Option<Times>,
    /// The end of its standard error, without the times.
    pub error: String,
    /// From its start to its end.
    pub elapsed: Duration,
}

impl fmt::Display for End {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Well => out.write_str("it ended well"),
            Self::Badly(status) => write!(out, "it ended with {status}"),
            Self::TimedOut(after) => {
                write!(out, "it was ended after {} s", after.as_secs_f64())
            }
            Self::TooLong => write!(
                out,
                "it was ended: a line of its output has more than {ANSWER_BYTES_MAX} bytes"
            ),
            Self::Surplus => out.write_str("it was ended: it prints on after its last case"),
            Self::NotStarted(error) => write!(out, "it could not be started: {error}"),
        }
    }
}

/// What the threads that read a runner's output have to say.
enum Heard {
    Answer(Vec<u8>),
    TooLong,
    /// Standard output has ended.
    Silence,
}

/// Runs a runner on a file of so many cases.
pub fn run(command: &RunnerCommand, cases: &Path, count: usize) -> Run {
    let started = Instant::now();
    let mut child = match start(command, cases) {
        Ok(child) => child,
        Err(error) => return not_started(&error),
    };
    let (say, hear) = sync_channel(AHEAD_MAX);
    let (complain, complaints) = channel();
    // Neither is waited for: what a runner has started itself may keep its pipes open.
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || listen(output, &say));
    }
    if let Some(errors) = child.stderr.take() {
        thread::spawn(move || complain.send(last_of(errors)));
    }
    let (answers, cut) = gather(&hear, count, started + command.time_max);
    let end = match cut {
        Some(cut) => {
            let _ = child.kill();
            let _ = child.wait();
            match cut {
                Cut::Time => End::TimedOut(command.time_max),
                Cut::Length => End::TooLong,
                Cut::Surplus => End::Surplus,
            }
        }
        None => ended(
            &mut child,
            started + command.time_max + END_PATIENCE,
            command,
        ),
    };
    let elapsed = started.elapsed();
    let error = complaints.recv_timeout(COMPLAINT_PATIENCE);
    let (times, error) = times_of(&error.unwrap_or_default());
    Run {
        answers,
        end,
        times,
        error,
        elapsed,
    }
}

fn start(command: &RunnerCommand, cases: &Path) -> io::Result<Child> {
    let (program, arguments) = command
        .words
        .split_first()
        .ok_or_else(|| io::Error::other("its command is empty"))?;
    Command::new(program)
        .args(arguments)
        .current_dir(&command.folder)
        .stdin(File::open(cases)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

fn not_started(error: &io::Error) -> Run {
    Run {
        answers: Vec::new(),
        end: End::NotStarted(error.to_string()),
        times: None,
        error: String::new(),
        elapsed: Duration::ZERO,
    }
}

/// Why a runner is ended.
enum Cut {
    Time,
    Length,
    Surplus,
}

fn gather(hear: &Receiver<Heard>, count: usize, until: Instant) -> (Vec<Vec<u8>>, Option<Cut>) {
    let mut answers = Vec::with_capacity(count);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match hear.recv_timeout(left) {
            Ok(Heard::Answer(_)) if answers.len() == count + SURPLUS_MAX => {
                return (answers, Some(Cut::Surplus));
            }
            Ok(Heard::Answer(answer)) => answers.push(answer),
            Ok(Heard::TooLong) => return (answers, Some(Cut::Length)),
            Ok(Heard::Silence) | Err(RecvTimeoutError::Disconnected) => return (answers, None),
            Err(RecvTimeoutError::Timeout) => return (answers, Some(Cut::Time)),
        }
    }
}

/// Says each line of an output, until nobody hears, or a line is too long.
fn listen(output: impl Read, say: &SyncSender<Heard>) {
    let mut output = BufReader::new(output);
    loop {
        let heard = next(&mut output);
        let is_last = !matches!(heard, Heard::Answer(_));
        if say.send(heard).is_err() || is_last {
            return;
        }
    }
}

fn next(output: &mut BufReader<impl Read>) -> Heard {
    use std::io::BufRead as _;
    let mut line = Vec::new();
    let most = ANSWER_BYTES_MAX as u64 + 2;
    match output.take(most).read_until(b'\n', &mut line) {
        Ok(0) | Err(_) => return Heard::Silence,
        Ok(_) => {}
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.len() > ANSWER_BYTES_MAX {
        Heard::TooLong
    } else {
        Heard::Answer(line)
    }
}

/// The end of what is said on standard error; all of it is read, so that no runner waits.
fn last_of(mut told: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match told.read(&mut buffer) {
            Ok(0) | Err(_) => return kept,
            Ok(read) => kept.extend(buffer.iter().take(read)),
        }
        let surplus = kept.len().saturating_sub(ERROR_BYTES_MAX);
        kept.drain(..surplus);
    }
}

/// Waits for a runner that has closed its output.
fn ended(child: &mut Child, until: Instant, command: &RunnerCommand) -> End {
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return End::Well,
            Ok(Some(status)) => return End::Badly(in_words(status)),
            Ok(None) if Instant::now() < until => thread::sleep(POLL),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return End::TimedOut(command.time_max + END_PATIENCE);
            }
        }
    }
}

fn in_words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// The times, which are the last line that reads as such, and everything else.
fn times_of(error: &[u8]) -> (Option<Times>, String) {
    let text = String::from_utf8_lossy(error);
    let mut times = None;
    let others: Vec<&str> = text
        .lines()
        .filter(|line| match serde_json::from_str::<Times>(line) {
            Ok(read) => {
                times = Some(read);
                false
            }
            Err(_) => true,
        })
        .collect();
    (times, others.join("\n").trim().to_owned())
}
