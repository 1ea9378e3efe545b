//! The store as its callers see it: transactions, bounds, threads, and a naive model.

mod concurrent;
mod model;

use jiff::SignedDuration;
use router_guest::amount::Amount;
use router_guest::decision::Side;
use router_guest::manifest::{Scope, Window};
use router_guest::request::{FinalAction, TradeType};
use router_guest::state::{BudgetUse, TradingState};

use super::*;
use crate::decision::{Answer, Decision};
use crate::failsafe;
use crate::journal::record::Decided;
use crate::ledger::{CHARGES_MAX, Claim, PASSED_MAX, ReserveError, Ticket};
use crate::request::Request;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn budget(name: &str, window: Window, scope: Scope) -> BudgetInfo {
    BudgetInfo {
        name: name.into(),
        amount: None,
        percent: None,
        orders: None,
        window,
        zone: "UTC".into(),
        scope,
    }
}

fn claim(budget: usize, need: &str) -> Claim<'static> {
    Claim {
        budget,
        need: amount(need),
        limit: Some(amount("300")),
        symbol: "BTC",
        strategy: "alpha",
        side: Side::Buy,
        quote_rate: Amount::ONE,
        has_id: false,
    }
}

fn identity(id: &str) -> Identity<'_> {
    Identity::new(id, FinalAction::Buy, "BTC", "alpha", TradeType::Pilot).unwrap()
}

/// Each budget's reserved amount.
#[track_caller]
fn expect_reserved(
    store: &MemoryStore<u32>,
    budgets: &OpenBudgets,
    seconds: i64,
    reserved: &[&str],
) {
    let mut uses = vec![BudgetUse::default(); 9];
    store
        .lock(budgets, at(seconds))
        .unwrap()
        .uses("BTC", "alpha", &mut uses);
    let found: Vec<Amount> = uses.iter().map(|part| part.reserved).collect();
    assert_eq!(
        found,
        reserved.iter().map(|text| amount(text)).collect::<Vec<_>>()
    );
}

fn reserve(
    store: &MemoryStore<u32>,
    budgets: &OpenBudgets,
    seconds: i64,
    claim: &Claim<'_>,
) -> Result<ReservationId, ReserveError> {
    let mut held = store.lock(budgets, at(seconds))?;
    let id = held.reserve(claim)?;
    held.commit();
    Ok(id)
}

#[test]
fn use_is_kept_under_a_budgets_name() {
    let store = MemoryStore::<u32>::new();
    let first = store
        .open(&[
            budget("a", Window::Day, Scope::All),
            budget("b", Window::Day, Scope::All),
        ])
        .unwrap();
    assert_eq!((first.len(), first.is_empty()), (2, false));
    assert_eq!(
        reserve(&store, &first, 0, &claim(0, "100"))
            .unwrap()
            .to_string(),
        "R1"
    );
    assert_eq!(
        reserve(&store, &first, 0, &claim(1, "20"))
            .unwrap()
            .to_string(),
        "R2"
    );
    expect_reserved(&store, &first, 0, &["100", "20"]);
    // The next policy has them the other way round, with another between them.
    let second = store
        .open(&[
            budget("b", Window::Hour, Scope::Symbol),
            budget("c", Window::None, Scope::All),
            budget("a", Window::Week, Scope::All),
        ])
        .unwrap();
    expect_reserved(&store, &second, 0, &["20", "0", "100"]);
    reserve(&store, &second, 0, &claim(2, "3")).unwrap();
    expect_reserved(&store, &first, 0, &["103", "20"]);
    assert!(store.open(&[]).unwrap().is_empty());
}

