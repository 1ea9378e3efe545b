//! What one condition makes of a region: the parts where it holds, those where it does not,
//! and those where asking it needs a field that is not given.
//!
//! One condition at a time, so that parts differ from the whole in one thing. Parts can be
//! empty of requests; whether they are is not asked here.

use router_guest::amount::Amount;
use router_guest::decision::RequestField;
use router_guest::manifest::{AmountField, ScoreField};
use router_guest::table::{End, Flag, NumberRange};

use super::axis::{ABSENT, Run};
use super::names::ClassSet;
use super::region::{Answers, Region};
use super::space::Space;

/// One condition, in the terms of a space.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    States(u8),
    Types(u8),
    Pairs(u32),
    Dust(Flag),
    Sized(Flag),
    Symbols(ClassSet),
    Strategies(ClassSet),
    Tiers(u16),
    Score(ScoreField, NumberRange<f64>),
    Amount(AmountField, NumberRange<Amount>),
    BelowMinimum(Flag),
    Exhausted(Flag),
    /// The field is given; else the request is refused.
    Needs(RequestField),
}

/// The parts of a region.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) holds: Vec<Region>,
    pub(crate) fails: Vec<Region>,
    pub(crate) refused: Vec<(Region, RequestField)>,
    /// Where figures are made that 28 digits may not hold, or that round to nothing: part of
    /// these requests is refused, which is told apart by no condition.
    pub(crate) strained: Vec<Region>,
}

/// Above zero, as `closable` and `opening` ask for.
pub(crate) const ABOVE_ZERO: NumberRange<Amount> = NumberRange::Within {
    low: End::Excluding(Amount::ZERO),
    high: End::Open,
};
/// Nothing, as their opposites ask for.
pub(crate) const AT_ZERO: NumberRange<Amount> = NumberRange::Within {
    low: End::Open,
    high: End::Including(Amount::ZERO),
};

impl Parts {
    fn split(whole: &Region, holds: Option<Region>, fails: Option<Region>) -> Self {
        debug_assert!(holds.is_some() || fails.is_some(), "{whole:?}");
        Self {
            holds: holds.into_iter().collect(),
            fails: fails.into_iter().collect(),
            refused: Vec::new(),
            strained: Vec::new(),
        }
    }

    fn held(region: &Region) -> Self {
        Self::split(region, Some(region.clone()), None)
    }

    fn failed(region: &Region) -> Self {
        Self::split(region, None, Some(region.clone()))
    }

    fn add(&mut self, other: Self) {
        self.holds.extend(other.holds);
        self.fails.extend(other.fails);
        self.refused.extend(other.refused);
        self.strained.extend(other.strained);
    }
}

