//! Policy documents: YAML that someone can edit at three in the morning.
//!
//! A document is read into a tree of places and words (`yaml`), the tree into a checked
//! policy (`policy` and a file for each section), and the policy into the canonical
//! [`Table`] (`lower`). It decides nothing, and it never guesses: what is not understood is
//! a [`Finding`] with its line, its column and, where one can be told, the right word. One
//! reading reports everything that is wrong.
//!
//! # The language
//!
//! ```yaml
//! name: example
//! version: 1
//! account_currency: USDT
//! risk: { short_enabled: true }
//! symbols:
//!   BTC/USDT: { allow_short: true, step: 0.00001, min_quantity: 0.00001, min_notional: 5 }
//! tiers:
//!   normal:  { score: 0.65, risk_reward: 1.3, size: 100% }
//!   pilot:   { score: 0.55, risk_reward: 1.15, size: 40%, budget: exploration }
//!   explore: { score: 0.30, size: 50%, budget: exploration }
//! budgets:
//!   exploration: { limit: [3% of equity, 500 USDT], per: day, zone: UTC }
//! routes:
//!   - halted: { when: { state: HALTED, type: not risk }, skip: trading_halted }
//!   - closed: { when: { position: opposite, closable: yes }, close: position }
//!   - other:  { when: { action: { not: [BUY, SELL] } }, skip: nothing_to_do }
//!   - open:   { open: sized }
//! ```
//!
//! Unknown and repeated keys, anchors, aliases, tags and second documents are refused.
//! Decimals are taken exactly as written. A document has at most 1 MiB. Names that the
//! policy gives (of routes, reasons, tiers, budgets) are lower-case words: a letter, then
//! letters, digits, `_` and `-`. Names of any kind have at most 64 bytes.
//!
//! | section | |
//! | --- | --- |
//! | `name`, `version` | any text; required |
//! | `account_currency` | a code in capitals, the currency of equity and budgets; required |
//! | `risk` | `short_enabled: yes` switches on what symbols allow; `no` when not given |
//! | `symbols` | by name, exactly as bots send it: `allow_short` (`no` when not given), and as far as known the venue's `step`, `min_quantity` (a multiple of it) and `min_notional`, each above 0 |
//! | `tiers` | classes of trades, in the order in which they classify `auto`; at most 15 |
//! | `budgets` | money or orders set aside for pilot and exploration trades; at most 15 |
//! | `routes` | the routing table: the first route that matches decides; required |
//!
//! ## Tiers
//!
//! `auto` is classified by the first tier of which every threshold is reached; a score that
//! the request does not give reaches none. A type that the request states itself is taken at
//! its word and gets the first tier of its intent; `exit` and `risk` have none.
//!
//! | key | |
//! | --- | --- |
//! | `intent` | `normal`, `pilot` or `explore`; may be left out where the tier is named so |
//! | `score` | the least \|signal_score\| |
//! | `risk_reward` | the least `risk_reward_ratio` |
//! | `confidence` | the least `confidence` |
//! | `size` | the share of `target_notional` that is opened, above 0% and at most 100%; `100%` when not given |
//! | `budget` | what `pilot` and `explore` trades are charged to; required there, refused for `normal` |
//!
//! ## Budgets
//!
//! | key | |
//! | --- | --- |
//! | `limit` | `3% of equity`, `500 USDT` (account currency), or a list of both: then both hold |
//! | `orders` | the number of orders; this, `limit`, or both |
//! | `per` | when use starts again at zero: `hour`, `day`, `week` (from Monday), `none` (never), or `rolling 24h` (`s`, `m`, `h`, `d`; up to 366 days); required |
//! | `zone` | IANA zone whose hours, days and weeks are meant; `UTC` when not given |
//! | `scope` | `all`, or one budget for each `symbol` or each `strategy`; `all` when not given |
//!
//! ## Routes
//!
//! A route is `- name: { when: …, verb }`, with exactly one verb:
//!
//! | verb | |
//! | --- | --- |
//! | `skip: reason` | no order, for that reason |
//! | `close: position` | close what is closable of the position, or the request's `close_quantity` of it |
//! | `open: sized` | open, sized by the tier |
//!
//! The side follows from action and position. A close gives the reason `close_long` or
//! `close_short`, an opening `open_long` or `open_short`, unless `reason: word` stands beside
//! the verb. The last route, and only that one, has no `when`, so that every request gets
//! an answer.
//!
//! ## Conditions
//!
//! Under `when` stands a map of conditions that must all hold, or a list of such maps of
//! which any must.
//!
//! Sets are one word, `[a, b]` for any of them, `not a`, or `{ not: [a, b] }` for none of
//! them. Within a list a name is taken literally:
//!
//! | condition | words |
//! | --- | --- |
//! | `state` | `ACTIVE`, `REDUCING`, `HALTED` |
//! | `action` | `BUY`, `SELL`, `HOLD`, `SKIP`, `CLOSE`, and `unknown` for any other string |
//! | `type` | as the request states it: `normal`, `pilot`, `exploration` (or `explore`), `exit`, `risk`, `auto` |
//! | `position` | `flat`, `long`, `short`; `opposite`: the action would reduce it (BUY with a short, SELL with a long, CLOSE with either); `same`: the action would add to it (BUY with a long, SELL with a short) |
//! | `tier` | the name of a tier, or `none` where no tier fits |
//! | `symbol`, `strategy` | names, with `*` for any run of characters and `?` for any one byte; a name that begins with `*` must be quoted |
//!
//! Facts are `yes` or `no` (or `true`, `false`):
//!
//! | condition | holds when |
//! | --- | --- |
//! | `dust` | the position is above 0 and under the symbol's known `min_quantity`; such a position is still `long` or `short` |
//! | `closable` | something of the position is left to close: position − working closing orders |
//! | `opening` | an opening order works |
//! | `short_allowed` | `short_enabled`, and `allow_short` of the symbol |
//! | `sized` | the request says that `target_notional` is final |
//! | `below_minimum` | the sized order is under the symbol's known `min_quantity` or `min_notional`, or rounds to nothing |
//!
//! `budget: exhausted` holds when the tier's budget does not hold what the trade needs, and
//! `budget: holds` when it does.
//!
//! Numbers are tested with `">= 0.55"`, `"> 0"`, `"<= 1"`, `"< 3"` (quoted: YAML reads a bare
//! `>` otherwise), two of them as `">= 0.3 and <= 0.55"`, `0.3 .. 0.55` (from, included, to,
//! excluded), `absent` or `present`. A number that the request does not give fails every
//! test but `absent`.
//!
//! | condition | number |
//! | --- | --- |
//! | `signal_score`, `signal_strength` | the score as given, and without its sign |
//! | `confidence`, `risk_reward_ratio` | as given |
//! | `position_quantity`, `closable_quantity` | base quantity, 0 when flat |
//! | `close_quantity` | as given |
//! | `working_opening`, `working_closing` | base quantity of the orders that still rest, 0 when not given |
//! | `price`, `target_notional`, `equity`, `quote_rate`, `stop_loss`, `take_profit` | as given |
//!
//! A condition that can hold for no request, by itself or with the others of its map, is a
//! finding. Whether routes can be reached past one another is proven on the table.

