//! Every path of a charge through its book.

mod upkeep;

use router_guest::amount::Amount;
use router_guest::decision::Side;
use router_guest::manifest::{BudgetInfo, Window};

use super::*;

const HOUR: i64 = 3_600;
const DAY: Window = Window::Day;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn terms(window: Window, scope: Scope) -> Arc<Terms> {
    let info = BudgetInfo {
        name: "exploration".into(),
        amount: None,
        percent: None,
        orders: None,
        window,
        zone: "UTC".into(),
        scope,
    };
    Arc::new(Terms {
        calendar: Calendar::new(&info).unwrap(),
        scope,
        orders: None,
    })
}

/// A book on a limit of 300, its clock and the number of its last reservation.
struct Desk {
    book: Book,
    terms: Arc<Terms>,
    now: i64,
    number: u64,
}

impl Desk {
    fn new(window: Window, scope: Scope) -> Self {
        let mut desk = Self {
            book: Book::new(Arc::default()),
            terms: terms(window, scope),
            now: 0,
            number: 0,
        };
        desk.turn(0);
        desk
    }

    fn moment(&self) -> Moment {
        Moment::from_microseconds(self.now * 1_000_000)
    }

    fn turn(&mut self, seconds: i64) {
        self.now = seconds;
        let now = self.moment();
        self.book.turn(&self.terms, now);
    }

    fn claim(
        &mut self,
        claim: &Claim<'_>,
        orders: Option<u32>,
    ) -> Result<ReservationId, ReserveError> {
        let (now, number) = (self.moment(), &mut self.number);
        self.book.reserve(now, claim, orders, || {
            *number += 1;
            *number
        })
    }

    fn reserve(
        &mut self,
        need: &str,
        symbol: &str,
        strategy: &str,
    ) -> Result<ReservationId, ReserveError> {
        self.claim(
            &Claim {
                symbol,
                strategy,
                ..claim(need)
            },
            None,
        )
    }

    #[track_caller]
    fn settle(
        &mut self,
        id: ReservationId,
        event: &str,
        notional: &str,
        is_final: bool,
    ) -> Settled {
        let settlement = settlement(id, event, notional, is_final);
        self.book.settle(&settlement).unwrap().unwrap()
    }

    #[track_caller]
    fn release(&mut self, id: ReservationId, event: &str) -> Released {
        self.book
            .release(id, EventId::new(event).unwrap())
            .unwrap()
            .unwrap()
    }

    /// Used, reserved and orders of BTC by alpha.
    #[track_caller]
    fn expect(&self, used: &str, reserved: &str, orders: u32) {
        self.expect_of("BTC", "alpha", used, reserved, orders);
    }

    #[track_caller]
    fn expect_of(&self, symbol: &str, strategy: &str, used: &str, reserved: &str, orders: u32) {
        let expected = BudgetUse {
            used: amount(used),
            reserved: amount(reserved),
            orders,
        };
        assert_eq!(self.book.use_of(symbol, strategy), expected);
    }
}

fn claim(need: &str) -> Claim<'static> {
    Claim {
        budget: 0,
        need: amount(need),
        limit: Some(amount("300")),
        symbol: "BTC",
        strategy: "alpha",
        side: Side::Buy,
        quote_rate: Amount::ONE,
        has_id: false,
    }
}

fn settlement<'a>(
    id: ReservationId,
    event: &'a str,
    notional: &str,
    is_final: bool,
) -> Settlement<'a> {
    Settlement {
        reservation: id,
        event_id: EventId::new(event).unwrap(),
        notional: amount(notional),
        side: Side::Buy,
        is_final,
    }
}

fn settled(used: &str, released: &str, reserved: &str) -> Settled {
    Settled {
        used: amount(used),
        released: amount(released),
        reserved: amount(reserved),
        overrun: None,
        side_mismatch: false,
        repeated: false,
    }
}

