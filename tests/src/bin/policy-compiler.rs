//! What an embedder's program is that compiles foreign components: it answers one verb, and does
//! nothing else. The suite's tests have their hostile components compiled by it.

use std::process::ExitCode;

use execution_router::compiler::{self, Asked, VERB};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let asked = match arguments.split_first() {
        Some((verb, rest)) if *verb == VERB => Asked::read(rest.iter().copied()),
        _ => Err(format!("`{VERB}` is the one verb")),
    };
    match asked {
        Ok(asked) => compiler::serve(&asked),
        Err(error) => {
            eprintln!("policy-compiler: {error}");
            ExitCode::from(2)
        }
    }
}
