use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::sandbox::SandboxProfile;

const LIMITS: CompileLimits = CompileLimits {
    cpu_seconds_max: 1,
    wall_time_max: Duration::from_secs(20),
    address_bytes_max: 64 << 20,
    compiled_bytes_max: 1000,
    threads_max: 2,
};

/// What comes of a program that does this instead of compiling.
fn does(script: &str, limits: &CompileLimits, component: &[u8]) -> Result<Vec<u8>, String> {
    // A program cannot be run while another thread that starts one has it open to write.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let asked = Asked {
        profile: SandboxProfile::Strict,
        engine: "digest".to_owned(),
    };
    compile(&program, &asked, limits, component).map_err(|error| error.to_string())
}

#[track_caller]
fn ends(script: &str, words: &str) {
    assert_eq!(does(script, &LIMITS, b"component").unwrap_err(), words);
}

#[test]
fn what_it_gives_is_what_it_was_given_to_make() {
    assert_eq!(
        does("exec cat", &LIMITS, b"component").unwrap(),
        b"component"
    );
    // More than a pipe holds, both ways at once; and nothing that is read.
    let limits = CompileLimits {
        compiled_bytes_max: 1 << 20,
        ..LIMITS
    };
    let component = vec![7; 1 << 20];
    assert_eq!(does("exec cat", &limits, &component).unwrap(), component);
    assert_eq!(
        does("exec echo done", &limits, &component).unwrap(),
        b"done\n"
    );
}

#[test]
fn it_is_told_what_to_do_and_has_nothing_else() {
    let given = does("echo $@; env; ls /dev/fd | wc -l", &LIMITS, b"").unwrap();
    let given = String::from_utf8(given).unwrap();
    let mut lines = given.lines();
    assert_eq!(lines.next(), Some("compile-policy strict digest"));
    let mut names: Vec<_> = lines
        .by_ref()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.sort_unstable();
    // The last two are the shell's own.
    names.retain(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name));
    assert_eq!(names, ["RAYON_NUM_THREADS"]);
}

#[test]
fn a_component_that_is_not_taken_is_told_in_the_first_line() {
    ends(
        "echo 'it is not valid' >&2; echo more >&2; exit 3",
        "the component does not compile for the sandbox: it is not valid",
    );
    ends(
        "head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 3",
        &format!(
            "the component does not compile for the sandbox: {}",
            "x".repeat(4097)
        ),
    );
}

#[test]
fn what_the_component_is_to_blame_for() {
    ends(
        "head -c 2000 /dev/zero; sleep 0",
        "the component compiles to more than the 0 MiB that one may have",
    );
    ends(
        "kill -s XCPU $$",
        "compiling the component takes more than the 1 s of processor time that one may take",
    );
    ends(
        "echo 'memory allocation of 99 bytes failed' >&2; kill -s ABRT $$",
        "compiling the component takes more than the 64 MiB of memory that one may take",
    );
    ends(
        "echo 'thread has overflowed its stack' >&2; kill -s ABRT $$",
        "the compiler fails on the component: signal 6",
    );
    ends(
        "kill -s SEGV $$",
        "the compiler fails on the component: signal 11",
    );
    ends(
        "echo 'thread panicked at x:' >&2; echo 'entered unreachable code' >&2; exit 101",
        "the compiler fails on the component: entered unreachable code",
    );
}

#[test]
fn what_the_machine_is_to_blame_for() {
    let fault = |what: &str| format!("the component could not be compiled: {what}");
    ends("kill -s KILL $$", &fault("it says nothing"));
    ends("echo 'no engine' >&2; exit 4", &fault("no engine"));
    ends("exit 1", &fault("it says nothing"));
    let asked = Asked {
        profile: SandboxProfile::Strict,
        engine: String::new(),
    };
    let nowhere = PathBuf::from("/nowhere/execution-router");
    let error = compile(&nowhere, &asked, &LIMITS, b"").unwrap_err();
    assert_eq!(
        error.to_string(),
        fault("`/nowhere/execution-router` cannot be run: No such file or directory (os error 2)")
    );
}

#[test]
fn one_that_does_not_end_is_killed_and_waited_for() {
    let limits = CompileLimits {
        wall_time_max: Duration::from_secs(1),
        ..LIMITS
    };
    // It ends neither while it is read, nor once it has said everything.
    for script in ["exec sleep 600", "exec >&- 2>&-; exec sleep 600"] {
        let error = does(script, &limits, b"component").unwrap_err();
        assert_eq!(
            error,
            "the component could not be compiled: it took longer than 1 s, and was killed"
        );
    }
}
