//! Random operations, swaps and clock jumps against a model that is naive on purpose: a list
//! of charges that is summed anew for every question.

use proptest::prelude::*;

use super::*;

const SYMBOLS: [&str; 3] = ["BTC", "ETH", "SOL"];
const STRATEGIES: [&str; 2] = ["alpha", "BTC"];
const ZONES: [&str; 2] = ["UTC", "Europe/Berlin"];

#[derive(Debug, Clone)]
enum Step {
    /// Seconds, backwards too.
    Clock(i64),
    Swap {
        window: Window,
        scope: Scope,
        zone: usize,
        orders: Option<u32>,
    },
    Reserve {
        need: u64,
        limit: Option<u64>,
        symbol: usize,
        strategy: usize,
        commits: bool,
    },
    Settle {
        pick: usize,
        event: u8,
        notional: u64,
        is_final: bool,
        buys: bool,
    },
    Release {
        pick: usize,
        event: u8,
    },
}

/// Amounts in cents; rate 2.
#[derive(Debug, Clone)]
struct ModelCharge {
    id: ReservationId,
    at: i64,
    symbol: usize,
    strategy: usize,
    reserved: u64,
    settled: u64,
    is_open: bool,
    events: Vec<u8>,
}

#[derive(Debug)]
struct Model {
    charges: Vec<ModelCharge>,
    info: BudgetInfo,
    now: i64,
}

impl Model {
    /// By definition: the charges in the live window and scope, summed.
    fn use_of(&self, symbol: usize, strategy: usize) -> (u64, u64, u32) {
        let in_scope = |charge: &&ModelCharge| match self.info.scope {
            Scope::All => true,
            Scope::Symbol => charge.symbol == symbol,
            Scope::Strategy => charge.strategy == strategy,
        };
        let counting: Vec<&ModelCharge> = self
            .charges
            .iter()
            .filter(in_scope)
            .filter(|charge| self.in_window(charge.at))
            .collect();
        (
            counting.iter().map(|charge| charge.settled).sum(),
            counting.iter().map(|charge| charge.reserved).sum(),
            counting
                .iter()
                .map(|charge| u32::from(charge.is_open || charge.settled > 0))
                .sum(),
        )
    }

    /// Another way than the one under test: both moments' civil times are compared.
    fn in_window(&self, seconds: i64) -> bool {
        let shown = |seconds| at(seconds).in_tz(&self.info.zone).unwrap();
        let (then, now) = (shown(seconds), shown(self.now));
        match self.info.window {
            Window::None => true,
            Window::Hour => {
                (then.date(), then.hour(), then.offset()) == (now.date(), now.hour(), now.offset())
            }
            Window::Day => then.date() == now.date(),
            Window::Week => {
                let week = |date: jiff::civil::Date| {
                    (date.iso_week_date().year(), date.iso_week_date().week())
                };
                week(then.date()) == week(now.date())
            }
            Window::Rolling { seconds: length } => self.now - seconds < i64::from(length),
        }
    }
}

fn cents(number: u64) -> Amount {
    Amount::new(u128::from(number), 2).unwrap()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let clock = prop_oneof![
        4 => 0..120_i64,
        3 => 0..5_000_i64,
        2 => 0..100_000_i64,
        1 => 0..700_000_i64,
        2 => -200_000..0_i64,
    ];
    let window = prop_oneof![
        1 => Just(Window::None),
        1 => Just(Window::Hour),
        3 => Just(Window::Day),
        1 => Just(Window::Week),
        2 => (1_u32..100_000).prop_map(|seconds| Window::Rolling { seconds }),
    ];
    let scope = prop_oneof![Just(Scope::All), Just(Scope::Symbol), Just(Scope::Strategy)];
    let orders = prop_oneof![3 => Just(None), 1 => (0_u32..6).prop_map(Some)];
    let step = prop_oneof![
        2 => clock.prop_map(Step::Clock),
        1 => (window, scope, 0..ZONES.len(), orders)
            .prop_map(|(window, scope, zone, orders)| Step::Swap { window, scope, zone, orders }),
        6 => (0..20_000_u64, prop::option::weighted(0.9, 0..50_000_u64), 0..SYMBOLS.len(), 0..STRATEGIES.len(), prop::bool::weighted(0.9))
            .prop_map(|(need, limit, symbol, strategy, commits)| Step::Reserve { need, limit, symbol, strategy, commits }),
        4 => (0..40_usize, 0..4_u8, 0..9_000_u64, any::<bool>(), prop::bool::weighted(0.9))
            .prop_map(|(pick, event, notional, is_final, buys)| Step::Settle { pick, event, notional, is_final, buys }),
        2 => (0..40_usize, 0..4_u8).prop_map(|(pick, event)| Step::Release { pick, event }),
    ];
    prop::collection::vec(step, 1..120)
}

/// The store under test and its model, side by side.
struct Pair {
    store: MemoryStore<u32>,
    budgets: OpenBudgets,
    model: Model,
    clock: i64,
}

