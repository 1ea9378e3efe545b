//! Runs of many sequences, and the shortest one that fails.

use std::cell::Cell;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::model::Flaw;
use super::operation::{Sequence, sequences};
use super::pair::{Difference, Pair, Seen};

/// Steps of a sequence at most.
pub const STEPS_MAX: usize = 400;
/// Times that a failing sequence is made simpler at most.
const SHRINKS_MAX: u32 = 100_000;

/// A sequence on which ledger and model part, made as short as could be found.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The sequence.
    pub sequence: Sequence,
    /// Where they part.
    pub difference: Difference,
}

/// Runs one sequence on both.
///
/// # Errors
/// Where they differ.
pub fn run(sequence: &Sequence, flaw: Option<Flaw>) -> Result<Seen, Difference> {
    let mut pair = Pair::new(sequence, flaw)?;
    for (number, operation) in sequence.operations.iter().enumerate() {
        pair.take(operation)
            .map_err(|difference| format!("step {}: {difference}", number + 1))?;
    }
    Ok(pair.seen())
}

/// Runs random sequences until so many operations were done. The seed decides them.
///
/// # Errors
/// The first failure, shrunk.
pub fn explore(
    seed: u64,
    operations: u64,
    flaw: Option<Flaw>,
    mut progress: impl FnMut(Seen),
) -> Result<Seen, Box<Failure>> {
    let mut runner = runner(seed);
    let strategy = sequences(STEPS_MAX);
    let mut seen = Seen::default();
    while seen.operations < operations {
        let Ok(tree) = strategy.new_tree(&mut runner) else {
            continue;
        };
        let of_this = Cell::new(Seen::default());
        let outcome = runner.run_one(tree, |sequence| match run(&sequence, flaw) {
            Ok(seen) => {
                of_this.set(seen);
                Ok(())
            }
            Err(difference) => Err(TestCaseError::fail(difference)),
        });
        match outcome {
            Err(TestError::Fail(reason, sequence)) => {
                let difference = reason.message().to_owned();
                return Err(Box::new(Failure {
                    sequence,
                    difference,
                }));
            }
            Ok(_) | Err(TestError::Abort(_)) => seen = seen.and(of_this.get()),
        }
        progress(seen);
    }
    Ok(seen)
}

fn runner(seed: u64) -> TestRunner {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: SHRINKS_MAX,
        ..Config::default()
    };
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(seed.to_le_bytes().iter().cycle()) {
        *byte = *from;
    }
    // A seed of zeros only throws zeros.
    if let Some(last) = bytes.last_mut() {
        *last ^= 0x5a;
    }
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::XorShift, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model that is wrong in one way only is found out: whatever the ledger did wrong in the
    /// same way would be, too.
    #[test]
    fn every_rule_of_the_model_is_tried() {
        for flaw in Flaw::ALL {
            let outcome = explore(1, 300_000, Some(flaw), |_| {});
            let failure = outcome.expect_err(&format!("{flaw:?} was not noticed"));
            let steps = failure.sequence.operations.len();
            assert!(steps <= 12, "{flaw:?} was shrunk to {steps} steps only");
            assert_eq!(run(&failure.sequence, None).map(|_| ()), Ok(()));
        }
    }
}
