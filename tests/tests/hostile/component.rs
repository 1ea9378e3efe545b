//! A policy component to be bent: one module (`tests/hostile/policy.wat`) that answers what was
//! laid out for it, wrapped for world `policy` from the published interface.

use execution_router::policy::{ComponentError, Policy};
use execution_router::{Cache, Compiler, Loader};
use router_guest::decision::OrderIntent;
use router_guest::manifest::{
    AmountField, BudgetInfo, Manifest, Scope, ScoreField, SymbolInfo, TierInfo, Window,
};

use crate::bench::{amount, opening};
use crate::image::{IMAGE_START, Image, answer_bytes};

const MODULE: &str = include_str!("../../hostile/policy.wat");
/// Sound answers that a batch finds laid out.
const BATCH_ITEMS: u32 = 8;

/// Bends the image of a manifest, whose record stands at the offset.
pub(crate) type BendImage = fn(&mut Vec<u8>, usize);

/// A policy to be bent: sound as it stands.
pub(crate) struct Hostile {
    pub(crate) manifest: Manifest,
    /// The answer to symbols that do not begin with `E`.
    pub(crate) sound: Vec<u8>,
    /// The answer to those that do.
    pub(crate) bad: Vec<u8>,
    pub(crate) memory: &'static str,
    pub(crate) realloc: &'static str,
    pub(crate) describe: &'static str,
    /// Code before the answer; none is the answer.
    pub(crate) decide: &'static str,
    pub(crate) batch: &'static str,
    pub(crate) after: &'static str,
    pub(crate) start: &'static str,
    /// Functions besides.
    pub(crate) more: &'static str,
    pub(crate) world: &'static str,
    /// Bends the manifest's bytes.
    pub(crate) bend_image: BendImage,
}

pub(crate) const BAD: &str = "(return (i32.const {bad}))";

impl Hostile {
    pub(crate) fn new() -> Self {
        let symbol = |name: &str, shortable, least: Option<&str>| SymbolInfo {
            name: name.to_owned(),
            shortable,
            step: Some(amount("0.001")),
            min_quantity: least.map(amount),
            min_notional: Some(amount("5")),
        };
        let reasons = [
            "opened",
            "closed",
            "trading_halted",
            "already_closing",
            "dust",
            "because",
        ];
        let manifest = Manifest {
            schema: 1,
            name: "hostile".to_owned(),
            version: "1".to_owned(),
            account_currency: "USDT".to_owned(),
            reasons: reasons.map(str::to_owned).to_vec(),
            rules: vec!["only".to_owned()],
            tiers: vec![TierInfo {
                name: "explore".to_owned(),
                intent: OrderIntent::Explore,
                size: amount("0.2"),
                budget: Some(0),
            }],
            budgets: vec![BudgetInfo {
                name: "exploration".to_owned(),
                amount: Some(amount("1000")),
                percent: Some(amount("7.5")),
                orders: Some(9),
                window: Window::Rolling { seconds: 86_400 },
                zone: "Europe/Berlin".to_owned(),
                scope: Scope::All,
            }],
            symbols: vec![
                symbol("BTC/USDT", false, Some("0.001")),
                symbol("EOS/USDT", true, None),
            ],
            score_thresholds: vec![(ScoreField::RiskRewardRatio, 1.3)],
            amount_thresholds: vec![(AmountField::TakeProfit, amount("0.5"))],
        };
        Self {
            manifest,
            sound: answer_bytes(&Ok(opening())),
            bad: answer_bytes(&Ok(opening())),
            memory: "6",
            realloc: "",
            describe: "",
            decide: BAD,
            batch: "",
            after: "",
            start: "",
            more: "",
            world: "policy",
            bend_image: |_, _| {},
        }
    }

    /// The component.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut image = Image::new();
        let manifest = image.manifest(&self.manifest);
        let at = usize::try_from(manifest - IMAGE_START).unwrap();
        (self.bend_image)(&mut image.bytes, at);
        let sound = image.place(&self.sound);
        let bad = image.place(&self.bad);
        let list = image.place(&[0; 8]);
        let answers = image.place(&self.sound.repeat(BATCH_ITEMS as usize));
        let data: String = image
            .bytes
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect();
        let mut text = MODULE.to_owned();
        for (slot, filling) in [
            ("{memory}", self.memory.to_owned()),
            (
                "{image}",
                format!("(data (i32.const {IMAGE_START}) \"{data}\")"),
            ),
            ("{realloc}", self.realloc.to_owned()),
            ("{describe}", self.describe.to_owned()),
            ("{decide}", self.decide.to_owned()),
            ("{batch}", self.batch.to_owned()),
            ("{after}", self.after.to_owned()),
            ("{start}", self.start.to_owned()),
            ("{more}", self.more.to_owned()),
            ("{heap}", image.end().next_multiple_of(16).to_string()),
            ("{manifest}", manifest.to_string()),
            ("{sound}", sound.to_string()),
            ("{bad}", bad.to_string()),
            ("{list}", list.to_string()),
            ("{answers}", answers.to_string()),
            ("{items}", BATCH_ITEMS.to_string()),
        ] {
            text = text.replace(slot, &filling);
        }
        let module = wat::parse_str(&text);
        let module = module.unwrap_or_else(|error| panic!("{error}\nin\n{text}"));
        component(&module, self.world)
    }

    pub(crate) fn policy(&self) -> Policy {
        taken(&self.bytes()).unwrap()
    }
}

/// What becomes of a component, compiled in this process: what it costs to compile is not what is
/// tried with it.
pub(crate) fn taken(component: &[u8]) -> Result<Policy, ComponentError> {
    let cache = Cache::disabled();
    let loader = Loader::new(&cache).compiler(Compiler::in_process());
    loader.component(component)
}

/// The module as a component of a world of the published interface.
pub(crate) fn component(module: &[u8], world: &str) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve
        .push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"))
        .unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = module.to_vec();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding, false).unwrap();
    wit_component::ComponentEncoder::default()
        .module(&module)
        .unwrap()
        .validate(true)
        .encode()
        .unwrap()
}
