//! A request with its state as the peers are asked it, and the answer that they give.
//!
//! It is what a bot would hand to any of them: names as words, a flat position as `flat`, the rate
//! of the quote currency looked up. It decides nothing.

use anyhow::{Context, Result};
use execution_router::policy::Answer as ComponentAnswer;
use execution_router::{Amount, OrderIntent, PositionEffect, PositionSide, Side};
use router_guest::engine::sizing;
use router_guest::manifest::Manifest;
use router_guest::request::Request;
use router_guest::state::State;
use serde_json::{Map, Value, json};

/// Digits that a double holds of any decimal.
const DOUBLE_DIGITS: u32 = 15;

/// One request and its state.
#[derive(Debug, Clone)]
pub struct Case {
    pub symbol: String,
    pub action: &'static str,
    pub trade_type: &'static str,
    pub state: &'static str,
    /// `flat`, `long` or `short`.
    pub side: &'static str,
    pub sized: bool,
    pub quantity: Amount,
    pub closing: Amount,
    pub opening: Amount,
    pub price: Option<Amount>,
    pub target: Option<Amount>,
    pub equity: Option<Amount>,
    /// 1 where the symbol is quoted in the account currency.
    pub rate: Option<Amount>,
    pub used: Amount,
    pub reserved: Amount,
    pub score: Option<f64>,
    pub risk_reward: Option<f64>,
    pub confidence: Option<f64>,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub side: Side,
    pub intent: OrderIntent,
    pub reason: String,
    /// Percent of the target that an opening is for.
    pub size: Option<u32>,
}

impl Case {
    pub fn of(manifest: &Manifest, request: &Request<'_>, state: &State<'_>) -> Self {
        Self::counted_in(&manifest.account_currency, request, state)
    }

    /// A case of the default policy, with nothing used.
    pub fn in_account_currency(request: &Request<'_>) -> Self {
        Self::counted_in("USDT", request, &State::default())
    }

    fn counted_in(account_currency: &str, request: &Request<'_>, state: &State<'_>) -> Self {
        let terms = &request.terms;
        let open = terms.open_position();
        let spent = state.budgets.and_then(<[_]>::first).copied();
        let spent = spent.unwrap_or_default();
        Self {
            symbol: request.symbol.to_owned(),
            action: terms.final_action.word(),
            trade_type: terms.trade_type.word(),
            state: state.trading_state.word(),
            side: open.map_or("flat", |position| PositionSide::word(position.side)),
            sized: terms.sized,
            quantity: open.map_or(Amount::ZERO, |position| position.quantity),
            closing: terms.working.closing,
            opening: terms.working.opening,
            price: terms.price,
            target: terms.target_notional,
            equity: terms.equity,
            rate: sizing::quote_rate(request.symbol, account_currency, terms.quote_rate),
            used: spent.used,
            reserved: spent.reserved,
            score: terms.signal_score,
            risk_reward: terms.risk_reward_ratio,
            confidence: terms.confidence,
        }
    }

    /// Every amount that is there, by name.
    pub fn amounts(&self) -> impl Iterator<Item = (&'static str, Amount)> {
        [
            ("quantity", Some(self.quantity)),
            ("closing", Some(self.closing)),
            ("opening", Some(self.opening)),
            ("used", Some(self.used)),
            ("reserved", Some(self.reserved)),
            ("price", self.price),
            ("target", self.target),
            ("equity", self.equity),
            ("rate", self.rate),
        ]
        .into_iter()
        .filter_map(|(name, amount)| Some((name, amount?)))
    }

    /// Scores and ratios that are there, by name.
    pub fn scores(&self) -> impl Iterator<Item = (&'static str, f64)> {
        [
            ("score", self.score),
            ("risk_reward", self.risk_reward),
            ("confidence", self.confidence),
        ]
        .into_iter()
        .filter_map(|(name, score)| Some((name, score?)))
    }

