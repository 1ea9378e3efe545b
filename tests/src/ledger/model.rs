//! What a ledger should do, as plainly as it can be said: a list of all charges, summed anew
//! for every question. Amounts are whole multiples of 10⁻¹² in 128 bits.

use std::collections::BTreeMap;

use router_guest::manifest::Scope;

use super::calendar::{Shown, counts};
use super::operation::{Decimal, Fill, Patience, RequestId, Terms, Wish};

/// Units in one: money is kept to the twelfth place.
const PLACES: u32 = 12;
/// One more than a charge can hold: 28 digits.
const UNITS_END: u128 = 10_u128.pow(28);

/// An amount in units of 10⁻¹².
pub type Units = u128;

/// A deliberate mistake of the model's, to see that it would be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Time follows the clock back.
    ClockRunsBack,
    /// A repeated event counts again.
    EventsRepeat,
    /// What is left of an order that is done stays reserved.
    FinalHolds,
    /// What is over the reservation is not used.
    OverfillIsCut,
    /// Scope is not looked at.
    ScopeIsAll,
    /// Every day has 24 hours of UTC.
    DaysAreUtc,
    /// A fill costs a unit less where it is rounded.
    FillsRoundDown,
    /// A given-up reservation stays.
    DropHolds,
    /// A swap forgets what was used.
    SwapRefills,
    /// A limit on orders counts unfilled ones that are done.
    DoneOrdersCount,
    /// The same id under another identity is a repeat.
    IdsAreEnough,
    /// Time that is over frees what is kept.
    ExpiryReleases,
    /// One unit more than the limit is granted.
    LimitGivesWay,
}

/// A charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Its reservation's number.
    pub number: u64,
    budget: usize,
    at: Shown,
    symbol: usize,
    strategy: usize,
    buys: bool,
    rate: Decimal,
    reserved: Units,
    settled: Units,
    is_open: bool,
    events: Vec<u8>,
    /// When its time is over, microseconds, as long as that is to be told.
    deadline: Option<i64>,
}

/// What a scope's charges come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Settled.
    pub used: Units,
    /// Held.
    pub reserved: Units,
    /// Orders.
    pub orders: u32,
}

/// What becomes of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is granted.
    Granted,
    /// What remains.
    OverLimit(Units),
    /// The limit on orders.
    OrdersSpent(u32),
    /// No charge can hold it.
    TooLarge,
}

/// What a fill comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// Used by it.
    pub used: Units,
    /// Freed by it.
    pub released: Units,
    /// Still held.
    pub reserved: Units,
    /// Beyond what was held.
    pub overrun: Units,
    /// On another side.
    pub side_mismatch: bool,
    /// Known.
    pub repeated: bool,
}

/// What is known of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remembered {
    /// Nothing.
    New,
    /// The decision that it got.
    Repeat(u64),
    /// Another identity's.
    Other,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Model {
    flaw: Option<Flaw>,
    patience: Option<Patience>,
    charges: Vec<Charge>,
    /// The number of the last reservation.
    pub granted: u64,
    /// The effective time.
    pub now: Shown,
    /// The live policy.
    pub policy: Vec<Terms>,
    ids: BTreeMap<u8, (Identity, u64)>,
}

/// What makes two requests the same one.
pub type Identity = (u8, usize, usize);

impl Model {
    /// Nothing used.
    pub fn new(
        now: Shown,
        policy: Vec<Terms>,
        patience: Option<Patience>,
        flaw: Option<Flaw>,
    ) -> Self {
        let mut model = Self {
            flaw,
            patience,
            charges: Vec::new(),
            granted: 0,
            now,
            policy: Vec::new(),
            ids: BTreeMap::new(),
        };
        model.swap(policy);
        model
    }

    /// The clock shows something else; time does not run back.
    pub fn clock(&mut self, shown: Shown) {
        let runs_on = shown.microseconds > self.now.microseconds;
        if runs_on || self.has(Flaw::ClockRunsBack) {
            self.now = shown;
        }
    }

    /// Another policy is live. Nothing is forgotten for that: a swap away and back refills no
    /// budget, also where its window has another length then.
    pub fn swap(&mut self, policy: Vec<Terms>) {
        if self.has(Flaw::SwapRefills) {
            self.charges.clear();
        }
        self.policy = policy;
    }

