//! The long runs of a store that power, disk and process fail under: `store-cycles power|kill
//! [--cycles N] [--seed N] [--at-once N]`. Prints what came up, or the first finding, and ends
//! with 1 then. `load` is the process that is killed.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use conformance::store::variants::Variants;
use conformance::store::{kill, power};
use execution_router::Cache;

const USAGE: &str = "store-cycles power|kill [--cycles N] [--seed N] [--at-once N]";
/// Disks or processes at once, at most.
const AT_ONCE_MAX: u64 = 64;

struct Asked {
    cycles: u64,
    seed: u64,
    at_once: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let variants = || Variants::load(&Cache::user());
    let outcome = match words.as_slice() {
        [kill::VERB, store, run] => match run.parse() {
            Ok(run) => {
                variants().and_then(|variants| kill::serve(Path::new(store), run, &variants))
            }
            Err(_) => Err(USAGE.to_owned()),
        },
        [verb @ ("power" | "kill"), options @ ..] => match read(options) {
            Some(asked) => variants().and_then(|variants| run(verb, &asked, &variants)),
            None => Err(USAGE.to_owned()),
        },
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(finding) => {
            eprintln!("store-cycles: {finding}");
            ExitCode::FAILURE
        }
    }
}

fn read(options: &[&str]) -> Option<Asked> {
    let mut asked = Asked {
        cycles: 2_000,
        seed: 1,
        at_once: 16,
    };
    for pair in options.chunks(2) {
        let [name, value] = pair else { return None };
        let value = value.parse().ok()?;
        match *name {
            "--cycles" => asked.cycles = value,
            "--seed" => asked.seed = value,
            "--at-once" => asked.at_once = value.clamp(1, AT_ONCE_MAX),
            _ => return None,
        }
    }
    Some(asked)
}

fn run(verb: &str, asked: &Asked, variants: &Variants) -> Result<(), String> {
    let began = Instant::now();
    if verb == "power" {
        let seen = power::run(asked.seed, asked.cycles, asked.at_once, variants)?;
        println!("{seen:#?}");
    } else {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let each = asked.cycles.div_ceil(asked.at_once);
        let one = |number| kill::run(asked.seed + number, each, &program, variants);
        let seen = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..asked.at_once)
                .map(|number| {
                    let one = &one;
                    scope.spawn(move || one(number))
                })
                .collect();
            threads
                .into_iter()
                .try_fold(kill::Kills::default(), |seen, thread| {
                    let outcome = thread.join().map_err(|_| "a thread died".to_owned())?;
                    Ok::<_, String>(seen.and(outcome?))
                })
        })?;
        println!("{seen:#?}");
    }
    println!("nothing was lost ({:.0} s)", began.elapsed().as_secs_f64());
    Ok(())
}
