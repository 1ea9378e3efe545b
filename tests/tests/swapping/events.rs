//! The file of events: every kind of them, as it is written.

use std::fs;

use conformance::{DEFAULT_POLICY, run};
use execution_router::TradingState;
use execution_router::events::{Event, EventFile, Incident};
use execution_router::router::Probation;

use crate::support::*;

#[test]
fn every_kind_of_event_as_it_is_written() {
    let bench = Bench::with(
        &candidate(DEFAULT_POLICY),
        Probation {
            decisions: 1,
            faults: 1,
            window_decisions: 1,
        },
    );
    let router = &bench.router;
    router.set_trading_state(TradingState::Halted, Some(noon()));
    bench.decide(&pilot("p1"));
    bench.decide(&pilot("p2"));
    router
        .swap_file("/nowhere/policy.yaml".as_ref(), "watch")
        .unwrap_err();
    router.swap(&violating(), "ops").unwrap();
    bench.decide(&close("evil"));
    router.swap(&gaping(), "ops").unwrap();
    bench.decide(&buy("gap"));
    let alone = Bench::new(&gaping());
    alone.decide(&pilot_of("gap", "p3"));
    let mut told = bench.told();
    told.extend(alone.told());
    told.push(Event::HostFault(Incident {
        policy: router.policy(),
        request: Some("p4".to_owned()),
        what: "no instance of the policy could be made: no room".to_owned(),
    }));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    for event in &told {
        // Opened anew each time: what is there stays.
        let file = EventFile::open(&path, Box::new(Stopped(noon()))).unwrap();
        file.write(event).unwrap();
    }
    let mut written = fs::read_to_string(&path).unwrap();
    for (digest, name) in [
        (candidate(DEFAULT_POLICY).digest(), "<default>"),
        (violating().digest(), "<violating>"),
        (gaping().digest(), "<gaping>"),
    ] {
        written = written.replace(&digest.to_string(), name);
    }
    let expected = run::data_folder().join("events.jsonl");
    run::compare(&written, &expected).unwrap_or_else(|difference| panic!("{difference}"));
    for line in written.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in ["at", "event", "what", "do"] {
            assert!(event[field].is_string(), "{field} of {line}");
        }
    }
}
