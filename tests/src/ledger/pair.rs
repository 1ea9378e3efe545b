//! A ledger and its model, side by side: each operation is done to both, every answer compared,
//! and after it every sum. The first difference ends it.

use std::fmt::Debug;
use std::time::Duration;

use execution_router::ledger::{
    Claim, EventError, EventId, Guard, Identity, Known, MemoryStore, OnExpiry, OpenBudgets,
    Released, ReservationId, ReserveError, Settled, Settlement, Store, TimeToLive,
};
use execution_router::{Amount, FinalAction, Side, TradeType};
use router_guest::engine::sizing;
use router_guest::manifest::BudgetInfo;
use router_guest::state::BudgetUse;

use super::calendar::{Clocks, STARTS, timestamp};
use super::model::{Filled, Flaw, Model, Remembered, Sum, Units, Verdict};
use super::operation::{Decimal, Fate, Fill, Operation, RequestId, Sequence, Terms, Wish};
use super::{STRATEGIES, SYMBOLS};

/// Where ledger and model part, in words.
pub type Difference = String;

/// What came up in a run, so that it can be seen that it all did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Operations.
    pub operations: u64,
    /// Grants.
    pub grants: u64,
    /// Claims over the limit.
    pub over_limit: u64,
    /// Claims past the limit on orders.
    pub orders_spent: u64,
    /// Claims that no charge can hold.
    pub too_large: u64,
    /// Grants that were given up.
    pub given_up: u64,
    /// Requests that were known.
    pub repeats: u64,
    /// Requests under another's id.
    pub duplicates: u64,
    /// Fills that counted.
    pub fills: u64,
    /// Events that were known.
    pub known_events: u64,
    /// Fills over what was held.
    pub overruns: u64,
    /// Fills on another side.
    pub side_mismatches: u64,
    /// Releases that counted.
    pub releases: u64,
    /// Events of reservations that there are not.
    pub unknown: u64,
    /// Swaps.
    pub swaps: u64,
    /// Times that the clock was set back.
    pub set_back: u64,
    /// Reservations whose time was over.
    pub expired: u64,
    /// Budgets that were above the limit that a claim brought: after an overrun, or when the
    /// limit fell.
    pub above_limit: u64,
}

/// From so long ago on, a reservation is one that never was.
const NEVER_FROM: u64 = 240;

/// Both.
#[derive(Debug)]
pub struct Pair {
    store: MemoryStore<u64>,
    budgets: OpenBudgets,
    infos: Vec<BudgetInfo>,
    model: Model,
    clocks: Clocks,
    clock: i64,
    decisions: u64,
    uses: Vec<BudgetUse>,
    seen: Seen,
}

impl Pair {
    /// At the beginning of a sequence; the model with a flaw, where one is to be found.
    ///
    /// # Errors
    /// When they differ already.
    pub fn new(sequence: &Sequence, flaw: Option<Flaw>) -> Result<Self, Difference> {
        let clock = STARTS
            .get(sequence.start)
            .and_then(|start| start.parse::<jiff::Timestamp>().ok())
            .map_or(0, jiff::Timestamp::as_microsecond);
        let clocks = Clocks::new();
        let store = match sequence.patience {
            None => MemoryStore::new(),
            Some(patience) => MemoryStore::new().expiring(TimeToLive {
                after: Duration::from_secs(patience.seconds.into()),
                on_expiry: if patience.releases {
                    OnExpiry::Release
                } else {
                    OnExpiry::Keep
                },
            }),
        };
        let infos = infos(&sequence.policy);
        let budgets = store.open(&infos).map_err(|error| error.to_string())?;
        let model = Model::new(
            clocks.at(clock),
            sequence.policy.clone(),
            sequence.patience,
            flaw,
        );
        let mut pair = Self {
            store,
            budgets,
            infos,
            model,
            clocks,
            clock,
            decisions: 0,
            uses: Vec::new(),
            seen: Seen::default(),
        };
        // The first time that the ledger sees.
        pair.compare()?;
        Ok(pair)
    }

    /// Does one operation to both, and compares.
    ///
    /// # Errors
    /// Where they differ.
    pub fn take(&mut self, operation: &Operation) -> Result<(), Difference> {
        self.seen.operations += 1;
        match operation {
            Operation::Clock(microseconds) => {
                self.seen.set_back += u64::from(*microseconds < 0);
                self.clock += microseconds;
                self.model.clock(self.clocks.at(self.clock));
            }
            Operation::Swap(policy) => self.swap(policy)?,
            Operation::Decide(wish) => self.decide(wish)?,
            Operation::Settle(fill) => self.settle(fill)?,
            Operation::Release(ago, event) => self.release(*ago, *event)?,
            Operation::Expire => self.expire()?,
        }
        self.compare()
    }

