//! What is measured: the groups, and who takes part in each.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use execution_router::{Cache, Compiler, Loader, Policy, Request, TradeType, compose};

use crate::board::{Group, Measured, Sample, Stopwatch};
use crate::case::Case;
use crate::peer::Peer;
use crate::{cedar, cel_rules, ours, rego, zen};

/// Requests of the stream, and of a batch.
const BATCH: usize = 1000;
/// Rules in front of the table's own 21, so that there are 100 and 1,000.
const RULES: [usize; 3] = [0, 79, 979];
const DECISIONS: usize = 500;
/// Decisions a sample where there are a thousand rules.
const DECISIONS_FEW: usize = 50;

/// Everything, group by group.
pub fn all(policy: &Policy, rounds: usize) -> Result<Vec<(String, Vec<Measured>)>> {
    let mut groups = Vec::new();
    let types = [
        ("a normal opening", TradeType::Normal),
        ("a pilot opening, with its budget", TradeType::Pilot),
    ];
    for (name, trade_type) in types {
        let mut group = Group::new(format!("one request: {name}"));
        ours::add_one(&mut group, policy, trade_type, DECISIONS)?;
        let case = ours::case(policy, &ours::opening(trade_type)?);
        each(&mut group, 0, &vec![case; DECISIONS], true)?;
        groups.push(group);
    }
    let stream = ours::stream(BATCH)?;
    let cases: Vec<Case> = stream
        .iter()
        .map(|request| ours::case(policy, request))
        .collect();
    let mut group = Group::new("a batch of 1,000 recorded signals");
    group.add(
        "execution-router, batch",
        BATCH,
        ours::batched(policy, stream.clone()),
    );
    group.add(
        "execution-router",
        BATCH,
        ours::routed(policy, stream.clone()),
    );
    each(&mut group, 0, &cases, false)?;
    groups.push(group);
    let mut group = Group::new("a batch of 1,000 normal openings");
    let openings = vec![ours::opening(TradeType::Normal)?; BATCH];
    let opening = ours::case(policy, &ours::opening(TradeType::Normal)?);
    group.add(
        "execution-router, batch",
        BATCH,
        ours::batched(policy, openings.clone()),
    );
    group.add("execution-router", BATCH, ours::routed(policy, openings));
    each(&mut group, 0, &vec![opening; BATCH], false)?;
    groups.push(group);
    for rules in RULES {
        let decisions = if rules > 500 {
            DECISIONS_FEW
        } else {
            DECISIONS
        };
        let mut group = Group::new(format!("a normal opening, {} rules", 21 + rules));
        let requests = vec![ours::opening(TradeType::Normal)?; decisions];
        let policy = ours::policy(rules)?;
        group.add(
            "execution-router",
            decisions,
            ours::routed(&policy, requests.clone()),
        );
        let cases: Vec<Case> = requests
            .iter()
            .map(|request| ours::case(&policy, request))
            .collect();
        each(&mut group, rules, &cases, false)?;
        groups.push(group);
    }
    for threads in [1, 2] {
        groups.push(on_threads(policy, &stream, &cases, threads)?);
    }
    groups.push(loading()?);
    groups
        .into_iter()
        .map(|group| {
            eprintln!("measuring: {}", group.name);
            group.measure(rounds)
        })
        .collect()
}

/// Adds every peer, and with its conversion where that is asked for.
fn each(group: &mut Group, rules: usize, cases: &[Case], converts: bool) -> Result<()> {
    add::<rego::Machine>(group, rules, cases, converts)?;
    add::<rego::Interpreted>(group, rules, cases, false)?;
    add::<zen::Zen>(group, rules, cases, converts)?;
    add::<cedar::Cedar>(group, rules, cases, converts)?;
    add::<cel_rules::Cel>(group, rules, cases, converts)
}

fn add<P: Peer + 'static>(
    group: &mut Group,
    rules: usize,
    cases: &[Case],
    converts: bool,
) -> Result<()> {
    let mut peer = match P::load(rules) {
        Ok(peer) => peer,
        Err(error) => {
            eprintln!("{} does not load {} rules: {error:#}", P::NAME, 21 + rules);
            return Ok(());
        }
    };
    if rules > 0 {
        holds_rules(&mut peer, rules, cases)?;
    }
    let inputs = inputs(&peer, cases)?;
    group.add(
        P::NAME,
        cases.len(),
        Box::new(move || {
            let started = Stopwatch::start();
            for input in &inputs {
                black_box(peer.decide(input)?);
            }
            Ok(started.elapsed())
        }),
    );
    if converts {
        let mut peer = P::load(rules)?;
        let cases = cases.to_vec();
        let sample: Sample = Box::new(move || {
            let started = Stopwatch::start();
            for case in &cases {
                let input = peer
                    .input(black_box(case))
                    .context("a number that does not fit")?;
                black_box(peer.decide(&input)?);
            }
            Ok(started.elapsed())
        });
        group.add(&format!("{}, converted", P::NAME), cases_len(group), sample);
    }
    Ok(())
}

