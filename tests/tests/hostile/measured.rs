//! How long each hostile component takes at worst, and how much memory: measured, and written into
//! `tests/hostile/README.md`. Nothing is asserted of it.
//!
//! Each component is run by a process of its own, so that its peak is its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::cases;
use crate::table::{Case, Outcome};

/// The component that a process runs.
const CASE: &str = "HOSTILE_CASE";
const RUNS: usize = 3;
/// How often the compiler's memory is looked at: its peak is the system's own, and read while it
/// still runs.
const LOOK: Duration = Duration::from_millis(2);
const BEFORE: &str = "<!-- measured -->\n";
const BEHIND: &str = "<!-- end -->\n";

/// The largest of several runs.
#[derive(Default)]
struct Worst {
    loading: u64,
    asking: u64,
    host: u64,
    compiler: u64,
}

#[test]
#[ignore = "it measures, and takes minutes; `tests/hostile/README.md` says how it is run"]
fn measure() {
    let mut rows: Vec<String> = cases::all().iter().map(measured).collect();
    rows.sort();
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/README.md");
    let text = fs::read_to_string(&readme).unwrap();
    let (head, rest) = text.split_once(BEFORE).unwrap();
    let (_, tail) = rest.split_once(BEHIND).unwrap();
    let heading = "\n| component | at fault | outcome | loading, ms | asking, ms | host, MiB | compiler, MiB |\n\
                   | --- | --- | --- | --- | --- | --- | --- |\n";
    let table = rows.concat();
    fs::write(
        readme,
        format!("{head}{BEFORE}{heading}{table}\n{BEHIND}{tail}"),
    )
    .unwrap();
}

fn measured(case: &Case) -> String {
    let mut worst = Worst::default();
    let mut outcome = String::new();
    for _ in 0..RUNS {
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "measured::one", "--ignored", "--nocapture"])
            .env(CASE, case.name)
            .output()
            .unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        let line = text.lines().find_map(|line| line.split_once("MEASURED\t"));
        let fields: Vec<&str> = line.expect(case.name).1.split('\t').collect();
        let number = |at: usize| fields[at].parse::<u64>().unwrap();
        worst.loading = worst.loading.max(number(2));
        worst.asking = worst.asking.max(number(3));
        worst.host = worst.host.max(number(4));
        worst.compiler = worst.compiler.max(number(5));
        outcome = format!("{} | {}", fields[0], fields[1].replace('|', "\\|"));
    }
    let Worst {
        loading,
        asking,
        host,
        compiler,
    } = worst;
    let name = case.name;
    format!("| {name} | {outcome} | {loading} | {asking} | {host} | {compiler} |\n")
}

/// One component, in this process.
#[test]
#[ignore = "a part of `measure`"]
fn one() {
    let Ok(name) = std::env::var(CASE) else {
        return;
    };
    let case = cases::all().into_iter().find(|case| case.name == name);
    let is_done = AtomicBool::new(false);
    let compiler = AtomicU64::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                for child in children() {
                    compiler.fetch_max(
                        peak_kib(&format!("/proc/{child}/status")),
                        Ordering::Relaxed,
                    );
                }
                thread::sleep(LOOK);
            }
        });
        let (Outcome { fault, said }, loading, asking) = case.unwrap().run();
        is_done.store(true, Ordering::Relaxed);
        let host = peak_kib("/proc/self/status") >> 10;
        let compiler = compiler.load(Ordering::Relaxed) >> 10;
        let (loading, asking) = (loading.as_millis(), asking.as_millis());
        println!("MEASURED\t{fault}\t{said}\t{loading}\t{asking}\t{host}\t{compiler}");
    });
}

/// The processes that this one started and has not waited for.
fn children() -> BTreeSet<u64> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let lists =
        tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    let all = lists.collect::<Vec<_>>().join(" ");
    all.split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// The most memory that a process had, in KiB; nothing when it is gone.
fn peak_kib(status: &str) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok());
    number.unwrap_or_default()
}