#[test]
fn grants_to_the_limit_and_no_further() {
    let mut desk = Desk::new(DAY, Scope::All);
    assert_eq!(desk.claim(&claim("200"), None).unwrap().to_string(), "R1");
    let error = desk.claim(&claim("100.000000000001"), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the budget does not hold `100.000000000001`: `100` remains"
    );
    assert_eq!(error.code(), "over_limit");
    assert_eq!(desk.claim(&claim("100"), None).unwrap().to_string(), "R2");
    assert!(desk.claim(&claim("0.000000000001"), None).is_err());
    desk.expect("0", "300", 2);
    // A limit that fell below what is used: nothing remains, and nothing underflows.
    let lower = Claim {
        limit: Some(amount("10")),
        ..claim("1")
    };
    assert_eq!(
        desk.claim(&lower, None).unwrap_err(),
        ReserveError::OverLimit {
            need: amount("1"),
            remaining: Amount::ZERO
        }
    );
    desk.expect("0", "300", 2);
}

#[test]
fn refuses_a_need_that_no_charge_can_hold() {
    let mut desk = Desk::new(DAY, Scope::All);
    for need in ["10000000000000000", "9999999999999999999999999999"] {
        let error = desk
            .claim(
                &Claim {
                    limit: None,
                    ..claim(need)
                },
                None,
            )
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the need `{need}` is too large to charge")
        );
    }
    // A need below the twelfth place is charged one unit of it.
    desk.claim(&claim("0.0000000000000001"), None).unwrap();
    desk.expect("0", "0.000000000001", 1);
}

#[test]
fn bounds_orders() {
    let mut desk = Desk::new(DAY, Scope::All);
    let unlimited = Claim {
        limit: None,
        ..claim("1000000")
    };
    let first = desk.claim(&unlimited, Some(2)).unwrap();
    let second = desk.claim(&unlimited, Some(2)).unwrap();
    let error = desk.claim(&unlimited, Some(2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the budget does not hold another order: all `2` are granted"
    );
    // Unfilled, it gives its place back; filled, it keeps it.
    desk.release(first, "e1");
    desk.settle(second, "e2", "1", true);
    desk.expect("1", "0", 1);
    desk.claim(&unlimited, Some(2)).unwrap();
    assert!(desk.claim(&unlimited, Some(2)).is_err());
    assert!(desk.claim(&unlimited, Some(0)).is_err());
}

#[test]
fn settles_in_parts() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    assert_eq!(
        desk.settle(id, "e1", "50", false),
        settled("50", "0", "150")
    );
    desk.expect("50", "150", 1);
    assert_eq!(desk.settle(id, "e2", "0", false), settled("0", "0", "150"));
    assert_eq!(
        desk.settle(id, "e3", "100.5", true),
        settled("100.5", "49.5", "0")
    );
    desk.expect("150.5", "0", 1);
}

#[test]
fn a_final_settlement_of_nothing_is_a_release() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    assert_eq!(desk.settle(id, "e1", "0", true), settled("0", "200", "0"));
    desk.expect("0", "0", 0);
}

#[test]
fn an_order_filled_to_the_last_unit_stays_open_until_it_is_final() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    assert_eq!(
        desk.settle(id, "e1", "200", false),
        settled("200", "0", "0")
    );
    assert_eq!(desk.settle(id, "e2", "0", true), settled("0", "0", "0"));
    desk.expect("200", "0", 1);
}

#[test]
fn an_overfill_is_recorded_and_the_budget_refuses() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    let overfill = desk.settle(id, "e1", "310", false);
    assert_eq!(
        overfill,
        Settled {
            overrun: Some(amount("110")),
            ..settled("310", "0", "0")
        }
    );
    desk.expect("310", "0", 1);
    assert!(desk.claim(&claim("0.000000000001"), None).is_err());
    desk.turn(24 * HOUR);
    desk.expect("0", "0", 0);
    desk.claim(&claim("300"), None).unwrap();
}

