//! Policies that lie somewhere in their domain: `verify` finds the invariant that each breaks,
//! and hands out the request that shows it.
//!
//! All of them skip for a reason that holds up exits, I12, because nothing that is written here
//! can compute what to close; each test is about what is found besides.

use std::collections::BTreeSet;

use execution_router::verify::{Breach, Finding, Path, Report, Stop, Verdict, verify};
use execution_router::{Scenario, compose};
use router_guest::amount::Amount;
use router_guest::decision::{self, BudgetClaim, OrderIntent, Refusal, Side};
use router_guest::manifest::SymbolInfo;
use router_guest::request::{FinalAction, TradeType};
use router_guest::state::TradingState;

use crate::bench::*;
use crate::component::{Hostile, taken};
use crate::image::answer_bytes;

/// Where a byte of the terms stands, and of the trading state behind them.
const ACTION: u32 = 0;
const TYPE: u32 = 1;
const POSITION_GIVEN: u32 = 8;
const STATE: u32 = 376;
const FLAT: (u32, u8) = (POSITION_GIVEN, 0);
const TARGETED: (u32, u8) = (160, 1);
const ACTIVE: (u32, u8) = (STATE, TradingState::Active as u8);

/// What every one of these policies breaks.
const ALWAYS: &str = "I12";

const fn of_action(action: FinalAction) -> (u32, u8) {
    (ACTION, action as u8)
}

const fn of_type(trade_type: TradeType) -> (u32, u8) {
    (TYPE, trade_type as u8)
}

/// The condition that every byte is so, of terms at an address.
fn holds(address: &str, when: &[(u32, u8)]) -> String {
    when.iter().fold("(i32.const 1)".to_owned(), |all, (offset, byte)| {
        format!("(i32.and {all} (i32.eq (i32.load8_u offset={offset} {address}) (i32.const {byte})))")
    })
}

/// Skips everything; where the bytes are so, answers the bad answer, alone and in batches.
fn liar(bad: Result<decision::Decision, Refusal>, when: &[(u32, u8)]) -> Hostile {
    let mut hostile = Hostile {
        sound: answer_bytes(&Ok(skipping(5))),
        bad: answer_bytes(&bad),
        memory: "32",
        ..Hostile::new()
    };
    let manifest = &mut hostile.manifest;
    manifest.score_thresholds.clear();
    manifest.amount_thresholds.clear();
    manifest.symbols.remove(0);
    manifest.symbols.push(SymbolInfo {
        name: "ETC/USDT".to_owned(),
        shortable: false,
        ..manifest.symbols[0].clone()
    });
    let alone = holds("(i32.add (local.get $request) (i32.const 16))", when);
    hostile.decide = format!("(if {alone} (then (return (i32.const {{bad}}))))").leak();
    hostile.batch = batch(when).leak();
    hostile
}

/// The same as alone for each item: 16 is how many are done, 20 where the answers stand, 24
/// where the item stands.
fn batch(when: &[(u32, u8)]) -> String {
    let item = "(i32.load (i32.const 24))";
    let lies = holds(&format!("(i32.add {item} (i32.const 8))"), when);
    let symbol = format!(
        "(i32.load8_u (i32.load (i32.add (local.get 0) (i32.shl (i32.load {item}) (i32.const 3)))))"
    );
    format!(
        "(i32.store (i32.const 16) (i32.const 0))
        (i32.store (i32.const 20) (i32.const 0x100000))
        (loop $next (if (i32.lt_u (i32.load (i32.const 16)) (local.get 5)) (then
            (i32.store (i32.const 24) (i32.add (local.get 4)
                (i32.mul (i32.load (i32.const 16)) (i32.const 400))))
            (memory.copy
                (i32.add (i32.load (i32.const 20)) (i32.mul (i32.load (i32.const 16)) (i32.const 136)))
                (select (i32.const {{bad}}) (i32.const {{sound}})
                    (i32.and (i32.eq {symbol} (i32.const 69)) {lies}))
                (i32.const 136))
            (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
            (br $next))))
        (i32.store (i32.const {{list}}) (i32.load (i32.const 20)))"
    )
}

fn verified(hostile: &Hostile) -> Report {
    verify(&hostile.policy(), &mut |_| {}).unwrap()
}

fn codes(report: &Report) -> BTreeSet<&'static str> {
    let findings = report.findings().iter();
    findings.map(|finding| finding.breach.code()).collect()
}