impl Space<'_> {
    /// The parts that a test of one of the tables makes of a region.
    pub(crate) fn split(&self, region: &Region, table: usize, test: &Test) -> Parts {
        match test {
            Test::States(states) => bits(region, region.states, *states, |part, bits| {
                part.states = bits;
            }),
            Test::Types(types) => bits(region, region.types, *types, |part, bits| {
                part.types = bits;
            }),
            Test::Pairs(pairs) => bits(region, region.pairs, *pairs, |part, bits| {
                part.pairs = bits;
            }),
            Test::Tiers(tiers) => bits(region, region.view(table).tiers, *tiers, |part, bits| {
                if let Some(view) = part.views.get_mut(table) {
                    view.tiers = bits;
                }
            }),
            Test::Sized(flag) => answers(region, region.sized, *flag, |part, answers| {
                part.sized = answers;
            }),
            Test::Dust(flag) => answers(region, region.view(table).dust, *flag, |part, answers| {
                if let Some(view) = part.views.get_mut(table) {
                    view.dust = answers;
                }
            }),
            Test::Symbols(set) => classes(region, &region.symbols, set, |part, set| {
                part.symbols = set;
            }),
            Test::Strategies(set) => classes(region, &region.strategies, set, |part, set| {
                part.strategies = set;
            }),
            Test::Score(field, range) => self.split_score(region, *field, range),
            Test::Amount(field, range) => {
                let axis = self.amount_axis(*field);
                let run = region.amount(*field);
                runs(region, run, axis.accepted(range), |part, run| {
                    if let Some(amount) = part.amounts.get_mut(*field as usize) {
                        *amount = run;
                    }
                })
            }
            Test::BelowMinimum(flag) => self.split_minimum(region, table, *flag),
            Test::Exhausted(flag) => self.split_budget(region, table, *flag),
            Test::Needs(field) => needs(vec![region.clone()], *field),
        }
    }

    fn split_score(&self, region: &Region, field: ScoreField, range: &NumberRange<f64>) -> Parts {
        match field {
            ScoreField::Confidence => {
                let accepted = self.confidence.accepted(range);
                runs(region, region.confidence, accepted, |part, run| {
                    part.confidence = run;
                })
            }
            ScoreField::RiskRewardRatio => {
                let accepted = self.risk_reward.accepted(range);
                runs(region, region.risk_reward, accepted, |part, run| {
                    part.risk_reward = run;
                })
            }
            ScoreField::SignalStrength => strength(region, self.strength.accepted(range)),
            ScoreField::SignalScore => {
                let mut parts = Parts::default();
                for (sign, range) in [
                    (Answers::NO, unsigned(range)),
                    (Answers::YES, mirrored(range)),
                ] {
                    if let Some(signed) = self.of_sign(region, sign) {
                        let accepted = range.and_then(|range| self.strength.accepted(&range));
                        parts.add(strength(&signed, accepted));
                    }
                }
                parts
            }
        }
    }

    /// The part with a score below 0, or the part without one.
    fn of_sign(&self, region: &Region, sign: Answers) -> Option<Region> {
        let negative = region.negative.meet(sign);
        let strength = match sign {
            Answers::YES => self
                .above_zero()
                .and_then(|above| region.strength.meet(above)),
            _ => Some(region.strength),
        };
        let strength = strength.filter(|_| negative != Answers::NONE)?;
        let mut part = region.clone();
        part.negative = negative;
        part.strength = strength;
        Some(part)
    }

    /// The segments of a score other than 0.
    pub(crate) fn above_zero(&self) -> Option<Run> {
        self.strength
            .given()
            .from(self.strength.segment(Some(0.0)) + 1)
    }

    fn split_minimum(&self, region: &Region, table: usize, flag: Flag) -> Parts {
        let mut parts = needs(vec![region.clone()], RequestField::TargetNotional);
        let given = std::mem::take(&mut parts.holds);
        parts.add(needs(given, RequestField::Price));
        for given in std::mem::take(&mut parts.holds) {
            let below = given.view(table).below_minimum;
            parts.add(answers(&given, below, flag, |part, answers| {
                if let Some(view) = part.views.get_mut(table) {
                    view.below_minimum = answers;
                }
            }));
        }
        parts
    }

    /// The tiers without a budget first: what has none is never exhausted, and asks for nothing.
    fn split_budget(&self, region: &Region, table: usize, flag: Flag) -> Parts {
        let mut parts = Parts::default();
        let free = self.tiers_charging(table, None);
        let tiers = region.view(table).tiers;
        if tiers & free != 0 {
            let part = region.with_view(table, |view| view.tiers &= free);
            parts.add(match flag {
                Flag::Yes => Parts::failed(&part),
                Flag::No | Flag::Any => Parts::held(&part),
            });
        }
        let budgets = self.table(table).map_or(0, |table| table.budgets.len());
        for budget in (0_u32..).take(budgets) {
            let charging = self.tiers_charging(table, Some(budget));
            if tiers & charging != 0 {
                let part = region.with_view(table, |view| view.tiers &= charging);
                parts.add(self.split_one_budget(part, table, budget, flag));
            }
        }
        parts
    }

    fn split_one_budget(&self, region: Region, table: usize, budget: u32, flag: Flag) -> Parts {
        let own = self.table(table);
        let info = own.and_then(|own| own.budgets.get(usize::try_from(budget).ok()?));
        let mut parts = needs(vec![region], RequestField::TargetNotional);
        if info.is_some_and(|info| info.percent.is_some()) {
            let given = std::mem::take(&mut parts.holds);
            parts.add(needs(given, RequestField::Equity));
        }
        let in_account_currency = self
            .symbols
            .where_kind(|kind| kind.known(table).is_in_account_currency);
        for given in std::mem::take(&mut parts.holds) {
            let quoted = classes(&given, &given.symbols, &in_account_currency, |part, set| {
                part.symbols = set;
            });
            let mut with_rate = needs(quoted.fails, RequestField::QuoteRate);
            with_rate.holds.extend(quoted.holds);
            parts.add(with_rate);
        }
        parts.strained.extend(parts.holds.iter().cloned());
        for given in std::mem::take(&mut parts.holds) {
            let exhausted = given.view(table).exhausted;
            parts.add(answers(&given, exhausted, flag, |part, answers| {
                if let Some(view) = part.views.get_mut(table) {
                    view.exhausted = answers;
                }
            }));
        }
        parts
    }
}

