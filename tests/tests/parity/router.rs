//! The router in batches and from several threads, against the same requests one by one.

use conformance::generate::{self, Numbers};
use conformance::generate_policy::{self, Kind};
use conformance::{DEFAULT_POLICY, variant_policy};
use execution_router::ledger::{EventId, ReservationId, Settlement};
use execution_router::policy::Policy;
use execution_router::{Cache, Decision as Routed, Rejection, Router};
use router_guest::amount::Amount;
use router_guest::request::{FinalAction, OrderTerms, Request, TradeType};

/// A decision or a refusal as text, without what it cost.
fn told(request: &execution_router::Request<'_>, decided: &Result<Routed, Rejection>) -> String {
    match decided {
        Err(rejection) => format!("{}: {rejection}", rejection.code),
        Ok(decision) => {
            let mut text = Vec::new();
            decision.write_json(request, &mut text);
            let mut object: serde_json::Value = serde_json::from_slice(&text).unwrap();
            object.as_object_mut().unwrap().remove("fuel");
            object.to_string()
        }
    }
}

/// Terms that a budget is charged for, as long as it lasts.
fn opening(numbers: &mut Numbers, terms: &mut OrderTerms) {
    let figures = *numbers.choose(&["1.5", "12", "40.000000000001"]);
    *terms = OrderTerms::new(
        FinalAction::Buy,
        *numbers.choose(&[TradeType::Pilot, TradeType::Exploration]),
    );
    terms.price = Some(Amount::ONE);
    terms.target_notional = figures.parse().ok();
    terms.equity = "10000".parse().ok();
    terms.quote_rate = Some(Amount::ONE);
}

/// A stream of requests around midnights, a good part of them repeats.
fn stream(numbers: &mut Numbers, count: usize) -> Vec<execution_router::Request<'static>> {
    let mut requests: Vec<execution_router::Request<'static>> = Vec::with_capacity(count);
    let mut second = 1_767_225_600 - 600;
    for number in 0..count {
        if !requests.is_empty() && numbers.once_in(6) {
            let again = numbers.choose(&requests).clone();
            requests.push(again);
            continue;
        }
        second += i64::try_from(numbers.below(240)).unwrap();
        // A few of them come late, as they do.
        let at = if numbers.once_in(10) {
            second - 7_200
        } else {
            second
        };
        let Request {
            symbol,
            strategy,
            mut terms,
        } = generate_policy::request(numbers);
        if numbers.once_in(2) {
            opening(numbers, &mut terms);
        }
        let mut builder = execution_router::Request::builder(terms.final_action, symbol, strategy)
            .terms(|own| *own = terms)
            .position(terms.position);
        if !numbers.once_in(50) {
            builder = builder.timestamp(jiff::Timestamp::from_second(at).unwrap());
        }
        if !numbers.once_in(5) {
            // Now and then an id that another request has.
            let id = if numbers.once_in(20) {
                numbers.below(number as u64 + 1)
            } else {
                number as u64
            };
            builder = builder.id(format!("order-{id}"));
        }
        requests.push(builder.build().unwrap());
    }
    requests
}

#[test]
fn a_batch_leaves_the_router_as_its_requests_one_by_one_would() {
    let mut numbers = Numbers::new(70);
    let wide = DEFAULT_POLICY.replace(
        "limit: 3% of equity, per: day",
        "limit: [30% of equity, 5000 USDT], orders: 40, per: day, scope: symbol",
    );
    let mut counted = std::collections::BTreeMap::<&str, u32>::new();
    for text in [
        variant_policy(),
        wide,
        generate_policy::document(&mut numbers, Kind::ExitsFirst),
    ] {
        let policy = Policy::from_document(&text, None, &Cache::disabled()).unwrap();
        let (one_by_one, batched) = (
            Router::new(policy.clone()).unwrap(),
            Router::new(policy).unwrap(),
        );
        let requests = stream(&mut numbers, 6_000);
        let mut rest = requests.as_slice();
        let mut event = 0_u32;
        while !rest.is_empty() {
            let count = usize::try_from(1 + numbers.below(600))
                .unwrap()
                .min(rest.len());
            let (part, behind) = rest.split_at(count);
            rest = behind;
            let state = generate::trading_state(&mut numbers);
            one_by_one.set_trading_state(state, None);
            batched.set_trading_state(state, None);
            let singly: Vec<_> = part
                .iter()
                .map(|request| one_by_one.decide(request))
                .collect();
            let together = batched.decide_batch(part);
            assert_eq!(together.len(), part.len());
            let mut reserved = Vec::new();
            for ((request, alone), together) in part.iter().zip(&singly).zip(&together) {
                let expected = told(request, alone);
                assert_eq!(told(request, together), expected, "{request:?}");
                *counted.entry(kind_of(alone)).or_default() += 1;
                let first = alone.as_ref().ok().filter(|decision| !decision.repeated);
                reserved.extend(first.and_then(Routed::reservation));
            }
            for reservation in reserved {
                event += 1;
                for router in [&one_by_one, &batched] {
                    settle(router, reservation, event);
                }
            }
        }
        assert_eq!(one_by_one.is_withdrawn(), batched.is_withdrawn());
    }
    println!("{counted:?}");
    for kind in [
        "repeated",
        "reserved",
        "consulted",
        "free",
        "duplicate_id",
        "field_missing",
    ] {
        assert!(
            counted.get(kind).is_some_and(|count| *count >= 100),
            "{kind} in {counted:?}"
        );
    }
}

