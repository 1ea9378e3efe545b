//! Contestants that take turns: a round is one sample of each, begun by another one each time, so
//! that whatever else the machine does falls on all of them.

use std::time::Duration;

use anyhow::{Context, Result};

/// Decides so many times, and says how long that took. What is prepared is not counted.
pub type Sample = Box<dyn FnMut() -> Result<Duration>>;

/// The processor's time of this thread: what a machine does beside is not in it, and a sample that
/// takes longer is not interrupted more often than one that is short.
pub struct Stopwatch(Duration);

impl Stopwatch {
    pub fn start() -> Self {
        Self(processor_time())
    }

    pub fn elapsed(&self) -> Duration {
        processor_time().saturating_sub(self.0)
    }
}

fn processor_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is there to be written to, and every Linux has this clock.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "the clock of a thread");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// One row of a group.
pub struct Contestant {
    pub name: String,
    /// Decisions a sample.
    pub decisions: usize,
    pub sample: Sample,
}

/// What was measured of one.
#[derive(Debug, Clone)]
pub struct Measured {
    pub name: String,
    /// Nanoseconds a decision, in order of size.
    pub nanoseconds: Vec<f64>,
}

/// A group of contestants that are compared.
pub struct Group {
    pub name: String,
    pub contestants: Vec<Contestant>,
}

impl Group {
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            contestants: Vec::new(),
        }
    }

    pub fn add(&mut self, name: &str, decisions: usize, sample: Sample) {
        self.contestants.push(Contestant {
            name: name.to_owned(),
            decisions,
            sample,
        });
    }

    /// Measures all in turns, after one round that does not count.
    pub fn measure(mut self, rounds: usize) -> Result<(String, Vec<Measured>)> {
        let count = self.contestants.len();
        let mut measured: Vec<Measured> = self
            .contestants
            .iter()
            .map(|contestant| Measured {
                name: contestant.name.clone(),
                nanoseconds: Vec::new(),
            })
            .collect();
        for round in 0..=rounds {
            for turn in 0..count {
                let at = (round + turn) % count;
                let contestant = &mut self.contestants[at];
                let took = (contestant.sample)().with_context(|| contestant.name.clone())?;
                if round > 0 {
                    let each = took.as_nanos() as f64 / contestant.decisions as f64;
                    measured[at].nanoseconds.push(each);
                }
            }
        }
        for one in &mut measured {
            one.nanoseconds.sort_by(f64::total_cmp);
        }
        Ok((self.name, measured))
    }
}

impl Measured {
    /// The sample that so many of a hundred are under.
    pub fn percentile(&self, percent: usize) -> f64 {
        let last = self.nanoseconds.len().saturating_sub(1);
        let at = (last * percent + 50) / 100;
        self.nanoseconds.get(at).copied().unwrap_or(f64::NAN)
    }
}
