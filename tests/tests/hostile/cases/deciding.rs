//! Components that attack while they decide: they run on, take what there is, or trap. On requests
//! whose symbol begins with `E`; where it says so, on every one.

use execution_router::policy::Policy;
use execution_router::sandbox::LIMITS;
use execution_router::{Cache, Compiler, Loader};
use router_guest::request::{FinalAction, TradeType};
use router_guest::state::{State, TradingState};

use crate::bench::flat;
use crate::component::Hostile;
use crate::table::{Asked, Case};

/// Runs this, then gives the sound answer.
fn deciding(name: &'static str, decide: &'static str) -> Case {
    with(name, decide, "")
}

fn with(name: &'static str, decide: &'static str, more: &'static str) -> Case {
    Case::new(name, move || {
        Hostile {
            decide,
            more,
            ..Hostile::new()
        }
        .bytes()
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = endless();
    all.extend(fuel());
    all.extend(traps());
    all.extend(remembering());
    all
}

fn endless() -> Vec<Case> {
    let around = |name, hostile: fn() -> Hostile| Case::new(name, move || hostile().bytes());
    vec![
        deciding("an endless loop in decide", "(loop $on (br $on))"),
        around("an endless loop in realloc, at every request", || Hostile {
            realloc: "(loop $on (br $on))",
            // What describes allocates nothing.
            ..Hostile::new()
        }),
        around("an endless loop in post-return, at every request", || Hostile {
            after: "(loop $on (br $on))",
            ..Hostile::new()
        }),
        deciding(
            "memory.fill of 16 MiB, over and over",
            "(drop (memory.grow (i32.const 250)))
             (loop $on (memory.fill (i32.const 0x60000) (i32.const 1) (i32.const 0xfa0000)) (br $on))",
        ),
        deciding(
            "memory.copy of 8 MiB, over and over",
            "(drop (memory.grow (i32.const 250)))
             (loop $on (memory.copy (i32.const 0x60000) (i32.const 0x860000) (i32.const 0x700000)) (br $on))",
        ),
        deciding(
            "table.fill of 10,000, over and over",
            "(drop (table.grow (ref.null func) (i32.const 9999)))
             (loop $on (table.fill (i32.const 0) (ref.null func) (i32.const 10000)) (br $on))",
        ),
        deciding(
            "memory grown without end",
            "(loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
               (drop (memory.grow (i32.const 0))) (br $on))",
        ),
        deciding(
            "memory grown to its bound, touched and answered",
            "(loop $on (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
             (memory.fill (i32.const 0x60000) (i32.const 1) (i32.const 0x200000))
             (return (i32.const {sound}))",
        ),
        deciding(
            "a table grown without end",
            "(loop $on (br_if $on (i32.ne (table.grow (ref.null func) (i32.const 1)) (i32.const -1)))
               (drop (table.grow (ref.null func) (i32.const 0))) (br $on))",
        ),
        deciding("infinite recursion", "(return (call $answer (local.get $request)))"),
        with(
            "mutual recursion",
            "(call $here)",
            "(func $here (call $there)) (func $there (call $here))",
        ),
        with("frames of 8 KB each", "(call $frame (i64.const 1))", FRAMES.get()),
    ]
}

/// A function whose thousand values all live across its call of itself.
struct Frames(std::sync::OnceLock<String>);

static FRAMES: Frames = Frames(std::sync::OnceLock::new());

