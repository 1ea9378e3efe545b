//! Components that are not taken as policies at all.

use execution_router::policy::Policy;
use execution_router::{Cache, Compiler, Loader, SandboxProfile};
use router_guest::amount::Amount;
use router_guest::decision::OrderIntent;
use router_guest::manifest::{Manifest, Window};

use crate::bench::{Bench, SOUND, amount, sound_request};
use crate::component::{BendImage, Hostile, taken};

/// What is said of a component that is not taken.
#[track_caller]
fn not_taken(hostile: &Hostile, message: &str) {
    let refused = taken(&hostile.bytes());
    assert_eq!(refused.expect_err(message).to_string(), message);
}

#[track_caller]
fn no_manifest(bend: impl FnOnce(&mut Manifest), message: &str) {
    let mut hostile = Hostile::new();
    bend(&mut hostile.manifest);
    not_taken(
        &hostile,
        &format!("the policy's manifest is not sound: {message}"),
    );
}

#[test]
fn manifests_that_cannot_be() {
    no_manifest(|it| it.schema = 2, "its schema is 2, and this host reads 1");
    let bytes = "must have 1 to 64 bytes, and no control characters";
    no_manifest(|it| it.name.clear(), &format!("the name `` {bytes}"));
    no_manifest(
        |it| it.version = "v".repeat(65),
        &format!("the version `{}` {bytes}", "v".repeat(64)),
    );
    no_manifest(
        |it| it.account_currency = "US\nDT".to_owned(),
        &format!("the account currency `US\\nDT` {bytes}"),
    );
    no_manifest(
        |it| it.reasons[1].clear(),
        &format!("the reason `` {bytes}"),
    );
    no_manifest(
        |it| it.reasons[1] = "opened".to_owned(),
        "the reason `opened` stands twice",
    );
    no_manifest(
        |it| it.rules = (0..8193).map(|rule| format!("r{rule}")).collect(),
        "it has 8193 of rule, and 8192 are the bound",
    );
    no_manifest(
        |it| it.reasons = (0..8193).map(|reason| format!("r{reason}")).collect(),
        "it has 8193 of reason, and 8192 are the bound",
    );
}

#[test]
fn tiers_budgets_and_symbols_that_cannot_be() {
    no_manifest(
        |it| it.tiers = vec![it.tiers[0].clone(); 16],
        "it has 16 of tier, and 15 are the bound",
    );
    no_manifest(
        |it| it.tiers[0].size = amount("1.01"),
        "the size of tier `explore` must be above 0 and at most 1",
    );
    no_manifest(
        |it| it.tiers[0].size = Amount::ZERO,
        "the size of tier `explore` must be above 0 and at most 1",
    );
    no_manifest(
        |it| it.tiers[0].budget = Some(1),
        "tier `explore` names a budget that there is not",
    );
    no_manifest(
        |it| it.tiers[0].intent = OrderIntent::Risk,
        "tier `explore` has an intent that only closes",
    );
    no_manifest(
        |it| it.budgets[0].zone = "Mars/Olympus".to_owned(),
        "budget `exploration` has the time zone `Mars/Olympus`, which is not known",
    );
    no_manifest(
        |it| {
            it.budgets[0].amount = None;
            it.budgets[0].percent = None;
            it.budgets[0].orders = None;
        },
        "budget `exploration` has no limit",
    );
    let seconds = "the window of budget `exploration` must have 1 to 31622400 seconds";
    no_manifest(
        |it| it.budgets[0].window = Window::Rolling { seconds: 0 },
        seconds,
    );
    no_manifest(
        |it| it.budgets[0].window = Window::Rolling { seconds: u32::MAX },
        seconds,
    );
    no_manifest(
        |it| it.symbols[0].step = Some(Amount::ZERO),
        "step and minimums of symbol `BTC/USDT` must be above 0",
    );
    no_manifest(
        |it| it.symbols[1] = it.symbols[0].clone(),
        "the symbol `BTC/USDT` stands twice",
    );
    for score in [f64::NAN, f64::INFINITY] {
        no_manifest(
            |it| it.score_thresholds[0].1 = score,
            "a score's threshold is not finite",
        );
    }
}

