//! The default routing written by hand in other languages: certified, no different from the policy
//! document, and swapped in and out of a router that decides meanwhile.
//!
//! Rust is built here. JavaScript is built by `tests/policies/build`, which needs its toolchain: its
//! tests run where that has been done, and fail where `POLICY_TOOLCHAINS` says that it has.

#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it fails"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use conformance::DEFAULT_POLICY;
use execution_router::gate::Gate;
use execution_router::verify::{self, Verdict};
use execution_router::{
    Amount, Cache, Candidate, Compiler, Decision, FinalAction, Loader, Policy, Position,
    PositionSide, Request, Router, SandboxProfile, TradeType, diff, encode,
};

const THREADS: usize = 2;
/// Of the budget of 3 % of 10,000, each pilot that is granted takes 0.4.
const GRANTS: usize = 750;

fn folder(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("policies")
        .join(language)
}

/// A policy that was written by hand, and the bounds that it is held to.
struct Written {
    component: Vec<u8>,
    profile: SandboxProfile,
}

impl Written {
    fn in_rust() -> Self {
        let run = |arguments: &[&str]| {
            let mut cargo = Command::new(env!("CARGO"));
            for (name, _) in std::env::vars() {
                if name.starts_with("CARGO_") && name != "CARGO_HOME" || name == "RUSTFLAGS" {
                    cargo.env_remove(name);
                }
            }
            cargo
                .args(arguments)
                .args(["--release", "--locked", "--target-dir"]);
            cargo.arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/policies"));
            let ended = cargo.current_dir(folder("rust")).status().unwrap();
            assert!(ended.success(), "cargo {arguments:?}: {ended}");
        };
        run(&["test", "--quiet"]);
        run(&["build", "--quiet", "--target", "wasm32-unknown-unknown"]);
        let module = concat!(
            env!("CARGO_TARGET_TMPDIR"),
            "/policies/wasm32-unknown-unknown/release/default_in_rust.wasm"
        );
        Self {
            component: encode::encode(&std::fs::read(module).unwrap()).unwrap(),
            profile: SandboxProfile::Strict,
        }
    }

    /// None where its toolchain has not been here, and need not have been.
    fn in_javascript() -> Option<Self> {
        let path = folder("javascript").join("policy.wasm");
        match std::fs::read(&path) {
            Ok(component) => Some(Self {
                component,
                profile: SandboxProfile::Large,
            }),
            Err(error) => {
                let must_be_there = std::env::var_os("POLICY_TOOLCHAINS").is_some();
                assert!(!must_be_there, "{}: {error}", path.display());
                eprintln!("not tried: {} is not built", path.display());
                None
            }
        }
    }

    fn policy(&self) -> Policy {
        let cache = cache();
        let loader = Loader::new(&cache)
            .compiler(compiler())
            .profile(self.profile);
        loader.component(&self.component).unwrap()
    }

    fn candidate(&self) -> Candidate {
        Candidate::of_component(self.component.clone()).in_profile(self.profile)
    }

    /// Certified, and told apart from the document by no request of either one's domain.
    #[track_caller]
    fn routes_as_the_document_does(&self) {
        let cache = cache();
        let policy = self.policy();
        let report = verify::verify(&policy, &mut |_| {}).unwrap();
        assert_eq!(report.verdict(), Verdict::Certified, "{report}");
        // So that the router's gate need not do it again.
        cache.keep_certificate(&report).unwrap();
        let document = Policy::from_document(DEFAULT_POLICY, None, &cache).unwrap();
        let trial = diff::compare(&document, &policy).unwrap();
        assert!(trial.difference.is_empty(), "{}", diff::write_trial(&trial));
        assert!(trial.cells > 500_000, "{} cells", trial.cells);
    }
}

fn cache() -> Cache {
    Cache::at(concat!(env!("CARGO_TARGET_TMPDIR"), "/languages"))
}