#[track_caller]
fn finding(report: &Report, breach: Breach) -> &Finding {
    let found = report
        .findings()
        .iter()
        .find(|finding| finding.breach == breach);
    found.unwrap_or_else(|| panic!("{report}"))
}

/// The liar is found out for this, and for nothing else.
#[track_caller]
fn caught(bad: Result<decision::Decision, Refusal>, when: &[(u32, u8)], code: &str, what: &str) {
    let hostile = liar(bad, when);
    let report = verified(&hostile);
    assert_eq!(codes(&report), BTreeSet::from([ALWAYS, code]), "{report}");
    assert_eq!(report.verdict(), Verdict::Counterexamples);
    assert_eq!(report.certificate(), None);
    assert!(!report.measured().invariants.contains_key(code));
    let mut findings = report.findings().iter();
    let example = findings
        .find(|finding| finding.breach.code() == code)
        .unwrap();
    assert_eq!(example.what, what);
    // What is handed out shows it: it reads back, and the policy lies to it again.
    let line = example.scenario.to_json();
    let scenario = Scenario::parse(&line).unwrap();
    let scenario = scenario.against(&hostile.manifest).unwrap();
    let mut instance = hostile.policy().instantiate().unwrap();
    let (again, _) = instance
        .decide(&scenario.request(), &scenario.state())
        .unwrap();
    assert_eq!(again, bad, "{line}");
}

#[test]
fn a_policy_that_only_skips_holds_up_exits() {
    let report = verified(&liar(Ok(skipping(5)), &[]));
    assert_eq!(codes(&report), BTreeSet::from([ALWAYS]), "{report}");
    let example = &report.findings()[0];
    assert_eq!(example.path, Path::FirstOrder);
    assert_eq!(example.what, "skips a close of 2 with reason `because`");
    assert!(example.count > 1000);
    assert_eq!(
        example.answered.as_deref(),
        Some("SKIP, intent normal, effect none, reason `because`, rule `only`")
    );
    let run = report.measured();
    assert_eq!(run.invariants.len(), 12);
    assert!(run.complete && !run.rule_engine);
    assert_eq!(run.outcomes.skips, run.cells);
}

#[test]
fn liars_about_the_side_the_size_and_the_reason() {
    use FinalAction::{Buy, Hold, Sell};
    use TradeType::Normal;
    let opens = [of_action(Buy), of_type(Normal), FLAT, ACTIVE];
    let rule = bent(skipping(5), |answer| answer.rule = 1);
    caught(
        Ok(rule),
        &[of_action(Hold)],
        "I0",
        "names rule 1, and the manifest lists 1",
    );
    caught(
        Ok(normal_opening()),
        &[of_action(Sell), of_type(Normal), FLAT, ACTIVE],
        "I1",
        "answers SELL with BUY",
    );
    caught(
        Ok(skipping(99)),
        &[of_action(Hold)],
        "I6",
        "gives reason 99, and the manifest declares 6",
    );
    let huge = bent(normal_opening(), |answer| {
        answer.notional = Some(amount("250.000000000001"));
    });
    caught(
        Ok(huge),
        &opens,
        "I8",
        "opens 250.000000000001, and the target is 250",
    );
    let risk = bent(normal_opening(), |answer| answer.intent = OrderIntent::Risk);
    caught(
        Ok(risk),
        &opens,
        "I10",
        "opens type normal with intent risk",
    );
}