    /// By definition: the charges in the live window and scope, summed.
    pub fn sum(&self, terms: &Terms, symbol: usize, strategy: usize) -> Sum {
        let zone = if self.has(Flaw::DaysAreUtc) {
            0
        } else {
            terms.zone
        };
        let scope = if self.has(Flaw::ScopeIsAll) {
            Scope::All
        } else {
            terms.scope
        };
        let mut sum = Sum::default();
        for charge in &self.charges {
            let is_in_scope = match scope {
                Scope::All => true,
                Scope::Symbol => charge.symbol == symbol,
                Scope::Strategy => charge.strategy == strategy,
            };
            if charge.budget == terms.budget
                && is_in_scope
                && counts(terms.window, zone, &charge.at, &self.now)
            {
                sum.used += charge.settled;
                sum.reserved += charge.reserved;
                let counts = charge.is_open || charge.settled > 0;
                sum.orders += u32::from(counts || self.has(Flaw::DoneOrdersCount));
            }
        }
        sum
    }

    /// The limit on money that the terms come to.
    pub fn limit(terms: &Terms, equity: Decimal) -> Option<Units> {
        let share = terms.percent.map(|percent| {
            let product = u128::from(percent.coefficient) * u128::from(equity.coefficient);
            scaled(product, u32::from(percent.scale + equity.scale) + 2, false)
        });
        let amount = terms.amount.map(|amount| units(amount, false));
        match (amount, share) {
            (Some(amount), Some(share)) => Some(amount.min(share)),
            (amount, share) => amount.or(share),
        }
    }

    /// Whether a claim is granted now.
    pub fn judge(&self, terms: &Terms, wish: &Wish) -> Verdict {
        let need = units(wish.need, true);
        if need >= UNITS_END {
            return Verdict::TooLarge;
        }
        let sum = self.sum(terms, wish.symbol, wish.strategy);
        if let Some(most) = terms.orders.filter(|most| sum.orders >= *most) {
            return Verdict::OrdersSpent(most);
        }
        let spent = sum.used + sum.reserved;
        let given = u128::from(self.has(Flaw::LimitGivesWay));
        match Self::limit(terms, wish.equity) {
            Some(limit) if spent + need > limit + given => {
                Verdict::OverLimit(limit.saturating_sub(spent))
            }
            _ => Verdict::Granted,
        }
    }

    /// Grants a claim that was judged so, under this number.
    pub fn grant(&mut self, terms: &Terms, wish: &Wish, number: u64) {
        let deadline = self
            .patience
            .map(|patience| self.now.microseconds + i64::from(patience.seconds) * 1_000_000);
        self.granted = self.granted.max(number);
        self.charges.push(Charge {
            number,
            budget: terms.budget,
            at: self.now.clone(),
            symbol: wish.symbol,
            strategy: wish.strategy,
            buys: wish.buys,
            rate: wish.rate,
            reserved: units(wish.need, true),
            settled: 0,
            is_open: true,
            events: Vec::new(),
            deadline,
        });
    }

    /// A grant that was given up.
    pub fn give_up(&mut self, terms: &Terms, wish: &Wish) {
        if self.has(Flaw::DropHolds) {
            self.grant(terms, wish, self.granted + 1);
        }
    }

    /// What a fill comes to; `None` for a reservation that there is not.
    pub fn settle(&mut self, number: u64, fill: &Fill) -> Option<Filled> {
        let (repeats, holds) = (self.has(Flaw::EventsRepeat), self.has(Flaw::FinalHolds));
        let (cuts, rounds_up) = (
            self.has(Flaw::OverfillIsCut),
            !self.has(Flaw::FillsRoundDown),
        );
        let charge = self.charge(number)?;
        let side_mismatch = fill.bought != charge.buys;
        if charge.events.contains(&fill.event) && !repeats {
            return Some(Filled {
                used: 0,
                released: 0,
                reserved: charge.reserved,
                overrun: 0,
                side_mismatch,
                repeated: true,
            });
        }
        charge.events.push(fill.event);
        let mut used = cost(fill.notional, charge.rate, rounds_up);
        if cuts {
            used = used.min(charge.reserved);
        }
        let overrun = used.saturating_sub(charge.reserved);
        charge.settled = (charge.settled + used).min(UNITS_END - 1);
        charge.reserved -= used - overrun;
        let mut released = 0;
        if fill.is_final {
            charge.is_open = false;
            if !holds {
                released = std::mem::take(&mut charge.reserved);
            }
        }
        Some(Filled {
            used,
            released,
            reserved: charge.reserved,
            overrun,
            side_mismatch,
            repeated: false,
        })
    }