    /// Words, by name.
    pub fn words(&self) -> [(&'static str, &str); 5] {
        [
            ("symbol", &self.symbol),
            ("action", self.action),
            ("type", self.trade_type),
            ("state", self.state),
            ("side", self.side),
        ]
    }

    /// Whether doubles hold every amount as it is written.
    pub fn fits_doubles(&self) -> bool {
        self.amounts().all(|(_, amount)| {
            let (coefficient, _): (u128, u8) = amount.normalized().into();
            coefficient < 10_u128.pow(DOUBLE_DIGITS)
        })
    }

    /// The input of engines that take JSON; `None` where doubles do not hold it.
    pub fn json(&self) -> Option<Value> {
        if !self.fits_doubles() {
            return None;
        }
        let mut input = Map::new();
        for (name, word) in self.words() {
            input.insert(name.to_owned(), json!(word));
        }
        for (name, amount) in self.amounts() {
            input.insert(name.to_owned(), json!(double(amount)));
        }
        for (name, score) in self.scores() {
            input.insert(name.to_owned(), json!(score));
        }
        input.insert("sized".to_owned(), json!(self.sized));
        Some(Value::Object(input))
    }

    /// It in words, with every digit.
    pub fn line(&self) -> String {
        let mut line = format!("{:?} sized={}", self.words(), self.sized);
        line.extend(
            self.amounts()
                .map(|(name, amount)| format!(" {name}={amount}")),
        );
        line.extend(
            self.scores()
                .map(|(name, score)| format!(" {name}={score}")),
        );
        line
    }

    /// Whether what is needed and what is left of the budget, or what is ordered and the least
    /// that may be, are within rounding of doubles of each other: there, engines that calculate
    /// in doubles may come to either answer.
    pub fn is_at_an_edge(&self, size: f64) -> bool {
        let near = |left: f64, right: f64| {
            (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0)
        };
        let figure = |amount: Option<Amount>| amount.map_or(0.0, double);
        let notional = figure(self.target) * if self.sized { 1.0 } else { size };
        let left = figure(self.equity) * 0.03 - double(self.used) - double(self.reserved);
        // An amount has 28 places, a double has none that it ends at.
        near(notional * figure(self.rate), left) || (notional > 0.0 && notional < 1e-28)
    }
}

/// The nearest double.
pub fn double(amount: Amount) -> f64 {
    amount.to_string().parse().unwrap_or(f64::NAN)
}

impl Answer {
    /// What the component said; `None` where it refused, which no peer does.
    pub fn of_component(
        manifest: &Manifest,
        answer: &ComponentAnswer,
        sized: bool,
    ) -> Option<Self> {
        let decision = answer.0.as_ref().ok()?;
        let reason = manifest
            .reasons
            .get(usize::try_from(decision.reason).ok()?)?;
        let size = (decision.effect == PositionEffect::Open).then(|| {
            let tier = decision
                .tier
                .and_then(|tier| manifest.tiers.get(tier as usize));
            match tier {
                Some(tier) if !sized => percent(tier.size),
                _ => 100,
            }
        });
        Some(Self {
            side: decision.side,
            intent: decision.intent,
            reason: reason.clone(),
            size,
        })
    }

    /// An answer in words.
    pub fn of_words(side: &str, intent: &str, reason: &str, size: Option<f64>) -> Result<Self> {
        let sides = [Side::Buy, Side::Sell, Side::Skip];
        Ok(Self {
            side: sides
                .into_iter()
                .find(|known| known.word() == side)
                .with_context(|| format!("no side `{side}`"))?,
            intent: OrderIntent::of_word(intent)
                .with_context(|| format!("no intent `{intent}`"))?,
            reason: reason.to_owned(),
            size: size.map(|size| (size * 100.0).round() as u32),
        })
    }
}

/// Tiers, as peers whose rules have no settings are told them: size in percent, and whether a
/// budget is charged.
pub const TIERS: [(&str, u32, bool); 4] = [
    ("normal", 100, false),
    ("pilot", 40, true),
    ("explore", 50, true),
    ("none", 100, false),
];

/// The tier of a type that says it itself: its place in [`TIERS`].
pub fn stated_tier(trade_type: &str) -> usize {
    match trade_type {
        "normal" => 0,
        "pilot" => 1,
        "exploration" => 2,
        _ => 3,
    }
}

/// What a rule by the name of its reason does for a case, and its tier.
pub fn carried_out(case: &Case, reason: &str, tier: usize) -> Result<Answer> {
    let (name, size, _) = TIERS.get(tier).copied().context("a tier")?;
    let of_type = match case.trade_type {
        "exit" | "risk" => case.trade_type,
        _ if name == "none" => "normal",
        _ => name,
    };
    let closing = if case.trade_type == "risk" {
        "risk"
    } else {
        "exit"
    };
    let (side, intent) = match reason {
        "close_short" => ("BUY", closing),
        "close_long" => ("SELL", closing),
        "open_long" => ("BUY", of_type),
        "open_short" => ("SELL", of_type),
        _ => ("SKIP", of_type),
    };
    let size = if case.sized { 100 } else { size };
    let opens = reason.starts_with("open_");
    Answer::of_words(side, intent, reason, opens.then(|| f64::from(size) / 100.0))
}

fn percent(size: Amount) -> u32 {
    (double(size) * 100.0).round() as u32
}
