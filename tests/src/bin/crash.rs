//! Kills routers: a process that reserves, settles and releases on a durable store is ended with
//! SIGKILL at a random moment, over and over; whatever it had acknowledged must be in the store,
//! once. `cargo run --release -p conformance --bin crash -- --cycles 10000`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where its ground is missing"
)]

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut cycles = 100;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--cycles" => {
                let count = arguments.next().and_then(|count| count.parse().ok());
                cycles = count.expect("`--cycles` takes a count");
            }
            conformance::crash::UNDER_LOAD => {
                let path = arguments.next().expect("a store");
                let seed = arguments.next().and_then(|seed| seed.parse().ok());
                return conformance::crash::load(path.as_ref(), seed.expect("a seed"));
            }
            other => panic!("`{other}` is no argument: `--cycles COUNT` is"),
        }
    }
    let program = std::env::current_exe().expect("this program");
    let report = conformance::crash::run(&program, cycles, &mut |line| println!("{line}"));
    println!("{report}");
}