    /// What came up.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    fn swap(&mut self, policy: &[Terms]) -> Result<(), Difference> {
        self.seen.swaps += 1;
        self.infos = infos(policy);
        let opened = self.store.open(&self.infos);
        self.budgets = opened.map_err(|error| error.to_string())?;
        self.model.swap(policy.to_vec());
        Ok(())
    }

    /// As a router does it: look the id up, lock, read, reserve, remember, answer.
    fn decide(&mut self, wish: &Wish) -> Result<(), Difference> {
        self.decisions += 1;
        if self.is_known(wish)? {
            return Ok(());
        }
        let decision = self.decisions;
        if wish.fate == Fate::Free {
            return self.remember_free(wish, decision);
        }
        let number = wish.budget % self.infos.len().max(1);
        let (Some(terms), Some(info)) = (
            self.model.policy.get(number).copied(),
            self.infos.get(number),
        ) else {
            return Ok(());
        };
        let wish = &self.exact(&terms, wish);
        let claim = claim(number, info, wish)?;
        let verdict = self.model.judge(&terms, wish);
        let mut held = lock(&self.store, &self.budgets, self.clock)?;
        match (verdict, held.reserve(&claim)) {
            (Verdict::Granted, Ok(reservation)) => {
                same(
                    "the reservation's number",
                    reservation.number(),
                    self.model.granted + 1,
                )?;
                if wish.fate == Fate::Drop {
                    drop(held);
                    self.seen.given_up += 1;
                    self.model.give_up(&terms, wish);
                    return Ok(());
                }
                if let Some(id) = wish.id {
                    let known = held.record(&identity(id, wish)?, decision);
                    same("a new id", known, Ok(Known::New))?;
                    self.model.remember(id, key(id, wish), decision);
                }
                held.commit();
                self.seen.grants += 1;
                self.model.grant(&terms, wish, reservation.number());
                self.within_limit(number, wish, claim.limit)
            }
            (verdict, outcome) => {
                drop(held);
                self.note_refusal(verdict, &terms, wish);
                same("the refusal", outcome, Err(refusal(verdict, wish)))?;
                self.remember_free(wish, decision)
            }
        }
    }

    /// A wish for what remains has its need from there.
    fn exact(&self, terms: &Terms, wish: &Wish) -> Wish {
        let remaining = Model::limit(terms, wish.equity)
            .zip(wish.rest)
            .map(|(limit, rest)| {
                let sum = self.model.sum(terms, wish.symbol, wish.strategy);
                limit.saturating_sub(sum.used + sum.reserved) + Units::from(rest)
            });
        let coefficient = remaining.and_then(|units| u64::try_from(units).ok());
        coefficient.map_or(*wish, |coefficient| Wish {
            need: Decimal {
                coefficient,
                scale: 12,
            },
            ..*wish
        })
    }

    /// The invariant: no grant makes used and reserved pass the limit of its moment.
    fn within_limit(
        &mut self,
        budget: usize,
        wish: &Wish,
        limit: Option<Amount>,
    ) -> Result<(), Difference> {
        let (symbol, strategy) = names(wish.symbol, wish.strategy);
        let mut held = lock(&self.store, &self.budgets, self.clock)?;
        held.uses(symbol, strategy, &mut self.uses);
        let spent = self.uses.get(budget).copied().unwrap_or_default();
        let together = spent.used.checked_add(spent.reserved);
        match (together, limit) {
            (Some(together), Some(limit)) if together > limit => Err(format!(
                "a grant made used {} and reserved {} pass the limit {limit}",
                spent.used, spent.reserved
            )),
            _ => Ok(()),
        }
    }

    fn note_refusal(&mut self, verdict: Verdict, terms: &Terms, wish: &Wish) {
        match verdict {
            Verdict::OverLimit(_) => {
                self.seen.over_limit += 1;
                let sum = self.model.sum(terms, wish.symbol, wish.strategy);
                let limit = Model::limit(terms, wish.equity).unwrap_or(Units::MAX);
                self.seen.above_limit += u64::from(sum.used + sum.reserved > limit);
            }
            Verdict::OrdersSpent(_) => self.seen.orders_spent += 1,
            Verdict::TooLarge => self.seen.too_large += 1,
            Verdict::Granted => {}
        }
    }

    /// Whether the request's id was known, and told rightly.
    fn is_known(&mut self, wish: &Wish) -> Result<bool, Difference> {
        let Some(id) = wish.id else {
            return Ok(false);
        };
        let found = self.store.lookup(&identity(id, wish)?);
        let expected = match self.model.lookup(id, key(id, wish)) {
            Remembered::New => Known::New,
            Remembered::Repeat(decision) => Known::Repeat(decision),
            Remembered::Other => Known::OtherIdentity,
        };
        same("what is known of the id", found, Ok(expected))?;
        self.seen.repeats += u64::from(matches!(expected, Known::Repeat(_)));
        self.seen.duplicates += u64::from(expected == Known::OtherIdentity);
        Ok(expected != Known::New)
    }

    /// A decision that charged nothing is remembered too: what was refused stays refused.
    fn remember_free(&mut self, wish: &Wish, decision: u64) -> Result<(), Difference> {
        if let Some(id) = wish.id {
            let known = self.store.record(&identity(id, wish)?, decision);
            same("a new id", known, Ok(Known::New))?;
            self.model.remember(id, key(id, wish), decision);
        }
        Ok(())
    }

    fn settle(&mut self, fill: &Fill) -> Result<(), Difference> {
        let Some((number, reservation)) = self.reservation(fill.ago) else {
            return Ok(());
        };
        let event = event_name(fill.event);
        let settlement = Settlement {
            reservation,
            event_id: EventId::new(&event).map_err(|error| error.to_string())?,
            notional: fill.notional.amount(),
            side: side(fill.bought),
            is_final: fill.is_final,
        };
        let outcome = self.store.settle(&settlement);
        let expected = self.model.settle(number, fill);
        self.note_fill(expected);
        let expected = expected
            .map(settled)
            .ok_or(EventError::UnknownReservation { reservation });
        same("the settlement", outcome, expected)
    }

    fn note_fill(&mut self, filled: Option<Filled>) {
        let Some(filled) = filled else {
            self.seen.unknown += 1;
            return;
        };
        self.seen.known_events += u64::from(filled.repeated);
        self.seen.fills += u64::from(!filled.repeated);
        self.seen.overruns += u64::from(filled.overrun > 0);
        self.seen.side_mismatches += u64::from(filled.side_mismatch && !filled.repeated);
    }

    fn release(&mut self, ago: u8, event: u8) -> Result<(), Difference> {
        let Some((number, reservation)) = self.reservation(ago) else {
            return Ok(());
        };
        let name = event_name(event);
        let event_id = EventId::new(&name).map_err(|error| error.to_string())?;
        let outcome = self.store.release(reservation, event_id);
        let expected = self.model.release(number, event);
        match expected {
            None => self.seen.unknown += 1,
            Some((_, true)) => self.seen.known_events += 1,
            Some((_, false)) => self.seen.releases += 1,
        }
        let expected = expected
            .map(|(released, repeated)| Released {
                released: amount(released),
                repeated,
            })
            .ok_or(EventError::UnknownReservation { reservation });
        same("the release", outcome, expected)
    }

    fn expire(&mut self) -> Result<(), Difference> {
        let outcome = self.store.expire(timestamp(self.clock));
        let told = outcome.map_err(|error| error.to_string())?;
        let told: Vec<(u64, Amount)> = told
            .iter()
            .map(|expired| (expired.reservation.number(), expired.held))
            .collect();
        let expected: Vec<(u64, Amount)> = self
            .model
            .expire()
            .into_iter()
            .map(|(number, held)| (number, amount(held)))
            .collect();
        self.seen.expired += u64::try_from(told.len()).unwrap_or(0);
        same("the reservations whose time is over", told, expected)
    }

    /// The reservation of so many grants ago, counted round, or one that never was.
    fn reservation(&self, ago: u8) -> Option<(u64, ReservationId)> {
        let (granted, ago) = (self.model.granted, u64::from(ago));
        let number = match ago.checked_rem(granted) {
            Some(within) if ago < NEVER_FROM => granted - within,
            _ => granted + ago + 1,
        };
        let id = format!("R{number}").parse().ok()?;
        Some((number, id))
    }

    /// Every scope's sums, and the time.
    fn compare(&mut self) -> Result<(), Difference> {
        let mut held = lock(&self.store, &self.budgets, self.clock)?;
        same(
            "the effective time",
            held.now(),
            timestamp(self.model.now.microseconds),
        )?;
        for symbol in 0..SYMBOLS.len() {
            for strategy in 0..STRATEGIES.len() {
                let (symbol_name, strategy_name) = names(symbol, strategy);
                held.uses(symbol_name, strategy_name, &mut self.uses);
                for (terms, found) in self.model.policy.iter().zip(&self.uses) {
                    let expected = uses(self.model.sum(terms, symbol, strategy));
                    if *found != expected {
                        return Err(format!(
                            "the use of {symbol_name} by {strategy_name} in {terms:?} is \
                             {found:?}, and should be {expected:?}"
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Seen {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            operations: self.operations + other.operations,
            grants: self.grants + other.grants,
            over_limit: self.over_limit + other.over_limit,
            orders_spent: self.orders_spent + other.orders_spent,
            too_large: self.too_large + other.too_large,
            given_up: self.given_up + other.given_up,
            repeats: self.repeats + other.repeats,
            duplicates: self.duplicates + other.duplicates,
            fills: self.fills + other.fills,
            known_events: self.known_events + other.known_events,
            overruns: self.overruns + other.overruns,
            side_mismatches: self.side_mismatches + other.side_mismatches,
            releases: self.releases + other.releases,
            unknown: self.unknown + other.unknown,
            swaps: self.swaps + other.swaps,
            set_back: self.set_back + other.set_back,
            expired: self.expired + other.expired,
            above_limit: self.above_limit + other.above_limit,
        }
    }
}

fn infos(policy: &[Terms]) -> Vec<BudgetInfo> {
    policy.iter().map(Terms::info).collect()
}

fn lock<'a>(
    store: &'a MemoryStore<u64>,
    budgets: &'a OpenBudgets,
    clock: i64,
) -> Result<Guard<'a, u64>, Difference> {
    MemoryStore::lock(store, budgets, timestamp(clock)).map_err(|error| error.to_string())
}

/// The claim that a router makes of a wish.
fn claim<'a>(number: usize, info: &BudgetInfo, wish: &Wish) -> Result<Claim<'a>, Difference> {
    let limit = sizing::limit(info, Some(wish.equity.amount()));
    let (symbol, strategy) = names(wish.symbol, wish.strategy);
    Ok(Claim {
        budget: number,
        need: wish.need.amount(),
        limit: limit.map_err(|error| format!("{error:?}"))?,
        symbol,
        strategy,
        side: side(wish.buys),
        quote_rate: wish.rate.amount(),
        has_id: wish.id.is_some(),
    })
}

fn refusal(verdict: Verdict, wish: &Wish) -> ReserveError {
    let need = wish.need.amount();
    match verdict {
        Verdict::OverLimit(remaining) => ReserveError::OverLimit {
            need,
            remaining: amount(remaining),
        },
        Verdict::OrdersSpent(orders) => ReserveError::OrdersSpent { orders },
        // Nothing that is granted is refused: the comparison fails, as it should.
        Verdict::TooLarge | Verdict::Granted => ReserveError::NeedTooLarge { need },
    }
}

/// The identity of a request: variants differ in action or type.
fn identity(id: RequestId, wish: &Wish) -> Result<Identity<'static>, Difference> {
    const IDS: &str = "abcdefghijklmnopqrstuvwxyz";
    let place = usize::from(id.id) % IDS.len();
    let name = IDS.get(place..=place).unwrap_or("a");
    let (action, trade_type) = match id.variant {
        0 => (FinalAction::Buy, TradeType::Pilot),
        1 => (FinalAction::Sell, TradeType::Pilot),
        _ => (FinalAction::Buy, TradeType::Exploration),
    };
    let (symbol, strategy) = names(wish.symbol, wish.strategy);
    Identity::new(name, action, symbol, strategy, trade_type).map_err(|error| error.to_string())
}

fn key(id: RequestId, wish: &Wish) -> (u8, usize, usize) {
    (id.variant, wish.symbol, wish.strategy)
}

fn names(symbol: usize, strategy: usize) -> (&'static str, &'static str) {
    let symbol = SYMBOLS.get(symbol).copied().unwrap_or("?");
    (symbol, STRATEGIES.get(strategy).copied().unwrap_or("?"))
}

fn side(buys: bool) -> Side {
    if buys { Side::Buy } else { Side::Sell }
}

fn event_name(event: u8) -> String {
    format!("e{event}")
}

/// The most that is ever shown of a sum is what 28 digits can say.
fn amount(units: Units) -> Amount {
    Amount::new(units.min(10_u128.pow(28) - 1), 12).unwrap_or(Amount::ZERO)
}

fn uses(sum: Sum) -> BudgetUse {
    BudgetUse {
        used: amount(sum.used),
        reserved: amount(sum.reserved),
        orders: sum.orders,
    }
}

fn settled(filled: Filled) -> Settled {
    Settled {
        used: amount(filled.used),
        released: amount(filled.released),
        reserved: amount(filled.reserved),
        overrun: (filled.overrun > 0).then(|| amount(filled.overrun)),
        side_mismatch: filled.side_mismatch,
        repeated: filled.repeated,
    }
}

fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Result<(), Difference> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what} is {found:?}, and should be {expected:?}"))
    }
}
