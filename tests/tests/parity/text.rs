//! `routing-json`, called as an embedder would, against the same function run natively.

use conformance::generate::Numbers;
use conformance::generate_line::{line, state};
use conformance::{DEFAULT_POLICY, variant_policy};
use execution_router::compose;
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::json;

/// A component of the rule engine, called as an embedder would: by name, text in, text out.
struct Embedded {
    store: wasmtime::Store<()>,
    decide_json: wasmtime::component::TypedFunc<(String, String), (String,)>,
}

const FUEL: u64 = 1 << 40;

impl Embedded {
    fn new(component: &[u8]) -> Self {
        let mut config = wasmtime::Config::new();
        config.consume_fuel(true);
        let engine = wasmtime::Engine::new(&config).unwrap();
        let component = wasmtime::component::Component::new(&engine, component).unwrap();
        Self::of(&engine, &component)
    }

    fn of(engine: &wasmtime::Engine, component: &wasmtime::component::Component) -> Self {
        let mut store = wasmtime::Store::new(engine, ());
        store.set_fuel(FUEL).unwrap();
        let instance = wasmtime::component::Linker::new(engine)
            .instantiate(&mut store, component)
            .unwrap();
        let interface = component
            .get_export_index(None, "execution-router:policy/routing-json@0.1.0")
            .unwrap();
        let function = component
            .get_export_index(Some(&interface), "decide-json")
            .unwrap();
        let decide_json = instance.get_typed_func(&mut store, function).unwrap();
        Self { store, decide_json }
    }

    fn decide(&mut self, request: &str, state: &str) -> (String, u64) {
        self.store.set_fuel(FUEL).unwrap();
        let arguments = (request.to_owned(), state.to_owned());
        let (answer,) = self.decide_json.call(&mut self.store, arguments).unwrap();
        (answer, FUEL - self.store.get_fuel().unwrap())
    }
}

#[test]
fn text_in_text_out_is_the_same_text() {
    let mut numbers = Numbers::new(60);
    let recorded = [
        include_str!("../../data/btc_usdt_2022-01.jsonl"),
        include_str!("../../data/altcoins_2018-01.jsonl"),
    ];
    for text in [DEFAULT_POLICY.to_owned(), variant_policy()] {
        let native = Engine::new(Document::parse(&text).unwrap().table()).unwrap();
        let component = compose::compose(&text, None).unwrap();
        let mut embedded = Embedded::new(&component);
        let mut lines: Vec<String> = recorded
            .iter()
            .flat_map(|text| text.lines())
            .map(str::to_owned)
            .collect();
        lines.extend((0..20_000).map(|_| line(&mut numbers)));
        let (mut decided, mut refused) = (0_u32, 0_u32);
        for line in &lines {
            let state = state(&mut numbers, 1);
            let expected = json::decide_json(&native, line, &state);
            assert_eq!(embedded.decide(line, &state).0, expected, "{line} {state}");
            if expected.contains("\"error\":") {
                refused += 1
            } else {
                decided += 1
            }
        }
        println!("{decided} decided, {refused} refused");
        assert!(
            decided > 10_000 && refused > 3_000,
            "{decided} and {refused}"
        );
    }
}

#[test]
fn text_costs_the_same_fuel_whatever_went_before() {
    let mut numbers = Numbers::new(61);
    let component = compose::compose(&variant_policy(), None).unwrap();
    let mut config = wasmtime::Config::new();
    config.consume_fuel(true);
    let engine = wasmtime::Engine::new(&config).unwrap();
    let component = wasmtime::component::Component::new(&engine, component).unwrap();
    let mut warm = Embedded::of(&engine, &component);
    let long = format!("{{\"tags\":{{\"a\":\"{}\"}}}}", "x".repeat(60_000));
    for _ in 0..400 {
        let (line, state) = (line(&mut numbers), state(&mut numbers, 1));
        let fresh = Embedded::of(&engine, &component).decide(&line, &state);
        assert_eq!(warm.decide(&line, &state), fresh, "{line}");
        warm.decide(&long, &state);
        assert_eq!(warm.decide(&line, &state), fresh, "{line}");
    }
}
