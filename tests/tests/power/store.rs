//! The durable store on a disk whose power goes: a few cycles of what `store-cycles power` does
//! by the thousand.

use conformance::store::power::run;
use conformance::store::variants::Variants;
use execution_router::Cache;

const CYCLES: u64 = 50;

#[test]
fn a_store_keeps_what_it_answered_through_power_cuts() {
    let cache = || Cache::at(concat!(env!("CARGO_TARGET_TMPDIR"), "/power"));
    let variants = Variants::load(cache).unwrap();
    let seen = run(2026, CYCLES, 8, &variants).unwrap_or_else(|finding| panic!("{finding}"));
    assert_eq!(seen.cycles, CYCLES);
    assert!(seen.acknowledged > CYCLES * 10, "{seen:?}");
    // Swaps are few: one is refused where it cannot be written.
    assert!(seen.swaps > 0 && seen.expired > 10, "{seen:?}");
    assert!(seen.cut > 10 && seen.recovery_cuts > 10, "{seen:?}");
}