#[test]
fn components_that_do_not_say_what_they_are() {
    let silent = "the policy does not say what it is: ";
    for (describe, what) in [
        (
            "unreachable",
            "it trapped: it gave up (a panic, or no memory left)",
        ),
        (
            "(loop $on (br $on))",
            "it ran out of fuel: 100000000 units are its bound",
        ),
        (
            "(return (i32.const -4))",
            "its answer cannot be read: pointer out of bounds of memory",
        ),
        (
            "(return (i32.const 1025))",
            "its answer cannot be read: return pointer not aligned",
        ),
    ] {
        not_taken(
            &Hostile {
                describe,
                ..Hostile::new()
            },
            &format!("{silent}{what}"),
        );
    }
}

#[test]
fn components_that_do_not_start() {
    let silent = "the policy does not say what it is: ";
    for (start, what) in [
        (
            "unreachable",
            "it trapped: it gave up (a panic, or no memory left)",
        ),
        (
            "(loop $on (br $on))",
            "it ran out of fuel: 100000000 units are its bound",
        ),
    ] {
        not_taken(
            &Hostile {
                start,
                ..Hostile::new()
            },
            &format!("{silent}{what}"),
        );
    }
    let greedy = Hostile {
        memory: "257",
        ..Hostile::new()
    };
    not_taken(
        &greedy,
        "the component has 16842752 bytes of memory from its start, and 16777216 are the bound \
         of profile `strict`; profile `large` takes 268435456",
    );
}

#[test]
fn manifests_that_cannot_be_read() {
    let silent = "the policy does not say what it is: ";
    let bends: [(BendImage, &str); 4] = [
        // The length of the reasons, the address of the name, the name's bytes, a window.
        (
            |image, at| image[at + 32..at + 36].fill(0x7f),
            "its answer cannot be read: list pointer/length out of bounds of memory",
        ),
        (
            |image, at| image[at + 4..at + 8].fill(0xff),
            "its answer cannot be read: string pointer/length out of bounds of memory",
        ),
        (
            |image, _| image[0] = 0xff,
            "its answer cannot be read: invalid utf-8 sequence of 1 bytes from index 0",
        ),
        (
            |image, at| image[at + 56] = 200,
            "its answer cannot be read: string pointer/length out of bounds of memory",
        ),
    ];
    for (bend_image, what) in bends {
        not_taken(
            &Hostile {
                bend_image,
                ..Hostile::new()
            },
            &format!("{silent}{what}"),
        );
    }
}

#[test]
fn the_large_profile_takes_more_and_keeps_apart_what_it_compiled() {
    let component = Hostile {
        memory: "257",
        ..Hostile::new()
    }
    .bytes();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let loader = Loader::new(&cache).compiler(Compiler::in_process());
    let large = loader.clone().profile(SandboxProfile::Large);
    for _ in 0..2 {
        let policy = large.component(&component).unwrap();
        assert_eq!(policy.profile(), SandboxProfile::Large);
        let bench = Bench::new(policy);
        assert_eq!(bench.decide(&sound_request()), SOUND);
        // What was compiled for one profile is nothing to the other.
        assert!(loader.component(&component).is_err());
    }
    assert_eq!(
        taken(&component).unwrap_err().to_string().lines().count(),
        1
    );
}

#[test]
fn a_foreign_component_is_not_compiled_where_nobody_can_compile_it_apart() {
    let cache = Cache::disabled();
    let error = Policy::from_component(&Hostile::new().bytes(), &cache).unwrap_err();
    assert!(!error.blames_policy());
    assert_eq!(
        error.to_string(),
        "the component could not be compiled: there is no program `execution-router` beside this \
         one to compile foreign components apart; say where it is, or that they are to be \
         compiled in this process"
    );
    // What this program composes is its own, and needs nobody.
    assert!(Policy::from_document(conformance::DEFAULT_POLICY, None, &cache).is_ok());
}