impl Frames {
    fn get(&'static self) -> &'static str {
        self.0.get_or_init(|| {
            const VALUES: usize = 990;
            // Read before the call and needed after it: nothing but the frame can keep them.
            let set: String = (1..=VALUES)
                .map(|at| format!("(local.set {at} (i64.load (i32.const {})))", at * 8))
                .collect();
            let keep: String = (1..=VALUES)
                .map(|at| format!("(i64.store (i32.const {}) (local.get {at}))", at * 8))
                .collect();
            let locals = "i64 ".repeat(VALUES);
            format!(
                "(func $frame (param i64) (local {locals}) {set} (call $frame (local.get 1)) {keep})"
            )
        })
    }
}

/// Spends as much as it is told, before it answers.
fn spending(rounds: u64, more: u64) -> Vec<u8> {
    let decide = format!(
        "(call $burn (i64.const {rounds})) {} (call $checked) (return (i32.const {{sound}}))",
        "(drop (i32.const 0)) ".repeat(usize::try_from(more).unwrap())
    );
    Hostile {
        decide: decide.leak(),
        more: "(func $checked)
          (func $burn (param i64)
            (loop $on (local.set 0 (i64.sub (local.get 0) (i64.const 1)))
              (br_if $on (i64.ne (local.get 0) (i64.const 0)))))",
        ..Hostile::new()
    }
    .bytes()
}

fn spent(component: &[u8]) -> u64 {
    let cache = Cache::disabled();
    let loader = Loader::new(&cache).compiler(Compiler::in_process());
    let policy: Policy = loader.component(component).unwrap();
    let request = flat(FinalAction::Buy, TradeType::Exploration);
    let state = State {
        trading_state: TradingState::Active,
        budgets: Some(&[]),
    };
    policy
        .instantiate()
        .unwrap()
        .decide(&request.seen(), &state)
        .unwrap()
        .1
}

/// A component whose decision takes the bound and so much besides.
fn spending_the_bound(besides: i64) -> Vec<u8> {
    const ROUNDS: u64 = 1000;
    let (one, two) = (spent(&spending(ROUNDS, 0)), spent(&spending(2 * ROUNDS, 0)));
    let each = (two - one) / ROUNDS;
    let bound = LIMITS.decide_fuel_max.checked_add_signed(besides).unwrap();
    let left = bound - (one - ROUNDS * each);
    spending(left / each, left % each)
}

fn fuel() -> Vec<Case> {
    vec![
        Case::new("a decision that takes the bound on fuel but one", || {
            spending_the_bound(-1)
        }),
        Case::new("a decision that takes the bound on fuel", || {
            spending_the_bound(0)
        }),
        Case::new("a decision that takes the bound on fuel and one", || {
            spending_the_bound(1)
        }),
    ]
}

fn traps() -> Vec<Case> {
    vec![
        deciding("unreachable", "unreachable"),
        deciding(
            "a division by zero",
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
        ),
        deciding(
            "an overflow",
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
        ),
        deciding(
            "a conversion of NaN",
            "(drop (i32.trunc_f64_s (f64.const nan)))",
        ),
        deciding(
            "a conversion of 1e30",
            "(drop (i64.trunc_f64_u (f64.const 1e30)))",
        ),
        deciding("a load out of bounds", "(drop (i32.load (i32.const -4)))"),
        deciding(
            "a fill out of bounds",
            "(memory.fill (i32.const -16) (i32.const 1) (i32.const 64))",
        ),
        deciding(
            "a copy out of the table's bounds",
            "(table.copy (i32.const 0) (i32.const 1) (i32.const 7))",
        ),
        deciding(
            "a remainder of nothing",
            "(drop (i64.rem_s (i64.const 1) (i64.const 0)))",
        ),
        deciding(
            "an element out of bounds",
            "(drop (table.get (i32.const 1000)))",
        ),
        deciding(
            "a call of no function",
            "(return (call_indirect (type $decide) (local.get $request) (i32.const 0)))",
        ),
        with(
            "a call of a function of another type",
            "(table.set (i32.const 0) (ref.func $other))
             (return (call_indirect (type $decide) (local.get $request) (i32.const 0)))",
            "(elem declare func $other) (func $other)",
        ),
        deciding(
            "a call out of the table's bounds",
            "(return (call_indirect (type $decide) (local.get $request) (i32.const 77)))",
        ),
        Case::new("a trap at every second request", || {
            Hostile {
                after: "(i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
                        (if (i32.eq (i32.load (i32.const 8)) (i32.const 2)) (then unreachable))",
                ..Hostile::new()
            }
            .bytes()
        }),
    ]
}

/// Counts the requests of an instance at 8.
const COUNT: &str = "(i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))";

fn remembering() -> Vec<Case> {
    let remembers = |name, when: &'static str, then: &'static str| {
        Case::new(name, move || {
            let decide = format!("(if {when} (then {then}))");
            Hostile {
                sound: crate::image::answer_bytes(&Ok(crate::bench::skipping(5))),
                bad: crate::image::answer_bytes(&Ok(crate::bench::skipping(4))),
                memory: "32",
                decide: decide.leak(),
                after: COUNT,
                ..Hostile::new()
            }
            .bytes()
        })
        .asked(Asked::Domain)
    };
    vec![
        remembers(
            "an answer that changes with the number of requests",
            "(i32.eqz (i32.rem_u (i32.load (i32.const 8)) (i32.const 3)))",
            "(return (i32.const {bad}))",
        ),
        Case::new("an answer that goes by the request before", || {
            Hostile {
                sound: crate::image::answer_bytes(&Ok(crate::bench::skipping(5))),
                bad: crate::image::answer_bytes(&Ok(crate::bench::skipping(4))),
                memory: "32",
                // The first byte of the terms is the action; that of the last request is at 8.
                decide: "(i32.store (i32.const 12) (i32.load (i32.const 8)))
                         (i32.store (i32.const 8) (i32.load8_u offset=16 (local.get $request)))
                         (if (i32.eq (i32.load (i32.const 12)) (i32.const 4))
                           (then (return (i32.const {bad}))))",
                ..Hostile::new()
            }
            .bytes()
        })
        .asked(Asked::Domain),
        Case::new("13 MB in answer to a batch", || {
            Hostile {
                sound: crate::image::answer_bytes(&Ok(crate::bench::skipping(5))),
                memory: "240",
                batch: "(i32.store (i32.add (i32.const {list}) (i32.const 4)) (i32.const 100000))",
                ..Hostile::new()
            }
            .bytes()
        })
        .asked(Asked::Domain),
        remembers(
            "a trap at every 5,000th request",
            "(i32.eq (i32.load (i32.const 8)) (i32.const 4999))",
            "unreachable",
        ),
    ]
}