#[test]
fn liars_about_what_may_open_and_close() {
    use FinalAction::{Buy, Close, Sell};
    use TradeType::{Exit, Normal};
    caught(
        Ok(closing()),
        &[of_action(Close), of_type(Normal), FLAT, ACTIVE],
        "I3",
        "closes, and there is no position",
    );
    let short = bent(tiny(normal_opening()), |answer| answer.side = Side::Sell);
    caught(
        Ok(short),
        &[of_action(Sell), of_type(Normal), FLAT, ACTIVE, TARGETED],
        "I4",
        "opens a short in `ETC/USDT`, which is not listed as shortable",
    );
    caught(
        Ok(normal_opening()),
        &[of_action(Buy), of_type(Exit), FLAT, ACTIVE],
        "I9",
        "opens for BUY of type exit",
    );
    caught(
        Ok(tiny(normal_opening())),
        &[
            of_action(Buy),
            of_type(Normal),
            FLAT,
            (STATE, TradingState::Reducing as u8),
        ],
        "I11",
        "opens while the trading state is REDUCING",
    );
}

/// So small that it is within every target that is asked for.
fn tiny(mut answer: decision::Decision) -> decision::Decision {
    answer.notional = Amount::new(1, 28);
    answer
}

#[test]
fn liars_about_budgets() {
    use FinalAction::{Buy, Hold};
    use TradeType::{Exploration, Normal};
    let claim = Some(BudgetClaim {
        budget: 0,
        need: amount("1"),
    });
    let consults = bent(skipping(5), |answer| {
        answer.budget = claim;
        answer.intent = OrderIntent::Explore;
    });
    caught(
        Ok(consults),
        &[of_action(Hold), of_type(Normal)],
        "I2",
        "consults a budget for type normal with intent explore",
    );
    let free = bent(tiny(opening()), |answer| answer.budget = None);
    caught(
        Ok(free),
        &[of_action(Buy), of_type(Exploration), FLAT, ACTIVE],
        "I5",
        "opens with intent explore and charges no budget",
    );
    let withheld = Err(Refusal::BudgetsMissing);
    caught(
        withheld,
        &[of_action(Hold), of_type(Normal)],
        "I2",
        "refuses type normal for want of a budget",
    );
    caught(
        Err(Refusal::NoRoute),
        &[of_action(Hold), of_type(Normal)],
        "no_route",
        "has no route for the request",
    );
}

/// A budget's last unit: the need is charged in full, and sometimes it is not there.
#[test]
fn an_opening_on_a_spent_budget_is_found_among_those_that_are_not() {
    let of_explore = [
        of_action(FinalAction::Buy),
        of_type(TradeType::Exploration),
        FLAT,
        ACTIVE,
    ];
    let report = verified(&liar(Ok(opening()), &of_explore));
    let example = finding(
        &report,
        Breach::Invariant(execution_router::guard::Invariant::BudgetHolds),
    );
    assert!(report.measured().outcomes.opens > example.count, "{report}");
}

/// Code that runs behind every answer: 8 counts the calls of an instance.
fn after(then: &str) -> &'static str {
    let count = "(i32.load (i32.const 8))";
    format!("(i32.store (i32.const 8) (i32.add {count} (i32.const 1))) {then}").leak()
}

fn every(calls: u32, then: &str) -> String {
    let count = "(i32.load (i32.const 8))";
    format!("(if (i32.eqz (i32.rem_u {count} (i32.const {calls}))) (then {then}))")
}