    /// What a release frees, and whether it was known; `None` for a reservation that there is
    /// not.
    pub fn release(&mut self, number: u64, event: u8) -> Option<(Units, bool)> {
        let charge = self.charge(number)?;
        if charge.events.contains(&event) {
            return Some((0, true));
        }
        charge.events.push(event);
        charge.is_open = false;
        Some((std::mem::take(&mut charge.reserved), false))
    }

    /// The reservations whose time is over: number and what they held, in the order in which
    /// their times end.
    pub fn expire(&mut self) -> Vec<(u64, Units)> {
        let releases = self.patience.is_some_and(|patience| patience.releases)
            || self.has(Flaw::ExpiryReleases);
        let now = self.now.microseconds;
        let mut over = Vec::new();
        for charge in &mut self.charges {
            let Some(deadline) = charge.deadline.filter(|deadline| *deadline <= now) else {
                continue;
            };
            charge.deadline = None;
            if charge.is_open {
                over.push((deadline, charge.number, charge.reserved));
                if releases {
                    charge.is_open = false;
                    charge.reserved = 0;
                }
            }
        }
        over.sort_unstable();
        over.into_iter()
            .map(|(_, number, held)| (number, held))
            .collect()
    }

    /// The time of one reservation is over: what that frees. `None` for a reservation that there
    /// is not, or whose fate is known.
    pub fn end(&mut self, number: u64, releases: bool) -> Option<Units> {
        let charge = self.charge(number).filter(|charge| charge.is_open)?;
        if !releases {
            return Some(0);
        }
        charge.is_open = false;
        Some(std::mem::take(&mut charge.reserved))
    }

    /// What is known of a request.
    pub fn lookup(&self, id: RequestId, identity: Identity) -> Remembered {
        match self.ids.get(&id.id) {
            None => Remembered::New,
            Some((known, number)) if *known == identity || self.has(Flaw::IdsAreEnough) => {
                Remembered::Repeat(*number)
            }
            Some(_) => Remembered::Other,
        }
    }

    /// Remembers the decision of a request that was new.
    pub fn remember(&mut self, id: RequestId, identity: Identity, decision: u64) {
        self.ids.insert(id.id, (identity, decision));
    }

    /// The ids that are remembered, each with its decision.
    pub fn remembered(&self) -> Vec<(u8, u64)> {
        let ids = self.ids.iter();
        ids.map(|(id, (_, decision))| (*id, *decision)).collect()
    }

    /// The charges.
    pub fn charges(&self) -> &[Charge] {
        &self.charges
    }

    fn charge(&mut self, number: u64) -> Option<&mut Charge> {
        self.charges
            .iter_mut()
            .find(|charge| charge.number == number)
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}

impl Charge {
    /// When it was granted, microseconds.
    pub fn at(&self) -> i64 {
        self.at.microseconds
    }

    /// What can change of it: held, used, whether its fate is open, its events in order of
    /// their names.
    pub fn state(&self) -> (u64, Units, Units, bool, Vec<u8>) {
        let mut events = self.events.clone();
        events.sort_unstable();
        (
            self.number,
            self.reserved,
            self.settled,
            self.is_open,
            events,
        )
    }
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::ClockRunsBack,
        Self::EventsRepeat,
        Self::FinalHolds,
        Self::OverfillIsCut,
        Self::ScopeIsAll,
        Self::DaysAreUtc,
        Self::FillsRoundDown,
        Self::DropHolds,
        Self::SwapRefills,
        Self::DoneOrdersCount,
        Self::IdsAreEnough,
        Self::ExpiryReleases,
        Self::LimitGivesWay,
    ];
}

/// An amount in units, up or down where it has more places.
pub fn units(decimal: Decimal, rounds_up: bool) -> Units {
    scaled(
        decimal.coefficient.into(),
        u32::from(decimal.scale),
        rounds_up,
    )
}

/// What a fill costs: at most what a charge can hold.
fn cost(notional: Decimal, rate: Decimal, rounds_up: bool) -> Units {
    let product = u128::from(notional.coefficient) * u128::from(rate.coefficient);
    let scale = u32::from(notional.scale + rate.scale);
    scaled(product, scale, rounds_up).min(UNITS_END - 1)
}

fn scaled(coefficient: u128, scale: u32, rounds_up: bool) -> Units {
    if scale <= PLACES {
        return coefficient.saturating_mul(10_u128.pow(PLACES - scale));
    }
    let divisor = 10_u128.pow(scale - PLACES);
    if rounds_up {
        coefficient.div_ceil(divisor)
    } else {
        coefficient / divisor
    }
}
