//! The line of one number of a request, cut at every place where a rule cuts it.
//!
//! Between two cuts no rule can tell numbers apart, so a request's number is as good as the
//! segment that it falls in: not given, below the first cut, each cut itself, what is between
//! two cuts, above the last. It knows no rule and no request.

use router_guest::table::{End, NumberRange};

use super::number::Number;

/// Segments of numbers from `low` to `high`, both included, and whether a number may be left
/// out. Leaving one out stands beside the line, so that what fails a test of one end is one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Run {
    /// Above `high` where no number is in it.
    low: u32,
    high: u32,
    absent: bool,
}

/// The segment of a number that is not given.
pub(crate) const ABSENT: u32 = 0;

/// Where the numbers of a line begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Floor {
    /// There is no least number but that of the type.
    None,
    /// At 0.
    Zero,
    /// Above 0.
    AboveZero,
}

/// A number line with its cuts.
#[derive(Debug, Clone)]
pub(crate) struct Axis<N> {
    /// Sorted, each once.
    cuts: Vec<N>,
    /// For each segment a number of it that reads well; `None` where there is none.
    typical: Vec<Option<N>>,
    may_be_absent: bool,
    is_cut: bool,
}

impl Run {
    /// Numbers from a segment to another; `None` when the one comes after the other.
    pub(crate) const fn numbers(low: u32, high: u32) -> Option<Self> {
        let run = Self {
            low,
            high,
            absent: false,
        };
        if low <= high { Some(run) } else { None }
    }

    /// One segment, be it that of a number that is not given.
    pub(crate) const fn point(segment: u32) -> Self {
        if segment == ABSENT {
            return Self {
                low: ABSENT + 1,
                high: ABSENT,
                absent: true,
            };
        }
        Self {
            low: segment,
            high: segment,
            absent: false,
        }
    }

    /// What both have; `None` when that is nothing.
    pub(crate) fn meet(self, other: Self) -> Option<Self> {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        Self::of(low, high, self.absent && other.absent)
    }

    pub(crate) const fn within(self, other: Self) -> bool {
        let numbers = self.low > self.high || (other.low <= self.low && self.high <= other.high);
        numbers && (other.absent || !self.absent)
    }

    pub(crate) const fn holds(self, segment: u32) -> bool {
        if segment == ABSENT {
            return self.absent;
        }
        self.low <= segment && segment <= self.high
    }

    /// What is not in the other: below it, or above it, or left out.
    pub(crate) fn without(self, other: Self) -> [Option<Self>; 2] {
        let absent = self.absent && !other.absent;
        if other.low > other.high {
            return [Self::of(self.low, self.high, absent), None];
        }
        let below = Self::of(self.low, self.high.min(other.low.saturating_sub(1)), absent);
        let above = Self::of(self.low.max(other.high.saturating_add(1)), self.high, false);
        match (below, above) {
            // Nothing but what is left out goes with what is above.
            (Some(left_out), Some(above)) if left_out.low > left_out.high => {
                [Some(Self { absent, ..above }), None]
            }
            parts => parts.into(),
        }
    }

    /// Both in one; `None` where there is something between them.
    pub(crate) fn join(self, other: Self) -> Option<Self> {
        let absent = self.absent || other.absent;
        let (Some(own), Some(others)) = (self.given(), other.given()) else {
            let given = self.given().or(other.given());
            return given.map(|given| Self { absent, ..given }).or(Some(self));
        };
        let meets =
            own.low <= others.high.saturating_add(1) && others.low <= own.high.saturating_add(1);
        meets.then(|| Self {
            low: own.low.min(others.low),
            high: own.high.max(others.high),
            absent,
        })
    }

    /// The lowest and the highest segment of numbers.
    pub(crate) const fn ends(self) -> (u32, u32) {
        (self.low, self.high)
    }

    /// The numbers, without their absence.
    pub(crate) fn given(self) -> Option<Self> {
        Self::of(self.low, self.high, false)
    }

    /// The numbers from a segment on, and their absence where that is the segment.
    pub(crate) fn from(self, segment: u32) -> Option<Self> {
        Self::of(
            self.low.max(segment),
            self.high,
            self.absent && segment == ABSENT,
        )
    }

    fn of(low: u32, high: u32, absent: bool) -> Option<Self> {
        if low <= high {
            Some(Self { low, high, absent })
        } else {
            absent.then_some(Self::point(ABSENT))
        }
    }

    /// The segments of numbers, from the lowest on.
    fn segments(self) -> std::ops::RangeInclusive<u32> {
        self.low..=self.high
    }
}