#[test]
fn a_policy_that_remembers_is_caught_by_the_second_order() {
    for calls in [2, 3, 1000] {
        let mut hostile = liar(Ok(skipping(4)), &[of_action(FinalAction::Hold)]);
        hostile.after = after("");
        hostile.decide = every(calls, hostile.decide).leak();
        let report = verified(&hostile);
        assert_eq!(codes(&report), BTreeSet::from([ALWAYS, "I7"]), "{report}");
        let found = finding(&report, Breach::AnswerDiffers);
        assert_eq!(found.path, Path::SecondOrder);
        assert_eq!(
            report.measured().decisions.first_order,
            report.measured().cells
        );
        let told = [
            "is not answered as in the first order; a fresh instance: ",
            "SKIP, intent normal, effect none, reason `",
        ]
        .concat();
        assert!(found.what.starts_with(&told), "{}", found.what);
        assert!(!report.measured().invariants.contains_key("I7"));
    }
}

#[test]
fn a_policy_that_answers_otherwise_in_batches_is_caught() {
    let mut hostile = liar(Ok(skipping(4)), &[of_action(FinalAction::Hold)]);
    hostile.batch = batch(&[of_action(FinalAction::Skip)]).leak();
    let report = verified(&hostile);
    assert_eq!(codes(&report), BTreeSet::from([ALWAYS, "I7"]), "{report}");
    let path = finding(&report, Breach::AnswerDiffers).path;
    assert!(matches!(path, Path::Batch { .. }), "{path}");
}

#[test]
fn a_policy_that_traps_now_and_then_is_asked_on() {
    let mut hostile = liar(Ok(skipping(5)), &[]);
    hostile.after = after(&every(5000, "unreachable")).to_owned().leak();
    let report = verified(&hostile);
    assert_eq!(
        codes(&report),
        BTreeSet::from([ALWAYS, "I7", "trap"]),
        "{report}"
    );
    let trap = finding(&report, Breach::Trap);
    assert_eq!(
        trap.what,
        "it trapped: it gave up (a panic, or no memory left)"
    );
    assert_eq!(trap.answered, None);
    let run = report.measured();
    assert_eq!(report.stopped(), None);
    assert_eq!(run.outcomes.faults, trap.count.min(run.outcomes.faults));
    assert_eq!(run.decisions.second_order, run.cells);
    assert!(run.decisions.warm_instances > run.outcomes.faults);
}

#[test]
fn a_policy_that_fails_all_the_time_is_stopped() {
    for (after, code) in [
        ("unreachable", "trap"),
        ("(loop $on (br $on))", "out_of_fuel"),
    ] {
        let mut hostile = liar(Ok(skipping(5)), &[]);
        hostile.after = after;
        let report = verified(&hostile);
        assert_eq!(codes(&report), BTreeSet::from([code]), "{report}");
        assert_eq!(report.stopped(), Some(Stop::Faults));
        assert_eq!(report.verdict(), Verdict::Counterexamples);
        assert_eq!(report.measured().decisions.first_order, 4 * 16);
        let said = report.to_string();
        let stopped = "stopped: too many faults; what comes after them was not tried\n";
        assert!(said.contains(stopped), "{said}");
    }
}

#[test]
fn answers_and_batches_that_cannot_be_read_are_found() {
    let mut hostile = liar(
        Ok(skipping(5)),
        &[
            of_action(FinalAction::Hold),
            of_type(TradeType::Risk),
            ACTIVE,
            FLAT,
        ],
    );
    hostile.bad[8] = 7;
    let report = verified(&hostile);
    let example = finding(&report, Breach::BadAnswer);
    assert_eq!(
        example.what,
        "its answer cannot be read: unexpected discriminant: 7"
    );

    let mut hostile = liar(Ok(skipping(5)), &[]);
    hostile.batch = "(i32.store (i32.add (i32.const {list}) (i32.const 4)) (i32.const 2))";
    let report = verified(&hostile);
    assert_eq!(
        codes(&report),
        BTreeSet::from([ALWAYS, "batch_length"]),
        "{report}"
    );
    let example = finding(&report, Breach::BatchLength);
    assert_eq!(
        (example.path, example.what.as_str()),
        (
            Path::Batch { items: 1 },
            "it answered 2 items of a batch of 1"
        )
    );
}

