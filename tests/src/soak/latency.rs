//! Times, counted by size: a bounded histogram, so that a run of hours measures as well as one of
//! a second, and takes no memory that it had not at first.

use std::time::Duration;

/// Kept bits of a time in nanoseconds: a time is told to within a sixty-fourth of it.
const BITS: u32 = 6;
/// Times beyond this power of two, eighteen minutes, count as that long.
const POWER_MAX: u32 = 40;
const BUCKETS: usize = ((POWER_MAX - BITS + 1) as usize) << BITS;

/// How long something took, many times.
#[derive(Debug, Clone)]
pub struct Latencies {
    buckets: Box<[u64]>,
    count: u64,
    longest: Duration,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            buckets: vec![0; BUCKETS].into(),
            count: 0,
            longest: Duration::ZERO,
        }
    }
}

impl Latencies {
    /// Counts a time.
    #[inline]
    pub fn add(&mut self, took: Duration) {
        let bucket = bucket_of(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            *bucket += 1;
        }
        self.count += 1;
        self.longest = self.longest.max(took);
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: &Self) {
        for (own, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += more;
        }
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
    }

    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The longest of them, to the nanosecond.
    pub const fn longest(&self) -> Duration {
        self.longest
    }

    /// The time that so many of ten thousand do not pass: 9,990 is p99.9.
    pub fn within(&self, of_ten_thousand: u64) -> Duration {
        let rank = (self.count * of_ten_thousand).div_ceil(10_000).max(1);
        let mut seen = 0;
        let reached = self.buckets.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let end = reached.map_or(0, end_of);
        Duration::from_nanos(end).min(self.longest)
    }
}

/// Buckets go by ones up to `2^BITS`, and from there in `2^BITS` steps to each power of two.
fn bucket_of(nanoseconds: u64) -> usize {
    let nanoseconds = nanoseconds.min((1 << POWER_MAX) - 1);
    let power = nanoseconds.checked_ilog2().unwrap_or(0);
    let bucket = match power.checked_sub(BITS) {
        None => nanoseconds,
        Some(shift) => (u64::from(shift) << BITS) + (nanoseconds >> shift),
    };
    usize::try_from(bucket).unwrap_or(BUCKETS - 1)
}

/// The largest time that a bucket counts.
fn end_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    match (bucket >> BITS).checked_sub(1) {
        None => bucket,
        Some(shift) => {
            let kept = bucket - (shift << BITS);
            ((kept + 1) << shift) - 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_in_a_bucket_that_ends_close_above_it() {
        let mut times: Vec<u64> = (0..POWER_MAX)
            .flat_map(|power| {
                let power = 1_u64 << power;
                [power - 1, power, power + power / 3]
            })
            .collect();
        times.sort_unstable();
        let mut latest = 0;
        for time in times {
            let bucket = bucket_of(time);
            assert!(bucket < BUCKETS && bucket >= latest, "{time}");
            latest = bucket;
            let end = end_of(bucket);
            assert!(
                end >= time && end - time <= time >> BITS,
                "{time} ends at {end}"
            );
            assert_eq!(bucket_of(end), bucket);
            assert_eq!(bucket_of(end + 1), bucket + 1);
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_the_ranks_of_the_times() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.within(9_990), Duration::ZERO);
        for time in 1..=1000 {
            latencies.add(Duration::from_nanos(time % 50));
        }
        latencies.add(Duration::from_secs(1));
        assert_eq!(latencies.count(), 1001);
        assert_eq!(latencies.within(5_000), Duration::from_nanos(25));
        assert_eq!(latencies.within(9_990), Duration::from_nanos(49));
        assert_eq!(latencies.within(10_000), Duration::from_secs(1));
        let mut both = Latencies::default();
        both.merge(&latencies);
        both.merge(&latencies);
        assert_eq!(
            (both.count(), both.longest()),
            (2002, Duration::from_secs(1))
        );
        assert_eq!(both.within(5_000), latencies.within(5_000));
    }
}
