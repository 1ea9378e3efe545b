//! The product itself, as contestants: through the router, in batches, the component alone, and
//! with an instance of its own for each decision. Guard, fuel and invariants are on throughout.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use execution_router::policy::Instance;
use execution_router::{Cache, FinalAction, Policy, Request, Router, TradeType, TradingState};
use router_guest::json::{self, Line};
use router_guest::state::{BudgetUse, State};

use crate::board::{Group, Sample, Stopwatch};
use crate::case::Case;

pub const DOCUMENT: &str = include_str!("../../../policies/default/policy.yaml");
const STREAM: &str = include_str!("../../data/btc_usdt_2022-01.jsonl");

/// Requests of recorded signals, as many as are wanted.
pub fn stream(count: usize) -> Result<Vec<Request<'static>>> {
    let lines = STREAM.lines().take(count);
    lines
        .map(|line| match json::parse_line(line.as_bytes()) {
            Ok(Line::Request(line)) => Request::from_line(line).context("a request"),
            _ => anyhow::bail!("`{line}` is no request"),
        })
        .collect()
}

/// A request that opens, of a type.
pub fn opening(trade_type: TradeType) -> Result<Request<'static>> {
    let request = Request::builder(FinalAction::Buy, "BTC/USDT", "momentum")
        .trade_type(trade_type)
        .timestamp("2026-01-05T09:30:00Z".parse()?)
        .position(None)
        .price("46983.5".parse()?)
        .target_notional("230.6".parse()?)
        // So much that no sample exhausts the budget.
        .equity("100000000".parse()?)
        .signal_score(0.7)
        .confidence(0.53)
        .risk_reward_ratio(1.97)
        .build();
    request.context("a request")
}

/// The same as the peers are asked it: nothing is used of a budget.
pub fn case(policy: &Policy, request: &Request<'_>) -> Case {
    let state = State {
        trading_state: TradingState::Active,
        budgets: None,
    };
    Case::of(policy.manifest(), &request.seen(), &state)
}

/// The default policy with rules in front, each for a symbol of its own.
pub fn policy(rules: usize) -> Result<Policy> {
    let (head, tail) = DOCUMENT.split_once("  - hold:").context("routes")?;
    let mut document = head.to_owned();
    for rule in 0..rules {
        writeln!(
            document,
            "  - quiet_{rule}: {{ when: {{ action: [BUY, SELL], symbol: S{rule}/USDT, confidence: \"< 0.4\" }}, skip: quiet }}"
        )?;
    }
    write!(document, "  - hold:{tail}")?;
    Ok(Policy::from_document(&document, None, &Cache::user())?)
}

fn router(policy: &Policy) -> Result<Router> {
    Ok(Router::new(policy.clone())?)
}

/// One request after the other, through the router.
pub fn routed(policy: &Policy, requests: Vec<Request<'static>>) -> Sample {
    let policy = policy.clone();
    Box::new(move || {
        let router = router(&policy)?;
        // The thread's instance is made by the first request.
        let mut warm = opening(TradeType::Normal)?;
        router.decide(&warm)?;
        warm = opening(TradeType::Normal)?;
        router.decide(&warm)?;
        let started = Stopwatch::start();
        for request in &requests {
            black_box(router.decide(request)?);
        }
        Ok(started.elapsed())
    })
}

/// All at once.
pub fn batched(policy: &Policy, requests: Vec<Request<'static>>) -> Sample {
    let policy = policy.clone();
    Box::new(move || {
        let router = router(&policy)?;
        router.decide(&opening(TradeType::Normal)?)?;
        let started = Stopwatch::start();
        for decision in black_box(router.decide_batch(&requests)) {
            decision?;
        }
        Ok(started.elapsed())
    })
}