/// A policy that does as the default one, but skips what meets these conditions: every close that
/// it holds up takes two odd figures at once, and is of a type and in a state that they are in
/// together. `verify` finds it by I12, and hands out a request that shows it.
#[track_caller]
fn holds_up_odd_closes(conditions: &str) {
    let route = format!("routes:\n  - odd: {{ when: {{ {conditions} }}, skip: not_today }}\n");
    let document = conformance::DEFAULT_POLICY.replace("routes:\n", &route);
    let component = compose::compose(&document, None).unwrap();
    let policy = taken(&component).unwrap();
    let report = verify(&policy, &mut |_| {}).unwrap();
    assert_eq!(
        codes(&report),
        BTreeSet::from([ALWAYS]),
        "{conditions}\n{report}"
    );
    let example = &report.findings()[0];
    let held_up = "with reason `not_today`";
    assert!(example.what.ends_with(held_up), "{}", example.what);
    let scenario = Scenario::parse(&example.scenario.to_json()).unwrap();
    let mut instance = policy.instantiate().unwrap();
    let (again, _) = instance
        .decide(&scenario.request(), &scenario.state())
        .unwrap();
    let reason = again.unwrap().reason as usize;
    assert_eq!(policy.manifest().reasons[reason], "not_today");
}

/// The bug: pairs of figures on a close were tried for types `auto` and `exit` in state ACTIVE
/// alone, and only of a quantity with a figure of an opening. The fix: mixes.
#[test]
fn closes_held_up_on_two_odd_figures_are_found_in_every_type_and_state() {
    for conditions in [
        r#"action: CLOSE, type: risk, state: HALTED, price: "< 50", stop_loss: "> 1""#,
        r#"action: CLOSE, type: normal, state: REDUCING, equity: "< 5", target_notional: "> 7777""#,
        r#"action: SELL, type: exit, state: ACTIVE, position: long, price: "< 50", stop_loss: "> 1""#,
        r#"action: BUY, type: risk, state: REDUCING, position: short, confidence: "< 0.2", quote_rate: "> 3""#,
        r#"action: CLOSE, type: pilot, state: ACTIVE, signal_score: "< -0.5", take_profit: "< 2""#,
        r#"action: CLOSE, type: exploration, close_quantity: "<= 1", sized: yes"#,
        r#"action: CLOSE, type: risk, state: HALTED, position_quantity: "> 7", price: "< 50""#,
        r#"action: SELL, type: risk, state: HALTED, working_closing: "> 3", equity: "> 77777777""#,
        r#"action: CLOSE, type: auto, state: REDUCING, working_opening: "> 3", risk_reward_ratio: "< 0.1""#,
    ] {
        holds_up_odd_closes(conditions);
    }
}

/// The bug: a name that stands in no manifest was never asked by, so that whoever wrote a component
/// could do as they liked for it. The fix: what could be a name in its code and data is tried.
#[test]
fn a_policy_that_lies_for_a_name_of_its_own_is_caught() {
    let number = |text: &[u8; 8]| i64::from_le_bytes(*text);
    let symbol = "(i64.load (i32.load (local.get $request)))";
    let strategy = "(i64.load (i32.load offset=8 (local.get $request)))";
    for (name, text, data) in [
        (symbol, b"EVIL/USD", false),
        (strategy, b"mean_rev", false),
        (strategy, b"mean_rev", true),
    ] {
        let mut hostile = liar(Ok(skipping(99)), &[of_action(FinalAction::Hold)]);
        let (compared, more) = if data {
            let text = str::from_utf8(text).unwrap();
            (
                "(i64.load (i32.const 512))".to_owned(),
                format!("(data (i32.const 512) \"{text}\")"),
            )
        } else {
            (format!("(i64.const {})", number(text)), String::new())
        };
        hostile.more = more.leak();
        hostile.decide =
            format!("(if (i64.eq {name} {compared}) (then (return (i32.const {{bad}}))))").leak();
        let report = verified(&hostile);
        let example = finding(
            &report,
            Breach::Invariant(execution_router::guard::Invariant::ReasonDeclared),
        );
        let text = str::from_utf8(text).unwrap();
        assert!(
            example.scenario.to_json().contains(&format!("\"{text}\"")),
            "{report}"
        );
        let names = report.measured().names;
        assert!(names.found_tried > 0 && names.declared == 2, "{names:?}");
        assert!(
            report
                .to_string()
                .contains(" names were found in its code and data, ")
        );
    }
}