impl Pair {
    fn new() -> Self {
        let info = budget("a", Window::Day, Scope::All);
        let store = MemoryStore::new();
        let budgets = store.open(std::slice::from_ref(&info)).unwrap();
        // Hours before Berlin's clocks are set forward.
        let clock = 1_774_700_000;
        let pair = Self {
            store,
            budgets,
            model: Model {
                charges: Vec::new(),
                info,
                now: clock,
            },
            clock,
        };
        // The first time that the store sees.
        pair.compare();
        pair
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Clock(seconds) => {
                self.clock += seconds;
                self.model.now = self.model.now.max(self.clock);
            }
            Step::Swap {
                window,
                scope,
                zone,
                orders,
            } => {
                let zone = ZONES[zone].to_owned();
                self.model.info = BudgetInfo {
                    zone,
                    orders,
                    ..budget("a", window, scope)
                };
                self.budgets = self
                    .store
                    .open(std::slice::from_ref(&self.model.info))
                    .unwrap();
            }
            Step::Reserve {
                need,
                limit,
                symbol,
                strategy,
                commits,
            } => {
                self.reserve(need, limit, symbol, strategy, commits);
            }
            Step::Settle {
                pick,
                event,
                notional,
                is_final,
                buys,
            } => {
                self.settle(pick, event, notional, is_final, buys);
            }
            Step::Release { pick, event } => self.release(pick, event),
        }
        self.compare();
    }

    fn reserve(
        &mut self,
        need: u64,
        limit: Option<u64>,
        symbol: usize,
        strategy: usize,
        commits: bool,
    ) {
        let (used, reserved, orders) = self.model.use_of(symbol, strategy);
        let holds = limit.is_none_or(|limit| used + reserved + need <= limit)
            && self.model.info.orders.is_none_or(|limit| orders < limit);
        let claim = Claim {
            need: cents(need),
            limit: limit.map(cents),
            symbol: SYMBOLS[symbol],
            strategy: STRATEGIES[strategy],
            quote_rate: Amount::whole(2),
            ..claim(0, "0")
        };
        let mut held = self.store.lock(&self.budgets, at(self.clock)).unwrap();
        assert_eq!(held.now(), at(self.model.now));
        let outcome = held.reserve(&claim);
        assert_eq!(outcome.is_ok(), holds, "{outcome:?}");
        let Ok(id) = outcome else { return };
        if !commits {
            return;
        }
        held.commit();
        assert_eq!(id.0, self.model.charges.len() as u64 + 1);
        let at = self.model.now;
        let charge = ModelCharge {
            id,
            at,
            symbol,
            strategy,
            reserved: need,
            settled: 0,
            is_open: true,
            events: vec![],
        };
        self.model.charges.push(charge);
        // The invariant: at the moment of a grant, the limit holds.
        let (used, reserved, _) = self.model.use_of(symbol, strategy);
        assert!(limit.is_none_or(|limit| used + reserved <= limit));
    }

    fn settle(&mut self, pick: usize, event: u8, notional: u64, is_final: bool, buys: bool) {
        let name = format!("e{event}");
        let settlement = Settlement {
            reservation: ReservationId(pick as u64),
            event_id: EventId::new(&name).unwrap(),
            notional: cents(notional),
            side: if buys { Side::Buy } else { Side::Sell },
            is_final,
        };
        let outcome = self.store.settle(&settlement);
        let Some(charge) = self
            .model
            .charges
            .iter_mut()
            .find(|charge| charge.id == settlement.reservation)
        else {
            let reservation = settlement.reservation;
            assert_eq!(outcome, Err(EventError::UnknownReservation { reservation }));
            return;
        };
        let outcome = outcome.unwrap();
        let repeated = charge.events.contains(&event);
        let (mut used, mut overrun, mut released) = (0, 0, 0);
        if !repeated {
            charge.events.push(event);
            used = notional * 2;
            overrun = used.saturating_sub(charge.reserved);
            charge.settled += used;
            charge.reserved -= used - overrun;
            if is_final {
                charge.is_open = false;
                released = std::mem::take(&mut charge.reserved);
            }
        }
        let expected = Settled {
            used: cents(used),
            released: cents(released),
            reserved: cents(charge.reserved),
            overrun: (overrun > 0).then(|| cents(overrun)),
            side_mismatch: !buys,
            repeated,
        };
        assert_eq!(outcome, expected);
    }

    fn release(&mut self, pick: usize, event: u8) {
        let reservation = ReservationId(pick as u64);
        let name = format!("e{event}");
        let outcome = self
            .store
            .release(reservation, EventId::new(&name).unwrap());
        let Some(charge) = self
            .model
            .charges
            .iter_mut()
            .find(|charge| charge.id == reservation)
        else {
            assert_eq!(outcome, Err(EventError::UnknownReservation { reservation }));
            return;
        };
        let repeated = charge.events.contains(&event);
        let mut released = 0;
        if !repeated {
            charge.events.push(event);
            charge.is_open = false;
            released = std::mem::take(&mut charge.reserved);
        }
        assert_eq!(
            outcome,
            Ok(Released {
                released: cents(released),
                repeated
            })
        );
    }

    /// Every scope's cached sums equal the sums made anew.
    fn compare(&self) {
        let mut held = self.store.lock(&self.budgets, at(self.clock)).unwrap();
        let mut uses = Vec::new();
        for (symbol, symbol_name) in SYMBOLS.iter().enumerate() {
            for (strategy, strategy_name) in STRATEGIES.iter().enumerate() {
                held.uses(symbol_name, strategy_name, &mut uses);
                let (used, reserved, orders) = self.model.use_of(symbol, strategy);
                let expected = BudgetUse {
                    used: cents(used),
                    reserved: cents(reserved),
                    orders,
                };
                assert_eq!(uses, [expected], "{symbol_name} {strategy_name}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_does_what_the_model_does(steps in steps()) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.take(step);
        }
    }
}