/// What becomes of a request, as far as the store is concerned.
fn kind_of(decided: &Result<Routed, Rejection>) -> &'static str {
    match decided {
        Err(rejection) => rejection.code,
        Ok(decision) if decision.repeated => "repeated",
        Ok(decision) if decision.reservation().is_some() => "reserved",
        Ok(decision) if decision.budget().is_some() => "consulted",
        Ok(_) => "free",
    }
}

/// Every third is released, every third filled in part, every third left open.
fn settle(router: &Router, reservation: ReservationId, event: u32) {
    let name = format!("event-{event}");
    let event_id = EventId::new(&name).unwrap();
    match event % 3 {
        0 => assert!(!router.release(reservation, event_id).unwrap().repeated),
        1 => {
            let settlement = Settlement {
                reservation,
                event_id,
                notional: "1.5".parse().unwrap(),
                side: execution_router::Side::Buy,
                is_final: event.is_multiple_of(2),
            };
            assert!(!router.settle(&settlement).unwrap().repeated);
        }
        _ => {}
    }
}

const THREADS: u64 = 4;

/// An exploration trade on an equity of 10,000: the budget is 300.
fn explore(target: &str) -> execution_router::Request<'static> {
    execution_router::Request::builder(FinalAction::Buy, "BTC/USDT", "trend")
        .trade_type(TradeType::Exploration)
        .position(None)
        .timestamp("2026-03-02T12:00:00Z".parse().unwrap())
        .price(Amount::ONE)
        .target_notional(target.parse().unwrap())
        .equity("10000".parse().unwrap())
        .build()
        .unwrap()
}

/// A request of a type that sees no budget.
fn free(numbers: &mut Numbers) -> execution_router::Request<'static> {
    let mut terms = generate::terms(numbers);
    terms.trade_type = *numbers.choose(&[TradeType::Normal, TradeType::Exit, TradeType::Risk]);
    let builder = execution_router::Request::builder(terms.final_action, "ETH/USDT", "trend");
    let builder = builder.terms(|own| *own = terms).position(terms.position);
    builder.build().unwrap()
}

/// What one thread was granted and still holds.
#[derive(Default)]
struct Share {
    held: Amount,
    granted: u32,
    refused: u32,
}

impl Share {
    /// One request that charges the budget; what it is granted is kept, filled or given back.
    fn ask(&mut self, router: &Router, numbers: &mut Numbers, event: &str) {
        let limit = Amount::whole(300);
        let request = explore(numbers.choose::<&str>(&["2.5", "0.37", "31", "7.000000000001"]));
        let decision = router.decide(&request).unwrap();
        let budget = decision.budget().unwrap();
        let before = budget.used.checked_add(budget.reserved).unwrap();
        let after = before.checked_add(budget.need).unwrap();
        assert!(before <= limit, "{budget:?}");
        assert_eq!(
            decision.reservation().is_some(),
            after <= limit,
            "{budget:?}"
        );
        let Some(reservation) = decision.reservation() else {
            assert_eq!(decision.reason(), "exploration_limit");
            self.refused += 1;
            return;
        };
        self.granted += 1;
        let event_id = EventId::new(event).unwrap();
        if numbers.once_in(20) {
            let settlement = Settlement {
                reservation,
                event_id,
                notional: budget.need,
                side: execution_router::Side::Buy,
                is_final: true,
            };
            assert_eq!(router.settle(&settlement).unwrap().used, budget.need);
        } else if !numbers.once_in(40) {
            let released = router.release(reservation, event_id).unwrap();
            assert_eq!(released.released, budget.need);
            return;
        }
        self.held = self.held.checked_add(budget.need).unwrap();
    }
}

#[test]
fn threads_share_a_budget_and_never_pass_its_limit() {
    let policy = Policy::from_document(DEFAULT_POLICY, None, &Cache::disabled()).unwrap();
    let router = &Router::new(policy).unwrap();
    let work = |thread: u64| {
        let mut numbers = Numbers::new(80 + thread);
        let mut share = Share::default();
        for number in 0..5_000 {
            drop(router.decide(&free(&mut numbers)));
            share.ask(router, &mut numbers, &format!("{thread}-{number}"));
        }
        share
    };
    let shares: Vec<Share> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let held = shares.iter().fold(Amount::ZERO, |sum, share| {
        sum.checked_add(share.held).unwrap()
    });
    let granted: u32 = shares.iter().map(|share| share.granted).sum();
    let refused: u32 = shares.iter().map(|share| share.refused).sum();
    println!("{granted} granted, {refused} refused, {held} held");
    let last = router.decide(&explore("2")).unwrap();
    let budget = last.budget().unwrap();
    assert_eq!(budget.used.checked_add(budget.reserved).unwrap(), held);
    assert!(granted > 100 && refused > 1_000, "{granted} and {refused}");
}
