//! Windows, scopes, swaps and bounds of a book.

use super::super::super::reservation::EVENTS_MAX;
use super::*;

#[test]
fn events_are_bounded() {
    let mut desk = Desk::new(DAY, Scope::All);
    let id = desk.claim(&claim("200"), None).unwrap();
    for number in 0..1_024 {
        desk.settle(id, &format!("e{number}"), "0.1", false);
    }
    let more = settlement(id, "more", "1", true);
    let error = desk.book.settle(&more).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "reservation `R1` has had 1024 events, the most that it can"
    );
    assert_eq!(error.code(), "too_many_events");
    assert!(desk.settle(id, "e7", "0.1", false).repeated);
    desk.expect("102.4", "97.6", 1);
}

#[test]
fn a_passed_reservation_no_longer_counts_but_can_be_settled() {
    let mut desk = Desk::new(DAY, Scope::All);
    let open = desk.claim(&claim("200"), None).unwrap();
    desk.turn(24 * HOUR - 1);
    desk.expect("0", "200", 1);
    desk.turn(24 * HOUR);
    desk.expect("0", "0", 0);
    desk.claim(&claim("300"), None).unwrap();
    assert_eq!(
        desk.settle(open, "e1", "250", false).overrun,
        Some(amount("50"))
    );
    assert!(desk.settle(open, "e1", "250", false).repeated);
    assert_eq!(
        desk.release(open, "e2"),
        Released {
            released: Amount::ZERO,
            repeated: false
        }
    );
    desk.expect("0", "300", 1);
}

#[test]
fn rolling_charges_pass_one_by_one() {
    let mut desk = Desk::new(Window::Rolling { seconds: 60 }, Scope::All);
    let first = desk.claim(&claim("100"), None).unwrap();
    desk.turn(30);
    desk.claim(&claim("150"), None).unwrap();
    desk.turn(59);
    desk.expect("0", "250", 2);
    desk.turn(60);
    desk.expect("0", "150", 1);
    desk.settle(first, "e1", "100", true);
    desk.expect("0", "150", 1);
    desk.turn(90);
    desk.expect("0", "0", 0);
}

#[test]
fn scopes_are_apart() {
    for (scope, shared) in [
        (Scope::All, [true, true, true]),
        (Scope::Symbol, [true, true, false]),
        (Scope::Strategy, [true, false, true]),
    ] {
        let mut desk = Desk::new(DAY, scope);
        desk.reserve("300", "BTC", "alpha").unwrap();
        let others = [("BTC", "alpha"), ("BTC", "beta"), ("ETH", "alpha")];
        for ((symbol, strategy), is_shared) in others.into_iter().zip(shared) {
            let granted = desk.reserve("300", symbol, strategy);
            assert_eq!(granted.is_err(), is_shared, "{scope:?} {symbol} {strategy}");
            // Out of the way of the others.
            if let Ok(id) = granted {
                desk.release(id, "e");
            }
        }
        // A name that is both a symbol and a strategy is still two.
        desk.expect_of(
            "alpha",
            "BTC",
            "0",
            if scope == Scope::All { "300" } else { "0" },
            u32::from(scope == Scope::All),
        );
    }
}

#[test]
fn a_swap_counts_the_charges_anew() {
    let mut desk = Desk::new(DAY, Scope::All);
    desk.reserve("100", "BTC", "alpha").unwrap();
    desk.turn(24 * HOUR);
    desk.reserve("10", "ETH", "alpha").unwrap();
    desk.turn(25 * HOUR);
    desk.reserve("1", "BTC", "beta").unwrap();
    for (window, scope, reserved, orders) in [
        (DAY, Scope::All, "11", 2),
        (Window::Hour, Scope::All, "1", 1),
        (Window::None, Scope::All, "111", 3),
        (Window::None, Scope::Symbol, "101", 2),
        (Window::Week, Scope::Strategy, "110", 2),
        (Window::Rolling { seconds: 3_601 }, Scope::All, "11", 2),
        (DAY, Scope::Strategy, "10", 1),
    ] {
        desk.terms = terms(window, scope);
        desk.turn(25 * HOUR);
        desk.expect("0", reserved, orders);
    }
}

#[test]
fn charges_are_bounded_and_passed_ones_make_room() {
    let mut desk = Desk::new(DAY, Scope::All);
    for _ in 0..CHARGES_MAX {
        desk.claim(&claim("0.001"), None).unwrap();
    }
    let error = desk.claim(&claim("0.001"), None).unwrap_err();
    assert_eq!(error.code(), "store_full");
    assert_eq!(
        error.to_string(),
        "the store is full: it holds the most charges that it can"
    );
    assert_eq!(
        desk.book.charges.capacity(),
        CHARGES_MAX,
        "no room is left empty"
    );
    desk.turn(24 * HOUR);
    assert_eq!(
        desk.book.charges.len(),
        PASSED_MAX,
        "the last ones are remembered"
    );
    assert_eq!(desk.book.holdings.charges.left(), CHARGES_MAX - PASSED_MAX);
    for _ in 0..CHARGES_MAX {
        desk.claim(&claim("0.001"), None).unwrap();
    }
    assert!(desk.claim(&claim("0.001"), None).is_err());
    desk.expect("0", "65.536", 65_536);
    // Forgotten with its window.
    assert!(
        desk.book
            .settle(&settlement(ReservationId(1), "e", "1", true))
            .is_none()
    );
    let now = Moment::from_microseconds(3 * 24 * HOUR * 1_000_000);
    desk.book.move_on(now);
    desk.book.forget_passed();
    assert!(desk.book.is_empty());
    assert_eq!(desk.book.holdings.charges.left(), CHARGES_MAX);
}

#[test]
fn remembered_events_are_bounded_in_all() {
    let mut desk = Desk::new(DAY, Scope::All);
    let long = "e".repeat(60);
    'full: for _ in 0..CHARGES_MAX {
        let id = desk.claim(&claim("0.001"), None).unwrap();
        for number in 0..EVENTS_MAX {
            let event = format!("{long}{number:04}");
            match desk
                .book
                .settle(&settlement(id, &event, "0", false))
                .unwrap()
            {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.code(), "store_full");
                    break 'full;
                }
            }
        }
    }
    assert!(desk.book.holdings.event_bytes.left() < 65);
    desk.book
        .move_on(Moment::from_microseconds(48 * HOUR * 1_000_000));
    desk.book.forget_passed();
    assert_eq!(desk.book.holdings.event_bytes.left(), EVENT_BYTES_MAX);
}