impl<N: Number> Axis<N> {
    /// The line with these cuts, in any order.
    pub(crate) fn new(mut cuts: Vec<N>, floor: Floor, zero: N, may_be_absent: bool) -> Self {
        let is_cut = !cuts.is_empty();
        if floor != Floor::None {
            cuts.push(zero);
        }
        cuts.sort_by(|left, right| left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal));
        cuts.dedup();
        let mut typical = vec![None];
        for at in 0..=cuts.len() {
            let low = at.checked_sub(1).and_then(|at| cuts.get(at).copied());
            let high = cuts.get(at).copied();
            let under_the_floor =
                |end: Option<N>| floor != Floor::None && end.is_some_and(|end| end <= zero);
            let between = N::between(low, high).filter(|_| !under_the_floor(high));
            let cut = high.filter(|cut| match floor {
                Floor::None => true,
                Floor::Zero => *cut >= zero,
                Floor::AboveZero => *cut > zero,
            });
            typical.push(between);
            typical.push(cut);
        }
        // Above the last cut there is no further one.
        typical.pop();
        Self {
            cuts,
            typical,
            may_be_absent,
            is_cut,
        }
    }

    /// Whether any rule cuts it.
    pub(crate) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Every segment.
    pub(crate) fn all(&self) -> Run {
        Run {
            absent: true,
            ..self.given()
        }
    }

    /// Every segment of a number that is given.
    pub(crate) fn given(&self) -> Run {
        let segments = u32::try_from(self.typical.len()).unwrap_or(u32::MAX);
        Run {
            low: ABSENT + 1,
            high: segments.saturating_sub(1),
            absent: false,
        }
    }

    /// The segment of a number or of its absence.
    pub(crate) fn segment(&self, number: Option<N>) -> u32 {
        let Some(number) = number else { return ABSENT };
        let below = self.cuts.partition_point(|cut| *cut < number);
        let on_a_cut = self.cuts.get(below).is_some_and(|cut| *cut == number);
        let segment = 2 * below + 1 + usize::from(on_a_cut);
        u32::try_from(segment).unwrap_or(u32::MAX)
    }

    /// The segments that a test accepts; `None` when it accepts none. The test's ends must be
    /// among the cuts.
    pub(crate) fn accepted(&self, range: &NumberRange<N>) -> Option<Run> {
        match range {
            NumberRange::Absent => Some(Run::point(ABSENT)),
            NumberRange::Present => Some(self.given()),
            NumberRange::Within { low, high } => {
                let low = match low {
                    End::Open => ABSENT + 1,
                    End::Including(end) => self.segment(Some(*end)),
                    End::Excluding(end) => self.segment(Some(*end)) + 1,
                };
                let high = match high {
                    End::Open => self.given().high,
                    End::Including(end) => self.segment(Some(*end)),
                    End::Excluding(end) => self.segment(Some(*end)) - 1,
                };
                Run::numbers(low, high)
            }
        }
    }

    /// Whether any number, or absence, falls in the segment.
    pub(crate) fn is_live(&self, segment: u32) -> bool {
        if segment == ABSENT {
            self.may_be_absent
        } else {
            self.typical(segment).is_some()
        }
    }

    /// The lowest segment of a run that anything falls in; what is not given is the lowest.
    pub(crate) fn lowest(&self, run: Run) -> Option<u32> {
        if run.absent && self.may_be_absent {
            return Some(ABSENT);
        }
        run.segments().find(|segment| self.is_live(*segment))
    }

    /// A segment that reads well, out of a run: absent only where nothing else is left.
    pub(crate) fn readable(&self, run: Run) -> Option<u32> {
        let lowest = |run| self.lowest(run);
        run.given().and_then(lowest).or_else(|| self.lowest(run))
    }

    /// A number of a segment that reads well.
    pub(crate) fn typical(&self, segment: u32) -> Option<N> {
        self.typical.get(usize::try_from(segment).ok()?).copied()?
    }

    /// The least number of a run, absence aside.
    pub(crate) fn least(&self, run: Run) -> Option<N> {
        let segment = self.lowest(run.given()?)?;
        match self.ends(segment) {
            (low, _) if segment % 2 == 1 => low.map_or(Some(N::LEAST), Number::just_above),
            (low, _) => low,
        }
    }

    /// The greatest number of a run.
    pub(crate) fn greatest(&self, run: Run) -> Option<N> {
        let segment = run
            .segments()
            .rev()
            .find(|segment| self.is_live(*segment))?;
        match self.ends(segment) {
            (_, high) if segment % 2 == 1 => high.map_or(Some(N::GREATEST), Number::just_below),
            (_, high) => high,
        }
    }

    /// The cuts that bound a segment of a given number; both are the cut where it is one.
    pub(crate) fn ends(&self, segment: u32) -> (Option<N>, Option<N>) {
        let at = usize::try_from(segment).unwrap_or_default();
        let cut = |at: usize| self.cuts.get(at).copied();
        if segment.is_multiple_of(2) {
            let cut = (at / 2).checked_sub(1).and_then(cut);
            (cut, cut)
        } else {
            ((at / 2).checked_sub(1).and_then(cut), cut(at / 2))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use router_guest::amount::Amount;

    use super::*;

    fn scores() -> Axis<f64> {
        Axis::new(vec![0.65, 0.3, 0.55, 0.3], Floor::Zero, 0.0, true)
    }

    #[test]
    fn segments_are_named_by_where_a_number_falls() {
        for (number, segment) in [
            (None, 0),
            (Some(0.0), 2),
            (Some(0.1), 3),
            (Some(0.3), 4),
            (Some(0.4), 5),
            (Some(0.55), 6),
            (Some(0.65), 8),
            (Some(7.0), 9),
        ] {
            assert_eq!(scores().segment(number), segment, "{number:?}");
        }
        assert_eq!(scores().given(), Run::numbers(1, 9).unwrap());
    }

    #[test]
    fn what_cannot_be_is_dead() {
        let live = |axis: &Axis<Amount>| {
            (0..=axis.all().high)
                .map(|segment| axis.is_live(segment))
                .collect::<Vec<_>>()
        };
        let one = Amount::ONE;
        let next = one.just_above().unwrap();
        let price = Axis::new(vec![one, next], Floor::AboveZero, Amount::ZERO, true);
        // absent, below 0, 0, up to 1, 1, between, its neighbour, above
        assert_eq!(
            live(&price),
            [true, false, false, true, true, false, true, true]
        );
        let working = Axis::new(vec![], Floor::Zero, Amount::ZERO, false);
        assert_eq!(live(&working), [false, false, true, true]);
    }

    #[test]
    fn a_run_without_another() {
        let run = |low, high| Run::numbers(low, high);
        let or_absent = |low, high| {
            Some(Run {
                absent: true,
                ..Run::numbers(low, high).unwrap()
            })
        };
        let absent = Some(Run::point(ABSENT));
        for (whole, other, parts) in [
            (or_absent(1, 9), run(3, 5), [or_absent(1, 2), run(6, 9)]),
            (or_absent(1, 9), run(1, 5), [or_absent(6, 9), None]),
            (or_absent(1, 9), run(1, 9), [absent, None]),
            (or_absent(1, 9), absent, [run(1, 9), None]),
            (run(3, 5), run(1, 9), [None, None]),
            (run(3, 5), run(1, 3), [None, run(4, 5)]),
            (run(3, 5), run(6, 7), [run(3, 5), None]),
            (run(3, 5), absent, [run(3, 5), None]),
        ] {
            assert_eq!(
                whole.unwrap().without(other.unwrap()),
                parts,
                "{whole:?} {other:?}"
            );
        }
    }

    fn any_range() -> impl Strategy<Value = NumberRange<f64>> {
        let end = prop_oneof![
            Just(End::Open),
            (-3..4_i32).prop_map(|end| End::Including(f64::from(end))),
            (-3..4_i32).prop_map(|end| End::Excluding(f64::from(end))),
        ];
        prop_oneof![
            Just(NumberRange::Absent),
            Just(NumberRange::Present),
            (end.clone(), end).prop_map(|(low, high)| NumberRange::Within { low, high }),
        ]
    }

    proptest! {
        #[test]
        fn a_test_accepts_its_segments(range in any_range(), numbers in proptest::collection::vec(-4.0..5.0_f64, 8)) {
            let cuts = (-3..4).map(f64::from).collect();
            let axis = Axis::new(cuts, Floor::None, 0.0, true);
            let accepted = axis.accepted(&range);
            let whole = (-4..5).map(f64::from);
            for number in numbers.into_iter().chain(whole).map(Some).chain([None]) {
                let within = accepted.is_some_and(|run| run.holds(axis.segment(number)));
                prop_assert_eq!(within, range.holds(number), "{:?} {:?}", range, number);
            }
        }

        #[test]
        fn the_ends_of_a_run_fall_in_it(low in 0..15_u32, length in 0..16_u32) {
            let cuts = (-3..4).map(f64::from).collect();
            let axis = Axis::new(cuts, Floor::None, 0.0, true);
            let run = Run::numbers(low + 1, (low + length + 1).min(axis.given().high).max(low + 1)).unwrap();
            for end in [axis.least(run), axis.greatest(run)].into_iter().flatten() {
                prop_assert!(run.holds(axis.segment(Some(end))));
            }
        }
    }
}