#[test]
fn books_without_charges_are_dropped() {
    let store = MemoryStore::<u32>::new();
    for number in 0..BOOKS_MAX * 2 {
        store
            .open(&[budget(&format!("b{number}"), Window::Day, Scope::All)])
            .unwrap();
    }
    let last = store
        .open(&[budget("last", Window::Day, Scope::All)])
        .unwrap();
    assert_eq!(store.shelves.read().unwrap().len(), 1);
    reserve(&store, &last, 0, &claim(0, "1")).unwrap();
    drop(last);
    store.open(&[]).unwrap();
    assert_eq!(store.shelves.read().unwrap().len(), 1, "it still counts");
    let other = store
        .open(&[budget("other", Window::Day, Scope::All)])
        .unwrap();
    drop(store.lock(&other, at(86_400)).unwrap());
    store.open(&[]).unwrap();
    assert_eq!(store.shelves.read().unwrap().len(), 2, "it may count again");
    // Until others need its place.
    let names: Vec<String> = (0..BOOKS_MAX - 1)
        .map(|number| format!("n{number}"))
        .collect();
    let budgets: Vec<_> = names
        .iter()
        .map(|name| budget(name, Window::Day, Scope::All))
        .collect();
    let many = store.open(&budgets).unwrap();
    assert_eq!(store.shelves.read().unwrap().len(), BOOKS_MAX);
    assert_eq!((many.len(), other.len()), (BOOKS_MAX - 1, 1));
}

/// Bug: a policy without a budget, and then one with it under a longer window, made the budget
/// as if nothing had been used. Cause: what had passed was forgotten once no policy had the
/// budget. Fix: it is remembered as far as there is room.
#[test]
fn a_budget_that_no_policy_has_is_remembered_for_one_that_does() {
    let store = MemoryStore::<u32>::new();
    let day = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    reserve(&store, &day, 0, &claim(0, "7")).unwrap();
    drop(day);
    let other = store.open(&[budget("b", Window::Day, Scope::All)]).unwrap();
    reserve(&store, &other, 90_000, &claim(0, "1")).unwrap();
    for _ in 0..3 {
        store.open(&[]).unwrap();
    }
    let week = store
        .open(&[budget("a", Window::Week, Scope::All)])
        .unwrap();
    expect_reserved(&store, &week, 90_000, &["7"]);
}

#[test]
fn what_is_remembered_of_budgets_that_no_policy_has_is_bounded() {
    let store = MemoryStore::<u32>::new();
    for name in ["a", "b"] {
        let budgets = store
            .open(&[budget(name, Window::Day, Scope::All)])
            .unwrap();
        for _ in 0..PASSED_MAX {
            reserve(&store, &budgets, 0, &claim(0, "0.01")).unwrap();
        }
    }
    let other = store.open(&[budget("c", Window::Day, Scope::All)]).unwrap();
    reserve(&store, &other, 90_000, &claim(0, "1")).unwrap();
    store.open(&[]).unwrap();
    let left = |name| {
        let week = store
            .open(&[budget(name, Window::Week, Scope::All)])
            .unwrap();
        let mut uses = Vec::new();
        let mut held = store.lock(&week, at(90_000)).unwrap();
        held.uses("BTC", "alpha", &mut uses);
        usize::try_from(uses[0].orders).unwrap()
    };
    assert_eq!(left("a") + left("b"), PASSED_MAX);
}

#[test]
fn opening_a_candidate_leaves_open_budgets_alone() {
    let store = MemoryStore::<u32>::new();
    let live = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    let id = reserve(&store, &live, 0, &claim(0, "1")).unwrap();
    expect_reserved(&store, &live, 86_400, &["0"]);
    store
        .open(&[budget("candidate", Window::Day, Scope::All)])
        .unwrap();
    let event = EventId::new("late").unwrap();
    assert_eq!(store.release(id, event).unwrap().released, amount("1"));
}

#[test]
fn budgets_that_cannot_be_kept_are_refused() {
    let store = MemoryStore::<u32>::new();
    let day = |name| budget(name, Window::Day, Scope::All);
    let error = store.open(&[day("a"), day("b"), day("a")]).unwrap_err();
    assert_eq!(error.to_string(), "budget `a` is declared twice");
    let names: Vec<String> = (0..=BOOKS_MAX).map(|number| format!("b{number}")).collect();
    let many: Vec<BudgetInfo> = names.iter().map(|name| day(name)).collect();
    let error = store.open(&many).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the store is full: it holds the most budgets that it can"
    );
    assert!(store.shelves.read().unwrap().is_empty());
}