/// The rules in front must change nothing of what is timed, and the last of them must be there.
fn holds_rules<P: Peer>(peer: &mut P, rules: usize, cases: &[Case]) -> Result<()> {
    let mut plain = P::load(0)?;
    let ask = |peer: &mut P, case: &Case| {
        let input = peer.input(case).context("a number that does not fit")?;
        let output = peer.decide(&input)?;
        peer.answer(case, &output)
    };
    let mut quiet = cases.first().context("a case")?.clone();
    ensure!(
        ask(peer, &quiet)? == ask(&mut plain, &quiet)?,
        "{} answers differently",
        P::NAME
    );
    quiet.symbol = format!("S{}/USDT", rules - 1);
    quiet.confidence = Some(0.3);
    ensure!(
        ask(peer, &quiet)?.reason == "quiet",
        "{} has not all rules",
        P::NAME
    );
    Ok(())
}

/// Decisions of the last contestant.
fn cases_len(group: &Group) -> usize {
    group
        .contestants
        .last()
        .map_or(1, |contestant| contestant.decisions)
}

fn inputs<P: Peer>(peer: &P, cases: &[Case]) -> Result<Vec<P::Input>> {
    let inputs: Option<Vec<_>> = cases.iter().map(|case| peer.input(case)).collect();
    inputs.context("a number that does not fit")
}

fn on_threads(
    policy: &Policy,
    stream: &[Request<'static>],
    cases: &[Case],
    threads: usize,
) -> Result<Group> {
    // Long enough that starting a thread is nothing beside it.
    // Without ids, or most would be repeats.
    let many = (0..10).flat_map(|_| stream.iter().map(anonymous));
    let many: Vec<_> = many.collect();
    let mut group = Group::new(format!(
        "recorded signals on {threads} thread{}",
        if threads > 1 { "s" } else { "" }
    ));
    group.add(
        "execution-router",
        many.len(),
        ours::threaded(policy, many, threads),
    );
    add_threaded::<rego::Machine>(&mut group, cases, threads);
    add_threaded::<zen::Zen>(&mut group, cases, threads);
    add_threaded::<cedar::Cedar>(&mut group, cases, threads);
    add_threaded::<cel_rules::Cel>(&mut group, cases, threads);
    Ok(group)
}

/// The same request under no id.
fn anonymous(request: &Request<'static>) -> Request<'static> {
    let (symbol, strategy) = (request.symbol().to_owned(), request.strategy().to_owned());
    let terms = *request.terms();
    let built = Request::builder(terms.final_action, symbol, strategy)
        .timestamp("2026-01-05T09:30:00Z".parse().unwrap_or_default())
        .position(None)
        .terms(|given| *given = terms)
        .build();
    built.unwrap_or_else(|_| request.clone())
}

fn add_threaded<P: Peer + 'static>(group: &mut Group, cases: &[Case], threads: usize) {
    let cases = cases.to_vec();
    let decisions = cases.len();
    let sample: Sample = Box::new(move || {
        let barrier = Barrier::new(threads);
        let share = cases.len().div_ceil(threads);
        let work = |part: &[Case]| -> Result<(Instant, Instant)> {
            let mut peer = P::load(0)?;
            let inputs = inputs(&peer, part)?;
            barrier.wait();
            let started = Instant::now();
            for input in &inputs {
                black_box(peer.decide(input)?);
            }
            Ok((started, Instant::now()))
        };
        let took = thread::scope(|scope| {
            let running: Vec<_> = cases
                .chunks(share)
                .map(|part| scope.spawn(move || work(part)))
                .collect();
            running
                .into_iter()
                .map(|thread| thread.join().expect("a thread"))
                .collect::<Result<Vec<_>>>()
        })?;
        Ok(ours::wall(&took))
    });
    group.add(P::NAME, decisions, sample);
}

/// From the text of the rules to the first decision that could be made.
fn loading() -> Result<Group> {
    let mut group = Group::new("loading the table");
    let document = ours::DOCUMENT;
    group.add(
        "execution-router, document to policy",
        1,
        Box::new(move || {
            let started = Instant::now();
            black_box(
                Loader::new(&Cache::disabled())
                    .compiler(Compiler::in_process())
                    .document(document, None)?,
            );
            Ok(started.elapsed())
        }),
    );
    let component = compose::compose(document, None)?;
    let cache = Cache::user();
    Loader::new(&cache)
        .compiler(Compiler::in_process())
        .component(&component)?;
    group.add(
        "execution-router, component that was compiled before",
        1,
        Box::new(move || {
            let started = Instant::now();
            black_box(
                Loader::new(&cache)
                    .compiler(Compiler::in_process())
                    .component(&component)?,
            );
            Ok(started.elapsed())
        }),
    );
    load::<rego::Machine>(&mut group);
    load::<rego::Interpreted>(&mut group);
    load::<zen::Zen>(&mut group);
    load::<cedar::Cedar>(&mut group);
    load::<cel_rules::Cel>(&mut group);
    Ok(group)
}

fn load<P: Peer + 'static>(group: &mut Group) {
    group.add(
        P::NAME,
        1,
        Box::new(|| {
            let started = Instant::now();
            let peer = P::load(0)?;
            let took = started.elapsed();
            drop(black_box(peer));
            Ok(took)
        }),
    );
}