fn compiler() -> Compiler {
    Compiler::child(env!("CARGO_BIN_EXE_policy-compiler"))
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn buy(trade_type: TradeType) -> Request<'static> {
    Request::builder(FinalAction::Buy, "BTC/USDT", "trend")
        .timestamp("2026-03-02T12:00:00Z".parse().unwrap())
        .trade_type(trade_type)
        .position(None)
        .price(amount("100"))
        .target_notional(amount("1"))
        .equity(amount("10000"))
        .build()
        .unwrap()
}

fn close() -> Request<'static> {
    let position = Position {
        side: PositionSide::Long,
        quantity: amount("2"),
    };
    Request::builder(FinalAction::Close, "BTC/USDT", "trend")
        .position(Some(position))
        .build()
        .unwrap()
}

fn said(decision: &Decision) -> (&str, Option<Amount>, &str) {
    let policy = decision.policy().expect("no decision is lost");
    (
        decision.reason(),
        decision.quantity(),
        &policy.manifest.name,
    )
}

/// Decides until it is over: closes and normal openings as always, pilots as long as the budget lasts.
/// Answers how many were granted, and by whom there were decisions.
fn decide(router: &Router, is_over: &AtomicBool) -> (usize, BTreeSet<String>) {
    let (mut granted, mut authors) = (0, BTreeSet::new());
    while !is_over.load(Ordering::Acquire) {
        let closed = router.decide(&close()).unwrap();
        let (reason, quantity, author) = said(&closed);
        assert_eq!((reason, quantity), ("close_long", Some(amount("2"))));
        authors.insert(author.to_owned());
        let opened = router.decide(&buy(TradeType::Normal)).unwrap();
        assert_eq!(said(&opened).0, "open_long");
        assert!(opened.budget().is_none());
        let pilot = router.decide(&buy(TradeType::Pilot)).unwrap();
        match said(&pilot).0 {
            "open_long" => granted += 1,
            reason => assert_eq!(reason, "exploration_limit"),
        }
    }
    (granted, authors)
}

/// default → the other → default, under traffic, as often as is asked.
fn swapped_in_and_out(others: &[&Written], rounds: usize) {
    let document = Candidate::of_document(DEFAULT_POLICY, None, &cache()).unwrap();
    let live = Policy::from_document(DEFAULT_POLICY, None, &cache()).unwrap();
    let gate = Gate::new(cache())
        .compiler(compiler())
        .worst_fuel_max(10_000_000);
    let router = Router::new(live).unwrap().gate(gate);
    let is_over = AtomicBool::new(false);
    let (mut granted, mut authors) = (0, BTreeSet::new());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| decide(&router, &is_over)))
            .collect();
        for _ in 0..rounds {
            for other in others {
                router.swap(&other.candidate(), "test").unwrap();
                let decision = router.decide(&close()).unwrap();
                assert_ne!(said(&decision).2, "default");
                router.swap(&document, "test").unwrap();
            }
        }
        is_over.store(true, Ordering::Release);
        for thread in threads {
            let (count, seen) = thread.join().unwrap();
            granted += count;
            authors.extend(seen);
        }
    });
    assert_eq!(authors.len(), 1 + others.len(), "{authors:?}");
    let swaps = 2 * rounds * others.len();
    // Whoever granted them: what all of them hold is the budget's, to the last.
    let last = loop {
        let pilot = router.decide(&buy(TradeType::Pilot)).unwrap();
        assert_eq!(pilot.policy().unwrap().generation, swaps as u64 + 1);
        match pilot.reason() {
            "open_long" => granted += 1,
            _ => break pilot,
        }
    };
    assert_eq!(granted, GRANTS);
    assert_eq!(last.budget().unwrap().reserved, amount("300"));
}

#[test]
fn by_hand_in_rust() {
    let rust = Written::in_rust();
    rust.routes_as_the_document_does();
    swapped_in_and_out(&[&rust], 20);
}

#[test]
fn by_hand_in_javascript() {
    let Some(javascript) = Written::in_javascript() else {
        return;
    };
    javascript.routes_as_the_document_does();
    swapped_in_and_out(&[&Written::in_rust(), &javascript], 5);
}
