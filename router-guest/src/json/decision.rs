//! The decision line, and the line of a refusal, in the canonical form that `json.rs` describes.
//!
//! Owns the order of the fields. Computes nothing: every figure is given.

use alloc::vec::Vec;

use super::fault::Fault;
use super::request::RequestLine;
use super::write;
use crate::amount::Amount;
use crate::decision::{OrderIntent, PositionEffect, Side};
use crate::request::PositionSide;

/// Bytes that a decision seldom exceeds.
const LINE_BYTES_USUAL: usize = 1024;

/// Everything that a decision says, with names in place of indexes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionLine<'a> {
    /// Echoed.
    pub id: Option<&'a str>,
    /// Echoed.
    pub symbol: &'a str,
    /// Echoed as given.
    pub final_action: &'a str,
    /// Echoed; raw JSON.
    pub tags: Option<&'a str>,
    /// The side of the order that goes out.
    pub side: Side,
    /// What it is for.
    pub order_intent: OrderIntent,
    /// A reason of the policy's manifest.
    pub reason: &'a str,
    /// A rule of the policy's manifest.
    pub rule: &'a str,
    /// What it does to the position.
    pub position_effect: PositionEffect,
    /// The leg that it opens or closes; `None` of a skip.
    pub position_side: Option<PositionSide>,
    /// True for every close.
    pub reduce_only: bool,
    /// Base quantity; `None` of a skip.
    pub quantity: Option<Amount>,
    /// Quote currency; `None` of a skip.
    pub notional: Option<Amount>,
    /// The budget that was consulted.
    pub budget: Option<BudgetLine<'a>>,
    /// The id under which the host holds the budget.
    pub reservation: Option<&'a str>,
    /// What goes out with the order.
    pub metadata: MetadataLine<'a>,
    /// Who decided; `None` when no policy could.
    pub policy: Option<PolicyLine<'a>>,
    /// What the decision cost in the sandbox.
    pub fuel: Option<u64>,
    /// Whether it is a recorded decision that comes again.
    pub repeated: bool,
    /// What was dropped or cut.
    pub warnings: &'a [Fault],
}

/// A budget as it stood before the decision, in account currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// What the order needs.
    pub need: Amount,
    /// Settled.
    pub used: Amount,
    /// Held.
    pub reserved: Amount,
    /// `None` when only orders are limited.
    pub limit: Option<Amount>,
    /// What is left of the limit.
    pub remaining: Option<Amount>,
    /// Orders granted; `None` without a limit on orders.
    pub orders: Option<u32>,
    /// Orders allowed; `None` without a limit on orders.
    pub orders_limit: Option<u32>,
}

/// What the metadata takes from the request; intent and flags follow from the decision.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MetadataLine<'a> {
    /// The strategy's name.
    pub strategy: &'a str,
    /// Raw JSON, a number.
    pub signal_score: Option<&'a str>,
    /// Raw JSON, a number.
    pub confidence: Option<&'a str>,
    /// Raw JSON, string or number.
    pub stop_loss: Option<&'a str>,
    /// Raw JSON, string or number.
    pub take_profit: Option<&'a str>,
    /// Raw JSON, a number.
    pub risk_reward_ratio: Option<&'a str>,
}

/// The policy that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its own version.
    pub version: &'a str,
    /// The component's digest, where the writer knows it.
    pub digest: Option<&'a str>,
    /// The generation in which it came to decide, where the writer counts them.
    pub generation: Option<u64>,
}

impl<'a> MetadataLine<'a> {
    /// What the metadata takes from a request.
    pub fn of(line: &'a RequestLine<'_>) -> Self {
        Self {
            strategy: &line.strategy,
            signal_score: line.signal_score.as_deref(),
            confidence: line.confidence.as_deref(),
            stop_loss: line.stop_loss.as_deref(),
            take_profit: line.take_profit.as_deref(),
            risk_reward_ratio: line.risk_reward_ratio.as_deref(),
        }
    }
}

impl DecisionLine<'_> {
    /// Appends the decision in its canonical form, without a line end.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Room for nearly every decision, so that no field has to ask for more.
        out.reserve(LINE_BYTES_USUAL);
        let mut object = Object::open(out);
        object.text_if(b"\"id\":", self.id);
        object.text(b"\"symbol\":", self.symbol);
        object.text(b"\"final_action\":", self.final_action);
        if let Some(tags) = self.tags {
            write::compacted(object.key(b"\"tags\":"), tags);
            object.next();
        }
        object.word(b"\"side\":", self.side.word());
        object.word(b"\"order_intent\":", self.order_intent.word());
        object.text(b"\"reason\":", self.reason);
        object.text(b"\"rule\":", self.rule);
        object.word(b"\"position_effect\":", self.position_effect.word());
        if let Some(side) = self.position_side {
            object.word(b"\"position_side\":", side.word());
        }
        object.flag(b"\"reduce_only\":", self.reduce_only);
        object.amount_if(b"\"quantity\":", self.quantity);
        object.amount_if(b"\"notional\":", self.notional);
        if let Some(budget) = &self.budget {
            budget.write(object.key(b"\"budget\":"));
            object.next();
        }
        object.text_if(b"\"reservation\":", self.reservation);
        self.metadata
            .write(self.order_intent, object.key(b"\"metadata\":"));
        object.next();
        if let Some(policy) = &self.policy {
            policy.write(object.key(b"\"policy\":"));
            object.next();
        }
        object.whole_if(b"\"fuel\":", self.fuel);
        if self.repeated {
            object.flag(b"\"repeated\":", true);
        }
        if !self.warnings.is_empty() {
            write_warnings(self.warnings, object.key(b"\"warnings\":"));
            object.next();
        }
        object.close();
    }
}