#[test]
fn a_fill_after_the_release_is_recorded() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    assert_eq!(
        desk.release(id, "e1"),
        Released {
            released: amount("200"),
            repeated: false
        }
    );
    desk.expect("0", "0", 0);
    let late = desk.settle(id, "e2", "5", false);
    assert_eq!(
        late,
        Settled {
            overrun: Some(amount("5")),
            ..settled("5", "0", "0")
        }
    );
    desk.expect("5", "0", 1);
}

#[test]
fn a_fill_on_another_side_is_recorded_and_told() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    let other = Settlement {
        side: Side::Sell,
        ..settlement(id, "e1", "50", false)
    };
    let outcome = desk.book.settle(&other).unwrap().unwrap();
    assert_eq!(
        outcome,
        Settled {
            side_mismatch: true,
            ..settled("50", "0", "150")
        }
    );
    desk.expect("50", "150", 1);
}

#[test]
fn fills_are_charged_at_the_charges_rate_rounded_up() {
    let mut desk = Desk::new(DAY, Scope::All);
    let euro = Claim {
        quote_rate: amount("1.08"),
        ..claim("108")
    };
    let id = desk.claim(&euro, None).unwrap();
    assert_eq!(desk.settle(id, "e1", "50", false), settled("54", "0", "54"));
    assert_eq!(
        desk.settle(id, "e2", "0.0000000000001", false),
        settled("0.000000000001", "0", "53.999999999999")
    );
}

#[test]
fn a_fill_too_large_to_say_is_recorded_as_the_most() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    let most = "9999999999999999.999999999999";
    for event in ["e1", "e2"] {
        assert_eq!(
            desk.settle(id, event, "9999999999999999999999999999", false)
                .used,
            amount(most)
        );
        desk.expect(most, "0", 1);
    }
    desk.turn(24 * HOUR);
    desk.expect("0", "0", 0);
}

#[test]
fn an_event_counts_once() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    desk.settle(id, "e1", "50", false);
    let repeat = desk.settle(id, "e1", "70", true);
    assert_eq!(
        repeat,
        Settled {
            repeated: true,
            ..settled("0", "0", "150")
        }
    );
    // One name for one event, whatever kind it is.
    let nothing = Released {
        released: Amount::ZERO,
        repeated: true,
    };
    assert_eq!(desk.release(id, "e1"), nothing);
    desk.expect("50", "150", 1);
    assert_eq!(desk.release(id, "e2").released, amount("150"));
    assert_eq!(desk.release(id, "e2"), nothing);
    assert_eq!(
        desk.release(id, "e3"),
        Released {
            released: Amount::ZERO,
            repeated: false
        }
    );
    desk.expect("50", "0", 1);
    // Another reservation's events are its own.
    let other = desk.claim(&claim("10"), None).unwrap();
    assert!(!desk.settle(other, "e1", "10", true).repeated);
}

#[test]
fn other_books_reservations_are_not_answered() {
    let mut desk = Desk::new(DAY, Scope::All);
    desk.claim(&claim("1"), None).unwrap();
    for number in [0, 2, u64::MAX] {
        let id = ReservationId(number);
        assert!(desk.book.settle(&settlement(id, "e", "1", true)).is_none());
        assert!(desk.book.release(id, EventId::new("e").unwrap()).is_none());
    }
}

#[test]
fn taking_back_leaves_no_trace() {
    let mut desk = Desk::new(DAY, Scope::Symbol);
    desk.claim(&claim("100"), None).unwrap();
    let id = desk.reserve("150", "ETH", "beta").unwrap();
    desk.book.take_back(ReservationId(1));
    desk.expect("0", "100", 1);
    desk.book.take_back(id);
    desk.expect_of("ETH", "beta", "0", "0", 0);
    assert_eq!(desk.book.sums.names(), 1, "ETH is gone");
    assert_eq!(desk.book.holdings.charges.left(), CHARGES_MAX - 1);
}