/// The requests shared between threads.
pub fn threaded(policy: &Policy, requests: Vec<Request<'static>>, threads: usize) -> Sample {
    let policy = policy.clone();
    Box::new(move || {
        let router = router(&policy)?;
        let share = requests.len().div_ceil(threads);
        let barrier = Barrier::new(threads);
        let took = thread::scope(|scope| {
            let work = |part| {
                let (router, barrier): (&Router, &Barrier) = (&router, &barrier);
                let part: &[Request<'static>] = part;
                move || -> Result<(Instant, Instant)> {
                    router.decide(&opening(TradeType::Normal)?)?;
                    barrier.wait();
                    let started = Instant::now();
                    for request in part {
                        black_box(router.decide(request)?);
                    }
                    Ok((started, Instant::now()))
                }
            };
            let running: Vec<_> = requests
                .chunks(share)
                .map(|part| scope.spawn(work(part)))
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().expect("a thread"))
                .collect::<Result<Vec<_>>>()
        })?;
        Ok(wall(&took))
    })
}

/// From the first start to the last end.
pub fn wall(took: &[(Instant, Instant)]) -> Duration {
    let start = took.iter().map(|(start, _)| *start).min();
    let end = took.iter().map(|(_, end)| *end).max();
    start
        .zip(end)
        .map(|(start, end)| end - start)
        .unwrap_or_default()
}

fn decide(instance: &mut Instance, request: &Request<'_>) -> Result<()> {
    let unused = [BudgetUse::default()];
    let budgets = request.terms().sees_budgets().then_some(&unused[..]);
    let state = State {
        trading_state: TradingState::Active,
        budgets,
    };
    let _ = black_box(instance.decide(&request.seen(), &state)?);
    Ok(())
}

/// The component alone: fuel and limits, without guard, budgets and ids.
pub fn component(policy: &Policy, requests: Vec<Request<'static>>) -> Result<Sample> {
    let mut instance = policy.instantiate()?;
    Ok(Box::new(move || {
        let started = Stopwatch::start();
        for request in &requests {
            decide(&mut instance, request)?;
        }
        Ok(started.elapsed())
    }))
}

/// The same with a new instance for each.
pub fn fresh(policy: &Policy, requests: Vec<Request<'static>>) -> Sample {
    let policy = policy.clone();
    Box::new(move || {
        let started = Stopwatch::start();
        for request in &requests {
            decide(&mut policy.instantiate()?, request)?;
        }
        Ok(started.elapsed())
    })
}

/// Through the router, with the request built from the bot's own values each time.
pub fn converted(policy: &Policy, trade_type: TradeType, decisions: usize) -> Sample {
    let policy = policy.clone();
    Box::new(move || {
        let router = router(&policy)?;
        router.decide(&opening(TradeType::Normal)?)?;
        let built = opening(trade_type)?;
        let terms = *built.terms();
        let timestamp = "2026-01-05T09:30:00Z".parse()?;
        let started = Stopwatch::start();
        for _ in 0..decisions {
            let request = Request::builder(FinalAction::Buy, "BTC/USDT", "momentum")
                .timestamp(timestamp)
                .position(None)
                .terms(|given| *given = black_box(terms))
                .build()
                .context("a request")?;
            black_box(router.decide(&request)?);
        }
        Ok(started.elapsed())
    })
}

/// Adds what a group compares of ours, for one request.
pub fn add_one(
    group: &mut Group,
    policy: &Policy,
    trade_type: TradeType,
    decisions: usize,
) -> Result<()> {
    let requests = vec![opening(trade_type)?; decisions];
    group.add(
        "execution-router",
        decisions,
        routed(policy, requests.clone()),
    );
    group.add(
        "execution-router, converted",
        decisions,
        converted(policy, trade_type, decisions),
    );
    group.add(
        "execution-router, component alone",
        decisions,
        component(policy, requests.clone())?,
    );
    let few: Vec<_> = requests.into_iter().take(decisions.div_ceil(10)).collect();
    group.add(
        "execution-router, fresh instance",
        few.len(),
        fresh(policy, few),
    );
    Ok(())
}
