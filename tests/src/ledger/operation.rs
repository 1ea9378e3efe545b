//! What can happen to a ledger, and random sequences of it. Knows neither what a ledger does
//! with it nor what it should.

use proptest::prelude::*;
use router_guest::amount::Amount;
use router_guest::manifest::{BudgetInfo, Scope, Window};

use super::calendar::{STARTS, ZONES};
use super::{BUDGETS, STRATEGIES, SYMBOLS};

/// A decimal that both the ledger's amounts and the model's units can be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// Its digits.
    pub coefficient: u64,
    /// How many of them are behind the point, at most 14.
    pub scale: u8,
}

/// How a policy has a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Which.
    pub budget: usize,
    /// Limit on money.
    pub amount: Option<Decimal>,
    /// Limit in percent of equity.
    pub percent: Option<Decimal>,
    /// Limit on orders.
    pub orders: Option<u32>,
    /// When use starts again.
    pub window: Window,
    /// Which zone's calendar.
    pub zone: usize,
    /// What shares it.
    pub scope: Scope,
}

/// A request's id, and which of the requests under it this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId {
    /// The id.
    pub id: u8,
    /// Another action, another type, or the same.
    pub variant: u8,
}

/// What becomes of a decision after its reservation was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It is answered.
    Commit,
    /// It is given up: the reservation goes back.
    Drop,
    /// It charges nothing, and asked for none.
    Free,
}

/// A request that is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wish {
    /// Which of the live policy's budgets, counted round.
    pub budget: usize,
    /// What it needs, account currency.
    pub need: Decimal,
    /// That it needs what remains instead, or so many units of 10⁻¹² more.
    pub rest: Option<u8>,
    /// What percentages are of.
    pub equity: Decimal,
    /// Which symbol.
    pub symbol: usize,
    /// Which strategy.
    pub strategy: usize,
    /// Whether it buys.
    pub buys: bool,
    /// Account currency for one unit of the quote currency.
    pub rate: Decimal,
    /// Under which id.
    pub id: Option<RequestId>,
    /// What becomes of it.
    pub fate: Fate,
}

/// Something that happened at the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fill {
    /// How many reservations ago.
    pub ago: u8,
    /// Under which event id.
    pub event: u8,
    /// How much, quote currency.
    pub notional: Decimal,
    /// Whether it bought.
    pub bought: bool,
    /// Whether the order is done.
    pub is_final: bool,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The clock moves by so many microseconds, backwards too.
    Clock(i64),
    /// Another policy becomes live.
    Swap(Vec<Terms>),
    /// A request is decided.
    Decide(Wish),
    /// A fill is settled.
    Settle(Fill),
    /// A reservation is released: how many ago, under which event id.
    Release(u8, u8),
    /// Reservations whose time is over are ended.
    Expire,
}

/// How long reservations wait for word of their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Seconds.
    pub seconds: u32,
    /// Whether what they hold is freed then.
    pub releases: bool,
}

/// A sequence, and what it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Which of the moments.
    pub start: usize,
    /// Whether reservations' time ends.
    pub patience: Option<Patience>,
    /// The first policy.
    pub policy: Vec<Terms>,
    /// The steps.
    pub operations: Vec<Operation>,
}

impl Decimal {
    /// A whole number.
    pub const fn whole(coefficient: u64) -> Self {
        Self {
            coefficient,
            scale: 0,
        }
    }

    /// As the ledger takes it.
    pub fn amount(self) -> Amount {
        // Twenty digits and fourteen places are always an amount.
        Amount::new(self.coefficient.into(), self.scale).unwrap_or(Amount::ZERO)
    }
}

impl Terms {
    /// As a manifest has it.
    pub fn info(&self) -> BudgetInfo {
        BudgetInfo {
            name: BUDGETS.get(self.budget).copied().unwrap_or("").to_owned(),
            amount: self.amount.map(Decimal::amount),
            percent: self.percent.map(Decimal::amount),
            orders: self.orders,
            window: self.window,
            zone: ZONES.get(self.zone).copied().unwrap_or("").to_owned(),
            scope: self.scope,
        }
    }
}

/// Sequences of so many steps at most; most are short, so that a failure is found soon, and
/// some are long.
pub fn sequences(steps_max: usize) -> impl Strategy<Value = Sequence> {
    let steps = prop_oneof![
        3 => prop::collection::vec(operations(), 1..steps_max.min(80)),
        2 => prop::collection::vec(operations(), 1..steps_max),
    ];
    let patience = (1..200_000_u32, any::<bool>())
        .prop_map(|(seconds, releases)| Patience { seconds, releases });
    let patience = prop::option::weighted(0.4, patience);
    (0..STARTS.len(), patience, policies(), steps).prop_map(
        |(start, patience, policy, operations)| Sequence {
            start,
            patience,
            policy,
            operations,
        },
    )
}

fn operations() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => clocks().prop_map(Operation::Clock),
        1 => policies().prop_map(Operation::Swap),
        10 => wishes().prop_map(Operation::Decide),
        7 => fills().prop_map(Operation::Settle),
        3 => (ago(), 0..4_u8).prop_map(|(ago, event)| Operation::Release(ago, event)),
        1 => Just(Operation::Expire),
    ]
}

