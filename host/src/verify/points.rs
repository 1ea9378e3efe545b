//! The points of every axis, from the manifest: below, on and above each cut, and what can be
//! absent, nothing, or as large as amounts get.
//!
//! The base is a request that opens: everything is given, and above every threshold. No point
//! of an axis equals the base or another point.

mod cutter;
mod lists;

use router_guest::amount::Amount;
use router_guest::manifest::Manifest;
use router_guest::request::OrderTerms;

use super::axis::{AXES, Axis, Change};
use super::symbols::{self, SymbolClass};
use crate::policy::FoundNames;
use cutter::Cutter;
use lists::{base, base_target, closes, holdings, shared, targets};

/// The strategy that is asked by, where it is no odd one; a manifest tells none apart.
pub(super) const STRATEGY: &str = "trend";

/// Classes of symbols that are tried.
const CLASSES_MAX: usize = 64;
/// Classes of symbols that are tried of a manifest that does not fit otherwise.
const CLASSES_LEAST: usize = 8;
/// Uses of budgets that are tried with one need, of such a manifest.
const USES_LEAST: usize = 8;
/// With fewer thresholds of a field than this, classes and uses are given up as well.
const CUTS_MANY: usize = 64;

/// How much of a manifest is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// Thresholds of one field.
    pub(super) cuts: usize,
    /// Points of one axis that are tried in pairs.
    pub(super) paired: usize,
    /// Symbols that are alike, of one class.
    pub(super) alike: usize,
    /// Classes of symbols.
    pub(super) classes: usize,
    /// Uses of budgets that go with one need.
    pub(super) uses: usize,
}

/// How many there are, and how many are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tried {
    pub(super) declared: usize,
    pub(super) tried: usize,
}

impl Tried {
    pub(super) const fn is_complete(&self) -> bool {
        self.tried == self.declared
    }
}

impl Reach {
    /// So little that it always fits.
    pub(super) const LEAST: Self = Self::of(1, 1);

    const fn of(cuts: usize, paired: usize) -> Self {
        Self {
            cuts,
            paired,
            // A symbol is one point, a threshold is three or six.
            alike: 8 * cuts,
            classes: if cuts < CUTS_MANY {
                CLASSES_LEAST
            } else {
                CLASSES_MAX
            },
            uses: if cuts < CUTS_MANY {
                USES_LEAST
            } else {
                8 * cuts
            },
        }
    }

    /// From the farthest to the nearest: pairs are given up before thresholds are.
    pub(super) fn ladder() -> impl Iterator<Item = Self> {
        [1024, 256, 64, 16, 4, 1]
            .into_iter()
            .flat_map(|cuts| [1024, 256, 64, 16, 4, 1].map(|paired| Self::of(cuts, paired)))
    }
}

/// The points of all axes.
pub(super) struct Points {
    /// Those that are the same for every class of symbols.
    shared: [Vec<Change>; AXES],
    pub(super) classes: Vec<ClassPoints>,
    /// Thresholds by the axis that they cut.
    pub(super) cuts: [Tried; AXES],
    pub(super) class_count: Tried,
    /// Symbols beside the one that stands for a class, of the class that has most.
    pub(super) alike_count: Tried,
}

/// The points of the axes that depend on the symbol.
pub(super) struct ClassPoints {
    pub(super) symbol: SymbolClass,
    pub(super) base: OrderTerms,
    /// The base quantity of a position.
    pub(super) quantity: Amount,
    own: [Vec<Change>; AXES],
    /// Where the close quantities of each holding stand: of the base first.
    closes: Vec<(usize, usize)>,
    /// The holding that is under the symbol's least quantity, with nothing closing.
    pub(super) dust: Option<usize>,
}