#[test]
fn dropped_uncommitted_it_is_as_if_it_never_was() {
    let store = MemoryStore::<u32>::new();
    let budgets = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    let mut held = store.lock(&budgets, at(0)).unwrap();
    held.reserve(&Claim {
        has_id: true,
        ..claim(0, "100")
    })
    .unwrap();
    assert_eq!(
        held.reserve(&claim(0, "1")),
        Err(ReserveError::AlreadyReserved)
    );
    drop(held);
    expect_reserved(&store, &budgets, 0, &["0"]);
    assert_eq!(
        reserve(&store, &budgets, 0, &claim(0, "300"))
            .unwrap()
            .to_string(),
        "R1"
    );
    let missing = reserve(&store, &budgets, 0, &claim(1, "1")).unwrap_err();
    assert_eq!(missing.to_string(), "there is no budget number `1`");
}

#[test]
fn a_clock_set_back_refills_nothing() {
    let store = MemoryStore::<u32>::new();
    let budgets = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    reserve(&store, &budgets, 86_400, &claim(0, "300")).unwrap();
    let held = store.lock(&budgets, at(86_399)).unwrap();
    assert_eq!(held.now(), at(86_400));
    drop(held);
    assert!(reserve(&store, &budgets, 0, &claim(0, "1")).is_err());
    expect_reserved(&store, &budgets, 0, &["300"]);
    reserve(&store, &budgets, 2 * 86_400, &claim(0, "300")).unwrap();
}

#[test]
fn a_repeat_reserves_once() {
    let store = MemoryStore::<u32>::new();
    let budgets = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    let with_id = Claim {
        has_id: true,
        ..claim(0, "100")
    };
    let mut held = store.lock(&budgets, at(0)).unwrap();
    held.reserve(&with_id).unwrap();
    assert_eq!(held.record(&identity("x"), 7), Ok(Known::New));
    held.commit();
    assert_eq!(store.lookup(&identity("x")), Ok(Known::Repeat(7)));
    // A caller that did not look is told as it records, and takes its reservation back.
    for has_id in [true, false] {
        let mut held = store.lock(&budgets, at(0)).unwrap();
        held.reserve(&Claim { has_id, ..with_id }).unwrap();
        assert_eq!(held.record(&identity("x"), 8), Ok(Known::Repeat(7)));
        drop(held);
    }
    expect_reserved(&store, &budgets, 0, &["100"]);
    // Without a reservation it is one of the others.
    let mut held = store.lock(&budgets, at(0)).unwrap();
    assert_eq!(held.record(&identity("y"), 9), Ok(Known::New));
    held.commit();
    assert_eq!(store.record(&identity("y"), 10), Ok(Known::Repeat(9)));
    assert_eq!(store.record(&identity("z"), 10), Ok(Known::New));
}

#[test]
fn a_full_store_refuses_charges_and_keeps_answering() {
    let store = MemoryStore::<u32>::new();
    let budgets = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    let grant = |seconds, id: &str| -> Result<(), ReserveError> {
        let mut held = store.lock(&budgets, at(seconds))?;
        held.reserve(&Claim {
            has_id: true,
            ..claim(0, "0.001")
        })?;
        held.record(&identity(id), 1)?;
        held.commit();
        Ok(())
    };
    for number in 0..CHARGES_MAX {
        grant(0, &number.to_string()).unwrap();
    }
    assert_eq!(grant(86_399, "more").unwrap_err().code(), "store_full");
    assert_eq!(store.lookup(&identity("7")), Ok(Known::Repeat(1)));
    assert_eq!(store.lookup(&identity("more")), Ok(Known::New));
    for number in 0..CHARGES_MAX {
        grant(86_400, &format!("next {number}")).unwrap();
    }
    assert_eq!(store.ids().unwrap().len(), CHARGES_MAX);
}

