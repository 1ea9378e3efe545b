//! A hundred kills of a process under load: nothing that it acknowledged is lost or counted
//! twice. `cargo run --release -p conformance --bin crash -- --cycles 10000` does more.

#[test]
fn a_hundred_kills_lose_nothing() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_crash"));
    let report = conformance::crash::run(program, 100, &mut |_| {});
    assert_eq!(report.cycles, 100);
    assert!(
        report.reservations > 100 && report.fills > 0 && report.releases > 0,
        "{report}"
    );
}
