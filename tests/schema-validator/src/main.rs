//! Validates documents: the schema is the first line of standard input, each further line a
//! document. Each gets a line: empty where it is valid, else what is wrong first.
//!
//! It knows nothing of policies; `tests/tests/schema.rs` runs it.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};

fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = io::stdin().lock().lines();
    let schema = serde_json::from_str(&lines.next().ok_or("no schema")??)?;
    // Asked for by itself, so that the schema's own faults do not depend on what is built of it.
    jsonschema::meta::validate(&schema).map_err(|error| error.to_string())?;
    let validator = jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())?;
    let mut out = io::stdout().lock();
    for line in lines {
        let document = serde_json::from_str(&line?)?;
        match validator.validate(&document) {
            Ok(()) => writeln!(out)?,
            Err(error) => {
                let what = error.to_string().replace('\n', " ");
                writeln!(out, "{}: {what}", error.instance_path())?;
            }
        }
    }
    Ok(())
}