#[test]
fn settles_and_releases_whichever_budget_it_is() {
    let store = MemoryStore::<u32>::new();
    let budgets = store
        .open(&[
            budget("a", Window::Day, Scope::All),
            budget("b", Window::Day, Scope::All),
        ])
        .unwrap();
    reserve(&store, &budgets, 0, &claim(0, "100")).unwrap();
    let second = reserve(&store, &budgets, 0, &claim(1, "100")).unwrap();
    let event_id = EventId::new("e1").unwrap();
    let notional = amount("40");
    let settlement = Settlement {
        reservation: second,
        event_id,
        notional,
        side: Side::Buy,
        is_final: false,
    };
    assert_eq!(store.settle(&settlement).unwrap().reserved, amount("60"));
    assert_eq!(
        store
            .release(second, EventId::new("e2").unwrap())
            .unwrap()
            .released,
        amount("60")
    );
    expect_reserved(&store, &budgets, 0, &["100", "0"]);
    let error = store.release("R3".parse().unwrap(), event_id).unwrap_err();
    assert_eq!(error.to_string(), "there is no reservation `R3`");
    assert_eq!(error.code(), "unknown_reservation");
}

/// Commits with a decision that memory does not look at.
fn commit(held: Box<dyn Held<u32> + '_>) -> Result<Ticket, StoreError> {
    let request = Request::builder(FinalAction::Hold, "BTC", "alpha")
        .build()
        .unwrap();
    let made = failsafe::decide(request.terms(), TradingState::Active, None);
    let decision = Decision {
        answer: Answer::of_fail_safe(made),
        warnings: Vec::new(),
        repeated: false,
    };
    held.commit(&Decided {
        request: &request,
        shown: None,
        decision: &decision,
        at: None,
        recorded_at: at(0),
        policy: PolicyNumber::new(0),
        generation: 1,
        keeps_id: false,
        grant: None,
    })
}

#[test]
fn the_trait_can_be_used_as_an_object() {
    let store: Box<dyn Store<u32>> = Box::new(MemoryStore::new());
    let budgets = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    let mut held = store.lock(&budgets, at(5)).unwrap();
    assert_eq!(held.now(), at(5));
    held.reserve(&claim(0, "1")).unwrap();
    held.record(&identity("x"), 3).unwrap();
    assert_eq!(commit(held), Ok(Ticket::NONE));
    let mut uses = Vec::new();
    store
        .lock(&budgets, at(5))
        .unwrap()
        .uses("BTC", "alpha", &mut uses);
    assert_eq!(uses.len(), 1);
    assert_eq!(uses[0].reserved, amount("1"));
}

/// Bug: after a day with very many fills, no later fill was ever recorded again. Cause: the
/// events of bygone windows kept their memory until thousands of newer charges had passed.
/// Fix: an event that needs room makes the oldest passed charges give theirs up.
#[test]
fn bygone_events_make_room_for_new_ones() {
    let store = MemoryStore::<u32>::new();
    let budgets = store.open(&[budget("a", Window::Day, Scope::All)]).unwrap();
    let settle = |reservation, number: u32| {
        let event_id = format!("{number:064}");
        store.settle(&Settlement {
            reservation,
            event_id: EventId::new(&event_id).unwrap(),
            notional: Amount::ZERO,
            side: Side::Buy,
            is_final: false,
        })
    };
    let full = Err(EventError::from(StoreError::Full(Holding::Events)));
    let filled = (0..300).any(|_| {
        let reservation = reserve(&store, &budgets, 0, &claim(0, "1")).unwrap();
        (0..1_000).any(|number| settle(reservation, number).map(drop) == full)
    });
    assert!(filled);
    let tomorrow = reserve(&store, &budgets, 90_000, &claim(0, "1")).unwrap();
    assert!(settle(tomorrow, 0).is_ok());
}