/// Mostly little steps; some to the end of a window to the microsecond, some back.
fn clocks() -> impl Strategy<Value = i64> {
    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;
    prop_oneof![
        4 => 0..120 * SECOND,
        3 => 0..2 * HOUR,
        2 => 0..30 * HOUR,
        1 => 0..9 * 24 * HOUR,
        2 => prop::sample::select(vec![1, HOUR / 2, HOUR - 1, HOUR, 23 * HOUR, 24 * HOUR, 25 * HOUR, 7 * 24 * HOUR]),
        2 => -60 * HOUR..0,
    ]
}

fn policies() -> impl Strategy<Value = Vec<Terms>> {
    let one = terms().prop_map(|terms| vec![terms]);
    let two = (terms(), terms()).prop_map(|(first, mut second)| {
        if second.budget == first.budget {
            second.budget = (first.budget + 1) % BUDGETS.len();
        }
        vec![first, second]
    });
    prop_oneof![2 => one, 1 => two]
}

fn terms() -> impl Strategy<Value = Terms> {
    let window = prop_oneof![
        1 => Just(Window::None),
        2 => Just(Window::Hour),
        4 => Just(Window::Day),
        1 => Just(Window::Week),
        2 => (1..200_000_u32).prop_map(|seconds| Window::Rolling { seconds }),
    ];
    let scope = prop_oneof![Just(Scope::All), Just(Scope::Symbol), Just(Scope::Strategy)];
    let percent = (1..800_u64).prop_map(|coefficient| Decimal {
        coefficient,
        scale: 2,
    });
    (
        prop_oneof![3 => Just(0), 1 => 0..BUDGETS.len()],
        prop::option::weighted(0.5, decimals()),
        prop::option::weighted(0.6, percent),
        prop::option::weighted(0.2, 0..8_u32),
        window,
        0..ZONES.len(),
        scope,
    )
        .prop_map(
            |(budget, amount, percent, orders, window, zone, scope)| Terms {
                budget,
                amount,
                percent,
                orders,
                window,
                zone,
                scope,
            },
        )
}

/// Money as it comes: whole, in cents, with more places than are kept, and far too much.
fn decimals() -> impl Strategy<Value = Decimal> {
    let places =
        |scale, end: u64| (0..end).prop_map(move |coefficient| Decimal { coefficient, scale });
    prop_oneof![
        8 => places(0, 600),
        6 => places(2, 60_000),
        2 => places(12, 300_000_000_000_000),
        2 => places(14, 60_000_000_000_000_000),
        1 => places(0, 30),
    ]
}

fn wishes() -> impl Strategy<Value = Wish> {
    let need = prop_oneof![30 => decimals(), 1 => (0..u64::MAX).prop_map(Decimal::whole)];
    let equity = prop_oneof![
        3 => Just(Decimal::whole(10_000)),
        1 => (0..3_000_000_u64).prop_map(|coefficient| Decimal { coefficient, scale: 2 }),
    ];
    let rate = prop_oneof![
        3 => Just(Decimal::whole(1)),
        1 => Just(Decimal { coefficient: 108, scale: 2 }),
        1 => (1..9_999_999_u64).prop_map(|coefficient| Decimal { coefficient, scale: 7 }),
    ];
    let id = (0..24_u8, prop_oneof![8 => Just(0_u8), 1 => 0..3_u8])
        .prop_map(|(id, variant)| RequestId { id, variant });
    let fate = prop_oneof![8 => Just(Fate::Commit), 1 => Just(Fate::Drop), 1 => Just(Fate::Free)];
    (
        (
            0..2_usize,
            need,
            prop::option::weighted(0.1, 0..2_u8),
            equity,
        ),
        (0..SYMBOLS.len(), 0..STRATEGIES.len(), any::<bool>()),
        (rate, prop::option::weighted(0.3, id), fate),
    )
        .prop_map(
            |((budget, need, rest, equity), (symbol, strategy, buys), (rate, id, fate))| Wish {
                budget,
                need,
                rest,
                equity,
                symbol,
                strategy,
                buys,
                rate,
                id,
                fate,
            },
        )
}

fn fills() -> impl Strategy<Value = Fill> {
    let notional = prop_oneof![
        20 => decimals(),
        4 => Just(Decimal::whole(0)),
        1 => (0..u64::MAX).prop_map(Decimal::whole),
    ];
    let bought = prop::bool::weighted(0.6);
    let is_final = prop::bool::weighted(0.4);
    (ago(), 0..4_u8, notional, bought, is_final).prop_map(
        |(ago, event, notional, bought, is_final)| Fill {
            ago,
            event,
            notional,
            bought,
            is_final,
        },
    )
}

/// Mostly one of the last; sometimes one of long ago, or one that never was.
fn ago() -> impl Strategy<Value = u8> {
    prop_oneof![5 => 0..4_u8, 3 => 0..20_u8, 1 => 0..240_u8, 1 => 240..=u8::MAX]
}
