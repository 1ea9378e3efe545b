//! The child's side: bounds itself, reads a component, compiles it, writes the compiled form, and
//! ends. It opens nothing, keeps nothing, and runs none of what it compiles.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use super::one_line;
use crate::sandbox::{self, CompileLimits, SandboxProfile};

/// The exit code of a child that does not take the component; the first line that it says is why.
pub(super) const REFUSED: i32 = 3;
/// The exit code of a child that could not do its work.
const FAILED: u8 = 4;

/// What a child is asked for, behind [`super::VERB`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The profile to compile for.
    pub profile: SandboxProfile,
    /// The digest of the configuration that the parent runs, in hexadecimal: another version
    /// compiles what the parent cannot run.
    pub engine: String,
}

enum Failure {
    Refused(String),
    Failed(String),
}

impl Asked {
    pub(super) fn arguments(&self) -> [&str; 2] {
        [self.profile.word(), &self.engine]
    }

    /// Reads the arguments behind [`super::VERB`]: the profile and the digest.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn read<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        match (arguments.next(), arguments.next(), arguments.next()) {
            (Some(profile), Some(engine), None) => Ok(Self {
                profile: profile
                    .parse()
                    .map_err(|error: sandbox::UnknownProfile| error.to_string())?,
                engine: engine.to_owned(),
            }),
            _ => Err("a profile and a digest are expected".to_owned()),
        }
    }
}

/// Compiles the component on standard input to standard output, within the profile's bounds: the
/// whole of a program that answers [`super::VERB`].
pub fn serve(asked: &Asked) -> ExitCode {
    let (code, line) = match compile(asked) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Refused(line)) => (REFUSED.try_into().unwrap_or(FAILED), line),
        Err(Failure::Failed(line)) => (FAILED, line),
    };
    // Nobody may be listening.
    let _ = writeln!(io::stderr(), "{line}");
    ExitCode::from(code)
}

fn compile(asked: &Asked) -> Result<(), Failure> {
    let limits = asked.profile.limits();
    close_inherited();
    confine(&limits.compile).map_err(failed("its bounds cannot be set"))?;
    let engine = sandbox::compiling(&limits.run)
        .map_err(|error| Failure::Failed(format!("it has no engine: {}", one_line(&error))))?;
    if sandbox::digest_of(&engine, asked.profile).to_string() != asked.engine {
        return Err(Failure::Failed(
            "the program that compiles is of another version than the one that asks".to_owned(),
        ));
    }
    let mut component = Vec::new();
    io::stdin()
        .take(limits.decode.component_bytes_max as u64 + 1)
        .read_to_end(&mut component)
        .map_err(failed("the component cannot be read"))?;
    let form = engine
        .precompile_component(&component)
        .map_err(|error| Failure::Refused(one_line(&error)))?;
    let mut out = io::stdout();
    out.write_all(&form)
        .and_then(|()| out.flush())
        .map_err(failed("the compiled form cannot be written"))
}

fn failed(what: &str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::Failed(format!("{what}: {error}"))
}

/// No more time and memory than the bounds, no file that grows, and no image of its memory when it
/// crashes. At the bound on time it gets a signal that ends it, and a second later one that it
/// could not even hold off.
#[cfg(unix)]
fn confine(limits: &CompileLimits) -> io::Result<()> {
    use rlimit::{Resource, setrlimit};

    let CompileLimits {
        cpu_seconds_max,
        address_bytes_max,
        ..
    } = *limits;
    for (resource, soft, hard) in [
        (Resource::CPU, cpu_seconds_max, cpu_seconds_max + 1),
        (Resource::AS, address_bytes_max, address_bytes_max),
        (Resource::FSIZE, 0, 0),
        (Resource::CORE, 0, 0),
    ] {
        // A stricter bound may stand already, and only the system's administrator could lift it.
        let standing = resource.get_hard()?;
        setrlimit(resource, soft.min(standing), hard.min(standing))?;
    }
    Ok(())
}

/// Where there are no such bounds, there is the parent's on time on the clock.
#[cfg(not(unix))]
fn confine(_: &CompileLimits) -> io::Result<()> {
    Ok(())
}

/// Closes what the parent did not mean to hand on: whatever was opened in it without being marked
/// for closing, by a library in C for instance.
#[cfg(unix)]
fn close_inherited() {
    use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

    const STANDARD: RawFd = 2;
    let Ok(entries) = std::fs::read_dir("/dev/fd") else {
        return;
    };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let open: Vec<RawFd> = numbers.filter(|number| *number > STANDARD).collect();
    for number in open {
        // The folder that was just read is one of them, and closed by now.
        if std::fs::metadata(format!("/dev/fd/{number}")).is_ok() {
            // SAFETY: it is open, and nothing in this process owns it: this is the first thing that
            // the process does, and it has opened nothing itself.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        }
    }
}

#[cfg(not(unix))]
fn close_inherited() {}