/// A range of signed scores, for those that are not below 0; `None` when it has none of them.
fn unsigned(range: &NumberRange<f64>) -> Option<NumberRange<f64>> {
    let NumberRange::Within { low, high } = range else {
        return Some(*range);
    };
    let low = match low {
        End::Including(end) | End::Excluding(end) if *end < 0.0 => End::Open,
        low => *low,
    };
    let has_some = match high {
        End::Including(end) | End::Excluding(end) => *end >= 0.0,
        End::Open => true,
    };
    has_some.then_some(NumberRange::Within { low, high: *high })
}

/// The same range without the sign, for scores that are below 0.
fn mirrored(range: &NumberRange<f64>) -> Option<NumberRange<f64>> {
    let NumberRange::Within { low, high } = range else {
        return Some(*range);
    };
    let flip = |end: &End<f64>| match end {
        End::Open => End::Open,
        End::Including(end) => End::Including(-end),
        End::Excluding(end) => End::Excluding(-end),
    };
    unsigned(&NumberRange::Within {
        low: flip(high),
        high: flip(low),
    })
}

/// The parts where a field is given; without it the request is refused.
fn needs(regions: Vec<Region>, field: RequestField) -> Parts {
    let amount = match field {
        RequestField::Price => AmountField::Price,
        RequestField::TargetNotional => AmountField::TargetNotional,
        RequestField::Equity => AmountField::Equity,
        RequestField::QuoteRate => AmountField::QuoteRate,
        // Every request that must give it does: others are refused before they are routed.
        RequestField::Position => {
            return Parts {
                holds: regions,
                ..Parts::default()
            };
        }
    };
    let mut parts = Parts::default();
    for region in regions {
        let run = region.amount(amount);
        if run.holds(ABSENT) {
            let absent = region.with_amount(amount, Run::point(ABSENT));
            parts.refused.push((absent, field));
        }
        let given = run.given();
        parts
            .holds
            .extend(given.map(|given| region.with_amount(amount, given)));
    }
    parts
}

fn bits<B>(region: &Region, own: B, wanted: B, mut set: impl FnMut(&mut Region, B)) -> Parts
where
    B: Copy + PartialEq + Default + std::ops::BitAnd<Output = B> + std::ops::Not<Output = B>,
{
    let mut part = |bits: B| {
        (bits != B::default()).then(|| {
            let mut part = region.clone();
            set(&mut part, bits);
            part
        })
    };
    let (holds, fails) = (part(own & wanted), part(own & !wanted));
    Parts::split(region, holds, fails)
}

fn answers(
    region: &Region,
    own: Answers,
    flag: Flag,
    mut set: impl FnMut(&mut Region, Answers),
) -> Parts {
    let wanted = Answers::of(flag);
    let mut part = |answers: Answers| {
        (answers != Answers::NONE).then(|| {
            let mut part = region.clone();
            set(&mut part, answers);
            part
        })
    };
    let (holds, fails) = (part(own.meet(wanted)), part(own.without(wanted)));
    Parts::split(region, holds, fails)
}

fn classes(
    region: &Region,
    own: &ClassSet,
    wanted: &ClassSet,
    mut set: impl FnMut(&mut Region, ClassSet),
) -> Parts {
    let mut part = |classes: ClassSet| {
        (!classes.is_empty()).then(|| {
            let mut part = region.clone();
            set(&mut part, classes);
            part
        })
    };
    let (holds, fails) = (part(own.meet(wanted)), part(own.without(wanted)));
    Parts::split(region, holds, fails)
}

fn strength(region: &Region, accepted: Option<Run>) -> Parts {
    runs(region, region.strength, accepted, |part, run| {
        part.strength = run;
    })
}

fn runs(
    region: &Region,
    own: Run,
    accepted: Option<Run>,
    mut set: impl FnMut(&mut Region, Run),
) -> Parts {
    let mut part = |run: Run| {
        let mut part = region.clone();
        set(&mut part, run);
        part
    };
    let Some(accepted) = accepted else {
        return Parts::failed(region);
    };
    Parts {
        holds: own.meet(accepted).map(&mut part).into_iter().collect(),
        fails: own
            .without(accepted)
            .into_iter()
            .flatten()
            .map(&mut part)
            .collect(),
        refused: Vec::new(),
        strained: Vec::new(),
    }
}
