//! Random sequences of what can happen to a ledger, one operation after the other.

use conformance::ledger::pair::Seen;
use conformance::ledger::run::explore;

/// Operations here; the documented run has fifty times as many and more.
const OPERATIONS: u64 = 200_000;
/// How often each thing must have come up.
const OFTEN: u64 = 100;

#[test]
fn the_ledger_does_what_the_model_does() {
    let seen = explore(2026, OPERATIONS, None, |_| {})
        .unwrap_or_else(|failure| panic!("{}\n{:#?}", failure.difference, failure.sequence));
    let Seen {
        operations,
        grants,
        over_limit,
        orders_spent,
        too_large,
        given_up,
        repeats,
        duplicates,
        fills,
        known_events,
        overruns,
        side_mismatches,
        releases,
        unknown,
        swaps,
        set_back,
        expired,
        above_limit,
    } = seen;
    assert!(operations >= OPERATIONS);
    // A run that never got anywhere would agree, too.
    for (what, times) in [
        ("grants", grants),
        ("claims over the limit", over_limit),
        ("claims past the limit on orders", orders_spent),
        ("claims too large", too_large),
        ("grants given up", given_up),
        ("repeats", repeats),
        ("duplicate ids", duplicates),
        ("fills", fills),
        ("known events", known_events),
        ("overruns", overruns),
        ("fills on another side", side_mismatches),
        ("releases", releases),
        ("unknown reservations", unknown),
        ("swaps", swaps),
        ("clocks set back", set_back),
        ("times that were over", expired),
        ("budgets above a limit", above_limit),
    ] {
        assert!(times >= OFTEN, "{what}: {times}");
    }
}