impl Points {
    pub(super) fn of(manifest: &Manifest, names: &FoundNames, reach: Reach) -> Self {
        let mut cutter = Cutter::new(manifest, reach.cuts);
        let classes = symbols::classes(manifest, &names.symbols);
        let class_count = Tried {
            declared: classes.len(),
            tried: classes.len().min(reach.classes),
        };
        let alike = classes.iter().map(|class| class.alike.len()).max();
        let alike = alike.unwrap_or(0);
        let alike_count = Tried {
            declared: alike,
            tried: alike.min(reach.alike),
        };
        let price = Amount::whole(100);
        let classes: Vec<_> = sampled(classes, reach.classes);
        let targets: Vec<_> = classes
            .iter()
            .map(|class| base_target(manifest, class.info.as_ref(), price))
            .collect();
        let base = base(&mut cutter, price, targets.iter().copied().max());
        let shared = shared(&mut cutter, &base, &names.strategies);
        let classes = classes.into_iter().zip(targets);
        let classes = classes
            .map(|(class, target)| {
                let base = OrderTerms {
                    target_notional: Some(target),
                    ..base
                };
                ClassPoints::of(&mut cutter, class, base, reach)
            })
            .collect();
        Self {
            shared,
            classes,
            cuts: cutter.cuts,
            class_count,
            alike_count,
        }
    }

    /// Whether every threshold, class and name is tried.
    pub(super) fn is_complete(&self) -> bool {
        let counts = [self.class_count, self.alike_count];
        self.cuts.iter().chain(&counts).all(Tried::is_complete)
    }

    /// The points of an axis for a class of symbols. Those of budgets stand elsewhere.
    pub(super) fn changes(&self, axis: Axis, class: usize) -> &[Change] {
        let own = self
            .classes
            .get(class)
            .and_then(|class| class.own.get(axis as usize));
        let shared = self.shared.get(axis as usize);
        match own {
            Some(own) if !own.is_empty() => own,
            _ => shared.map_or(&[], Vec::as_slice),
        }
    }
}

impl ClassPoints {
    fn of(
        cutter: &mut Cutter<'_>,
        mut symbol: SymbolClass,
        base: OrderTerms,
        reach: Reach,
    ) -> Self {
        cutter.forget(&[Axis::Holding, Axis::CloseQuantity, Axis::TargetNotional]);
        let least = symbol.info.as_ref().and_then(|info| info.min_quantity);
        let quantity = least
            .and_then(|least| least.checked_add(least)?.checked_add(least))
            .map_or(Amount::whole(2), |above| above.max(Amount::whole(2)));
        let mut own: [Vec<Change>; AXES] = Default::default();
        let holdings = holdings(cutter, quantity, least);
        let dust = least.and_then(|least| {
            holdings
                .iter()
                .position(|(held, closing)| *held < least && closing.is_zero())
        });
        let (closes, ranges) = closes(cutter, quantity, &holdings, reach.paired);
        let names = sampled(std::mem::take(&mut symbol.alike), reach.alike);
        let mut put = |axis: Axis, changes: Vec<Change>| {
            if let Some(list) = own.get_mut(axis as usize) {
                *list = changes;
            }
        };
        put(
            Axis::TargetNotional,
            targets(cutter, &base, symbol.info.as_ref()),
        );
        put(
            Axis::Holding,
            holdings
                .iter()
                .map(|(held, closing)| Change::Holding(*held, *closing))
                .collect(),
        );
        put(Axis::CloseQuantity, closes);
        put(
            Axis::Symbol,
            names.into_iter().map(Change::Symbol).collect(),
        );
        Self {
            symbol,
            base,
            quantity,
            own,
            closes: ranges,
            dust,
        }
    }

    /// The close quantities that go with a holding, or with the base quantity.
    pub(super) fn closes_of(&self, holding: Option<usize>) -> std::ops::Range<usize> {
        let at = holding.map_or(0, |holding| holding + 1);
        self.closes
            .get(at)
            .map_or(0..0, |(start, end)| *start..*end)
    }
}

/// Evenly spread, the first and in order.
pub(super) fn sampled<T>(items: Vec<T>, max: usize) -> Vec<T> {
    let count = items.len();
    if count <= max {
        return items;
    }
    let mut wanted = (0..max).map(|number| number * count / max).peekable();
    items
        .into_iter()
        .enumerate()
        .filter_map(|(at, item)| wanted.next_if_eq(&at).map(|_| item))
        .collect()
}