impl BudgetLine<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        object.text(b"\"name\":", self.name);
        object.amount(b"\"need\":", self.need);
        object.amount(b"\"used\":", self.used);
        object.amount(b"\"reserved\":", self.reserved);
        object.amount_if(b"\"limit\":", self.limit);
        object.amount_if(b"\"remaining\":", self.remaining);
        object.whole_if(b"\"orders\":", self.orders.map(u64::from));
        object.whole_if(b"\"orders_limit\":", self.orders_limit.map(u64::from));
        object.close();
    }
}

impl MetadataLine<'_> {
    fn write(&self, intent: OrderIntent, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        object.text(b"\"strategy\":", self.strategy);
        object.word(b"\"order_intent\":", intent.word());
        object.flag(b"\"is_exploration\":", intent == OrderIntent::Explore);
        object.flag(b"\"is_pilot\":", intent == OrderIntent::Pilot);
        object.flag(b"\"is_normal\":", intent == OrderIntent::Normal);
        object.raw_if(b"\"signal_score\":", self.signal_score);
        object.raw_if(b"\"confidence\":", self.confidence);
        object.raw_if(b"\"stop_loss\":", self.stop_loss);
        object.raw_if(b"\"take_profit\":", self.take_profit);
        object.raw_if(b"\"risk_reward_ratio\":", self.risk_reward_ratio);
        object.close();
    }
}

impl PolicyLine<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::open(out);
        object.text(b"\"name\":", self.name);
        object.text(b"\"version\":", self.version);
        object.text_if(b"\"digest\":", self.digest);
        object.whole_if(b"\"generation\":", self.generation);
        object.close();
    }
}

fn write_warnings(warnings: &[Fault], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, warning) in warnings.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_fault(
            warning.code.word(),
            warning.field.as_deref(),
            &warning.message,
            out,
        );
    }
    out.push(b']');
}

fn write_fault(code: &str, field: Option<&str>, message: &str, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.text(b"\"code\":", code);
    object.text_if(b"\"field\":", field);
    object.text(b"\"message\":", message);
    object.close();
}

/// Appends a refusal, without a line end: `{"line","id","symbol","side":"SKIP","error"}`.
pub fn write_refusal(
    line: Option<u64>,
    id: Option<&str>,
    symbol: Option<&str>,
    code: &str,
    message: &str,
    out: &mut Vec<u8>,
) {
    let mut object = Object::open(out);
    object.whole_if(b"\"line\":", line);
    object.text_if(b"\"id\":", id);
    object.text_if(b"\"symbol\":", symbol);
    object.word(b"\"side\":", Side::Skip.word());
    write_fault(code, None, message, object.key(b"\"error\":"));
    object.next();
    object.close();
}

/// An object being written. Each field leaves a comma behind it, which the end takes back:
/// no field needs to know whether one stands before it.
struct Object<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Object<'o> {
    #[inline]
    fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out }
    }

    #[inline]
    fn key(&mut self, key: &[u8]) -> &mut Vec<u8> {
        self.out.extend_from_slice(key);
        self.out
    }

    #[inline]
    fn next(&mut self) {
        self.out.push(b',');
    }

    #[inline]
    fn close(self) {
        // Every object here has at least one field.
        self.out.pop();
        self.out.push(b'}');
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn text(&mut self, key: &[u8], text: &str) {
        write::string(self.key(key), text);
        self.next();
    }

    /// A word of ours, which needs no escapes.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn word(&mut self, key: &[u8], word: &str) {
        let out = self.key(key);
        out.push(b'"');
        out.extend_from_slice(word.as_bytes());
        out.extend_from_slice(b"\",");
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn flag(&mut self, key: &[u8], flag: bool) {
        write::flag(self.key(key), flag);
        self.next();
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn amount(&mut self, key: &[u8], amount: Amount) {
        write::amount(self.key(key), amount);
        self.next();
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn text_if(&mut self, key: &[u8], text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn amount_if(&mut self, key: &[u8], amount: Option<Amount>) {
        if let Some(amount) = amount {
            self.amount(key, amount);
        }
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn whole_if(&mut self, key: &[u8], number: Option<u64>) {
        if let Some(number) = number {
            write::whole(self.key(key), number);
            self.next();
        }
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn raw_if(&mut self, key: &[u8], raw: Option<&str>) {
        if let Some(raw) = raw {
            self.key(key).extend_from_slice(raw.as_bytes());
            self.next();
        }
    }
}
