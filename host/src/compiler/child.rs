//! The parent's side: starts the process that compiles, feeds it, bounds what it takes and gives,
//! kills it at its time, waits for its end, and says whose fault that was.
//!
//! The bounds on processor time and memory are the child's own ([`super::served`]). Time on the
//! clock is kept here: a child that used up its processor time is a component's fault, one that
//! did not, and is late, is the machine's.

use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::VERB;
use super::served::{Asked, REFUSED};
use crate::policy::ComponentError;
use crate::sandbox::{CompileLimits, HostFault};

/// Bytes of what a child says that are read. What it has to say is one line.
const SAID_BYTES_MAX: u64 = 4 << 10;
/// How often a child that has closed its output is looked at until it is gone.
const WAIT: Duration = Duration::from_millis(1);
/// Signals that end a child: the same numbers on Linux, macOS and the BSDs.
const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
/// How a Rust program ends that has no memory left, and one that panicked.
const NO_MEMORY: &str = "memory allocation of ";
const PANICKED: i32 = 101;

/// What a component's compilation ran into. The component is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileBound {
    /// Processor time.
    #[error(
        "compiling the component takes more than the {seconds_max} s of processor time that one may take"
    )]
    CpuTime {
        /// The bound.
        seconds_max: u64,
    },
    /// Memory.
    #[error("compiling the component takes more than the {} MiB of memory that one may take", bytes_max >> 20)]
    Memory {
        /// The bound.
        bytes_max: u64,
    },
    /// The size of what it compiles to.
    #[error("the component compiles to more than the {} MiB that one may have", bytes_max >> 20)]
    Output {
        /// The bound.
        bytes_max: u64,
    },
    /// It made the compiler itself fail.
    #[error("the compiler fails on the component: {how}")]
    Crash {
        /// How it ended.
        how: String,
    },
}

/// How a child ended, and what it gave.
struct Ended {
    status: ExitStatus,
    form: Vec<u8>,
    said: String,
    is_late: bool,
}

/// The compiled form of a component.
pub(super) fn compile(
    program: &Path,
    asked: &Asked,
    limits: &CompileLimits,
    component: &[u8],
) -> Result<Vec<u8>, ComponentError> {
    let ended = run(command(program, asked, limits), limits, component)
        .map_err(|error| fault(format!("`{}` cannot be run: {error}", program.display())))?;
    judge(ended, limits)
}

fn command(program: &Path, asked: &Asked, limits: &CompileLimits) -> Command {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let mut command = Command::new(program);
    command
        .arg(VERB)
        .args(asked.arguments())
        .env_clear()
        // How many threads compile must not follow from the machine's size alone: each has address
        // space of its own, which is bounded.
        .env(
            "RAYON_NUM_THREADS",
            processors.min(limits.threads_max).to_string(),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end, whatever that is: the process is gone when this returns.
fn run(mut command: Command, limits: &CompileLimits, component: &[u8]) -> io::Result<Ended> {
    let deadline = Instant::now() + limits.wall_time_max;
    let mut child = command.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let (tell, is_read) = mpsc::channel();
        scope.spawn(move || {
            // A child that does not read to the end has something to say, or is gone.
            stdin.map(|mut stdin| stdin.write_all(component))
        });
        let said = scope.spawn(move || read(stderr, SAID_BYTES_MAX));
        let form = scope.spawn(move || {
            let form = read(stdout, limits.compiled_bytes_max);
            // Nobody listens any more when it is late.
            let _ = tell.send(());
            form
        });
        let left = deadline.saturating_duration_since(Instant::now());
        let is_late = is_read.recv_timeout(left).is_err() || !is_gone(&mut child, deadline)?;
        if is_late {
            child.kill()?;
        }
        let status = child.wait()?;
        let gone = |_| io::Error::other("a thread that reads from it failed");
        Ok(Ended {
            status,
            form: form.join().map_err(gone)??,
            said: String::from_utf8_lossy(&said.join().map_err(gone)??).into_owned(),
            is_late,
        })
    })
}

/// What comes out of a pipe: at most one byte more than the bound.
fn read(pipe: Option<impl Read>, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(bytes_max + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Whether it is gone before the deadline.
fn is_gone(child: &mut Child, deadline: Instant) -> io::Result<bool> {
    while child.try_wait()?.is_none() {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        thread::sleep(WAIT);
    }
    Ok(true)
}

fn judge(ended: Ended, limits: &CompileLimits) -> Result<Vec<u8>, ComponentError> {
    let Ended {
        status,
        form,
        said,
        is_late,
    } = ended;
    if is_late {
        let seconds = limits.wall_time_max.as_secs();
        return Err(fault(format!("it took longer than {seconds} s, and was killed")).into());
    }
    let bytes_max = limits.compiled_bytes_max;
    if form.len() as u64 > bytes_max {
        return Err(CompileBound::Output { bytes_max }.into());
    }
    if status.success() {
        return Ok(form);
    }
    let line = said.lines().next().unwrap_or("it says nothing").to_owned();
    if status.code() == Some(REFUSED) {
        return Err(ComponentError::Compile { message: line });
    }
    Err(of_end(status, &said, limits).map_or_else(|| fault(line).into(), Into::into))
}

/// The bound that such an end stands for; none where the component is not to blame.
fn of_end(status: ExitStatus, said: &str, limits: &CompileLimits) -> Option<CompileBound> {
    let crash = |how: &str| CompileBound::Crash {
        how: how.to_owned(),
    };
    match signal(status) {
        None if status.code() == Some(PANICKED) => Some(crash(said.lines().last()?)),
        None => None,
        Some(SIGXCPU) => Some(CompileBound::CpuTime {
            seconds_max: limits.cpu_seconds_max,
        }),
        Some(SIGABRT) if said.contains(NO_MEMORY) => Some(CompileBound::Memory {
            bytes_max: limits.address_bytes_max,
        }),
        // Somebody else's doing: the system's, for want of memory, or an operator's.
        Some(SIGKILL) => None,
        Some(number) => Some(crash(&format!("signal {number}"))),
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

fn fault(message: String) -> HostFault {
    HostFault::Compiler { message }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