mod advice;
mod budgets;
mod conditions;
mod findings;
mod lower;
mod numbers;
mod percent;
mod policy;
mod reader;
mod routes;
mod sets;
mod symbols;
mod syntax;
mod tiers;
mod windows;
mod yaml;

pub use findings::{FINDINGS_MAX, Finding, Findings, Place};
pub use syntax::DOCUMENT_BYTES_MAX;
pub use yaml::NESTING_MAX;

use crate::table::Table;
use findings::Collector;
use policy::Policy;

/// A policy document, checked and lowered.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    table: Table,
    rule_places: Vec<Place>,
}

impl Document {
    /// Reads, checks and lowers a document.
    ///
    /// # Errors
    /// Everything that is wrong with it, up to [`FINDINGS_MAX`]; where it is no YAML, or
    /// means something else than it seems to, that alone.
    pub fn parse(text: &str) -> Result<Self, Findings> {
        let mut findings = Collector::default();
        match read(text, &mut findings) {
            Some(document) if findings.is_empty() => Ok(document),
            _ => Err(findings.finish()),
        }
    }

    /// What it says, with every name resolved. It validates and encodes.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// The policy's name.
    pub fn name(&self) -> &str {
        &self.table.name
    }

    /// The policy's own version.
    pub fn version(&self) -> &str {
        &self.table.version
    }

    /// Where a rule of the table stands in the document.
    pub fn rule_place(&self, rule: usize) -> Option<Place> {
        self.rule_places.get(rule).copied()
    }
}

fn read(text: &str, findings: &mut Collector) -> Option<Document> {
    let root = yaml::parse(text, findings)?;
    // Faults of the tree make what follows from it unreliable.
    if !findings.is_empty() {
        return None;
    }
    let policy = Policy::read(&root, findings)?;
    let rule_places = policy.routes.iter().map(|route| route.place).collect();
    let table = lower::lower(policy);
    let fault = match &table {
        Some(table) => table.validate().err().map(|fault| fault.to_string()),
        None => Some("the policy is larger than a table can be".into()),
    };
    // The sections check everything that a table must hold to, with better places; should
    // one ever fall short of that, the document is refused all the same.
    if let Some(fault) = fault {
        findings.report(root.place, fault);
    }
    Some(Document {
        table: table?,
        rule_places,
    })
}

#[cfg(test)]
mod tests;
