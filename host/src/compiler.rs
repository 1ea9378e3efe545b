//! Who compiles a foreign component. Compiling is the one thing that a component can make dear
//! without running: a few kilobytes of nested loops take minutes and gigabytes. So it happens in a
//! process of its own, which has bounds on processor time and memory and is killed at them.
//!
//! That process is this program, or `execution-router`, asked for [`VERB`]: the component goes in
//! on standard input, the compiled form comes out on standard output. What comes out is run as it
//! is; it is believed because the program is as trusted as this one, and taken over a pipe that
//! nobody else holds. Here nothing is kept, and nothing is decided about what a component may hold.

mod child;
mod served;

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::{CacheStore, Engine};

use crate::cache::Functions;
use crate::policy::ComponentError;
use crate::sandbox::{self, HostFault, SandboxProfile, engine_digest};

pub use child::CompileBound;
pub use served::{Asked, serve};

/// What a program is asked for that compiles: its first argument.
pub const VERB: &str = "compile-policy";
/// The program that is looked for beside this one.
const PROGRAM: &str = "execution-router";

/// Whether this program answers [`VERB`].
static SERVES: AtomicBool = AtomicBool::new(false);

/// Who compiles a foreign component.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compiler(Choice);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Choice {
    #[default]
    Found,
    Child(PathBuf),
    InProcess,
}

/// Says that this program answers [`VERB`] by [`serve`], so that it is its own compiler. Whoever
/// says so without answering starts itself over and over, one process at a time.
pub fn this_program_serves() {
    SERVES.store(true, Ordering::Release);
}

impl Compiler {
    /// A process of the compiler that is found: this program, where it said
    /// [`this_program_serves`], or else a program `execution-router` in the folder that this one
    /// stands in. Where there is neither, foreign components are refused, and documents work.
    ///
    /// It is what policies are loaded with where nothing else is said. The alternative, compiling
    /// in this process when no program is found, would make a missing file decide whether a
    /// hostile component can stop a bot.
    pub const fn found() -> Self {
        Self(Choice::Found)
    }

    /// A process of this program for each component that is compiled. It must be an
    /// `execution-router` of this version, or answer [`VERB`] by [`serve`].
    pub fn child(program: impl Into<PathBuf>) -> Self {
        Self(Choice::Child(program.into()))
    }

    /// This process, without bounds on time and memory.
    ///
    /// A hostile component within the bounds that are counted beforehand
    /// ([`DecodeLimits`](crate::sandbox::DecodeLimits)) can then take minutes and gigabytes, and
    /// a fault of the compiler ends the process. For components that one has made oneself, and for
    /// tests.
    pub const fn in_process() -> Self {
        Self(Choice::InProcess)
    }

    /// The compiled form of what was found within its bounds, for the profile's engine.
    pub(crate) fn compile(
        &self,
        bytes: &[u8],
        profile: SandboxProfile,
    ) -> Result<Vec<u8>, ComponentError> {
        let program = match &self.0 {
            Choice::InProcess => return in_process(bytes, profile),
            Choice::Child(program) => program.clone(),
            Choice::Found => found().ok_or_else(none_found)?,
        };
        let asked = Asked {
            profile,
            engine: engine_digest(profile)?.to_string(),
        };
        child::compile(&program, &asked, &profile.limits().compile, bytes)
    }
}

/// The compiled form of what this program composed, in this process, with what is known of its
/// functions.
pub(crate) fn compile_own(
    bytes: &[u8],
    profile: SandboxProfile,
    functions: Option<Functions>,
) -> Result<Vec<u8>, ComponentError> {
    let Some(functions) = functions.map(Arc::new) else {
        return in_process(bytes, profile);
    };
    let run = &profile.limits().run;
    let known: Arc<dyn CacheStore> = Arc::<Functions>::clone(&functions);
    let engine = sandbox::compiling_with(run, known);
    let form = compile_on(engine, bytes)?;
    functions.keep();
    Ok(form)
}

fn in_process(bytes: &[u8], profile: SandboxProfile) -> Result<Vec<u8>, ComponentError> {
    compile_on(sandbox::compiling(&profile.limits().run), bytes)
}

/// On an engine that is not kept: what an engine has compiled with stays with it.
fn compile_on(engine: wasmtime::Result<Engine>, bytes: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let engine = engine.map_err(|error| HostFault::Engine {
        message: one_line(&error),
    })?;
    let form = engine.precompile_component(bytes);
    form.map_err(|error| ComponentError::Compile {
        message: one_line(&error),
    })
}

fn found() -> Option<PathBuf> {
    if SERVES.load(Ordering::Acquire) {
        return this_program().ok();
    }
    let mut beside = env::current_exe().ok()?;
    beside.set_file_name(format!("{PROGRAM}{}", env::consts::EXE_SUFFIX));
    beside.is_file().then_some(beside)
}

/// This program's file. By its link in `/proc` it is the one that runs, even when another version
/// was put in its place since.
fn this_program() -> io::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Ok(running);
    }
    env::current_exe()
}

fn none_found() -> HostFault {
    HostFault::Compiler {
        message: format!(
            "there is no program `{PROGRAM}` beside this one to compile foreign components apart; \
             say where it is, or that they are to be compiled in this process"
        ),
    }
}

/// An error of the engine with its causes.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ").replace('\n', " ")
}