/// What a rule engine exports besides, so that it is held to its fuel.
const ENGINE: &str = r#"
  (func (export "execution-router:policy/loading@0.1.0#load") (param i32 i32) (result i32) unreachable)
  (func (export "execution-router:policy/routing-json@0.1.0#decide-json") (param i32 i32 i32 i32) (result i32)
    unreachable)"#;

#[test]
fn fuel_that_varies_is_found_where_it_must_not() {
    let wasteful = "(i32.store (i32.const 12) (i32.rem_u (i32.load (i32.const 8)) (i32.const 7)))
        (loop $on (if (i32.load (i32.const 12)) (then
            (i32.store (i32.const 12) (i32.sub (i32.load (i32.const 12)) (i32.const 1))) (br $on))))";
    for (world, more, expected) in [
        ("policy", "", BTreeSet::from([ALWAYS])),
        ("rule-engine", ENGINE, BTreeSet::from([ALWAYS, "I7"])),
    ] {
        let mut hostile = liar(Ok(skipping(5)), &[]);
        (hostile.world, hostile.more) = (world, more);
        hostile.decide = format!("{} {}", after(wasteful), hostile.decide).leak();
        let report = verified(&hostile);
        assert_eq!(codes(&report), expected, "{report}");
        assert_eq!(report.measured().rule_engine, world == "rule-engine");
        if world == "rule-engine" {
            let example = finding(&report, Breach::FuelDiffers);
            assert!(example.what.starts_with("costs "), "{}", example.what);
            assert!(
                example.what.ends_with(" in the first order"),
                "{}",
                example.what
            );
        }
    }
}

#[test]
fn a_report_is_the_same_at_every_run() {
    let hostile = liar(Ok(normal_opening()), &[of_action(FinalAction::Buy)]);
    let timeless = |report: &Report| {
        let text = report.to_json();
        let lines = text
            .lines()
            .filter(|line| !line.contains("\"milliseconds\""));
        lines.collect::<Vec<_>>().join("\n")
    };
    let first = verified(&hostile);
    assert!(first.findings().len() > 4, "{first}");
    assert_eq!(timeless(&first), timeless(&verified(&hostile)));
}

/// Whatever stands in a component's data, or its code, nothing panics: it is not taken, or
/// something is found, or it makes no difference.
#[test]
fn a_byte_that_is_another_panics_nothing() {
    const PLACES: usize = 24;
    let document = include_str!("../../../policies/default/policy.yaml");
    let composed = compose::compose(document, None).unwrap();
    let hostile = liar(Ok(normal_opening()), &[of_action(FinalAction::Sell)]).bytes();
    let mut ends = [0; 3];
    for (component, places) in [(composed, PLACES), (hostile, 4 * PLACES)] {
        for place in 0..places {
            let mut bytes = component.clone();
            let at = bytes.len() * (2 * place + 1) / (2 * places);
            bytes[at] ^= 1 << (place % 8);
            let end = match taken(&bytes) {
                Err(_) => 0,
                Ok(policy) => match verify(&policy, &mut |_| {}).unwrap().verdict() {
                    Verdict::Counterexamples => 1,
                    Verdict::Certified | Verdict::Partial => 2,
                },
            };
            ends[end] += 1;
        }
    }
    assert!(ends.iter().all(|count| *count > 0), "{ends:?}");
}
