//! `routing-json`, called as an embedder would, against the same function run natively.

use conformance::generate::{self, Numbers};
use conformance::{DEFAULT_POLICY, generate_policy, variant_policy};
use execution_router::compose;
use router_guest::document::Document;
use router_guest::engine::Engine;
use router_guest::json;
use router_guest::request::{OrderTerms, Request};
use router_guest::state::BudgetUse;

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

/// A request as a line, with faults and odd spellings now and then.
fn line(numbers: &mut Numbers) -> String {
    let Request {
        symbol,
        strategy,
        terms,
    } = generate_policy::request(numbers);
    let action = *numbers.choose(&["BUY", "SELL", "Hold", "skip", "CLOSE", "STRONG_BUY", "buy"]);
    let trade_type = terms.trade_type.word();
    let mut text = format!(
        "{{\"id\":\"a-{}\",\"final_action\":\"{action}\",\"symbol\":\"{symbol}\",\"strategy\":\"{strategy}\",\"trade_type\":\"{trade_type}\"",
        numbers.below(1_000)
    );
    match terms.position {
        Some(position) => {
            text += &format!(
                ",\"position\":{{\"side\":\"{}\",\"quantity\":{}}}",
                position.side.word(),
                position.quantity
            );
        }
        None if numbers.once_in(20) => {}
        None => text += ", \"position\": null",
    }
    figures(numbers, &terms, &mut text);
    let odd = [
        ",\"sized\":true",
        ",\"sized\":1",
        ",\"tags\":{\"a\":\"\\u00e9 \\\"\"}",
        ",\"colour\":2",
        ",\"price\":NaN",
        ",\"confidence\":-Infinity",
        ",\"id\":\"\"",
    ];
    if numbers.once_in(8) {
        text += *numbers.choose::<&str>(&odd);
    }
    let closing = terms.working.closing;
    text += &format!(
        ",\"working\":{{\"closing\":\"{closing}\",\"opening\":{}}}}}",
        terms.working.opening
    );
    if numbers.once_in(60) {
        let cut = usize::try_from(numbers.below(text.len() as u64)).unwrap();
        text.truncate(cut);
    }
    text
}

/// Amounts and scores, spelled as numbers or as strings.
fn figures(numbers: &mut Numbers, terms: &OrderTerms, text: &mut String) {
    for (key, amount) in [
        ("close_quantity", terms.close_quantity),
        ("price", terms.price),
        ("target_notional", terms.target_notional),
        ("equity", terms.equity),
        ("quote_rate", terms.quote_rate),
        ("stop_loss", terms.stop_loss),
        ("take_profit", terms.take_profit),
    ] {
        if let Some(amount) = amount {
            let spelled = *numbers.choose(&["", "\"", "-", "e2", "x"]);
            *text += &match spelled {
                "-" if numbers.once_in(20) => format!(",\"{key}\":-{amount}"),
                "x" if numbers.once_in(20) => format!(",\"{key}\":\"{amount}x\""),
                "e2" if !amount.to_string().contains('.') => format!(",\"{key}\":{amount}E+2"),
                "\"" => format!(",\"{key}\":\"{amount}\""),
                _ => format!(",\"{key}\":{amount}"),
            };
        }
    }
    for (key, score) in [
        ("signal_score", terms.signal_score),
        ("confidence", terms.confidence),
        ("risk_reward_ratio", terms.risk_reward_ratio),
    ] {
        if let Some(score) = score {
            *text += &format!(",\"{key}\":{score}");
        }
    }
}

fn state_text(numbers: &mut Numbers) -> String {
    let spent = generate::budget_use(numbers);
    let state = generate::trading_state(numbers).word();
    let BudgetUse {
        used,
        reserved,
        orders,
    } = spent;
    match numbers.below(30) {
        0 => "{}".to_owned(),
        1 => format!("{{\"trading_state\":\"{state}\"}}"),
        2 => "{\"trading_state\":\"OFF\"}".to_owned(),
        3 => "[".to_owned(),
        _ => format!(
            "{{\"trading_state\":\"{state}\",\"budgets\":[{{\"used\":\"{used}\",\"reserved\":{reserved},\"orders\":{orders}}}]}}"
        ),
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
            let state = state_text(&mut numbers);
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
        let (line, state) = (line(&mut numbers), state_text(&mut numbers));
        let fresh = Embedded::of(&engine, &component).decide(&line, &state);
        assert_eq!(warm.decide(&line, &state), fresh, "{line}");
        warm.decide(&long, &state);
        assert_eq!(warm.decide(&line, &state), fresh, "{line}");
    }
}
