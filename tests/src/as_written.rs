//! A policy document, evaluated as it is written: the YAML itself, word for word, without a
//! table in between. The oracle for everything between the text and the decision.
//!
//! It is made from the reference of the language (`router-guest/README.md`) alone, knows sound
//! documents only, reads every number again for every request, and shares nothing with the rule
//! engine but the types and the decimal. It is slow, and meant to be read beside the reference.

use std::str::FromStr;

use router_guest::amount::Amount;
use router_guest::decision::{Decision, OrderIntent, PositionEffect, Refusal, RequestField, Side};
use router_guest::manifest::Manifest;
use router_guest::request::{FinalAction, Position, PositionSide, Request, TradeType};
use router_guest::state::{BudgetUse, State, TradingState};

use crate::naive::{matches, quote};
use crate::tree::Tree;

/// A decision with names in place of indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Side of the order.
    pub side: Side,
    /// What it is for.
    pub intent: OrderIntent,
    /// Why.
    pub reason: String,
    /// The route.
    pub rule: String,
    /// What it does to the position.
    pub effect: PositionEffect,
    /// Quote currency of an opening.
    pub notional: Option<Amount>,
    /// Base quantity of a close.
    pub quantity: Option<Amount>,
    /// The tier; none of a close.
    pub tier: Option<String>,
    /// The budget that was consulted, and what was asked of it.
    pub budget: Option<(String, Amount)>,
}

impl Answer {
    /// A decision in the names of its manifest.
    pub fn of(decision: &Decision, manifest: &Manifest) -> Self {
        let at = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
        let name = |names: &[String], index| names.get(at(index)).cloned().unwrap_or_default();
        let tier = decision.tier.and_then(|tier| manifest.tiers.get(at(tier)));
        let budget = decision.budget.and_then(|claim| {
            let info = manifest.budgets.get(at(claim.budget))?;
            Some((info.name.clone(), claim.need))
        });
        Self {
            side: decision.side,
            intent: decision.intent,
            reason: name(&manifest.reasons, decision.reason),
            rule: name(&manifest.rules, decision.rule),
            effect: decision.effect,
            notional: decision.notional,
            quantity: decision.quantity,
            tier: tier.map(|tier| tier.name.clone()),
            budget,
        }
    }
}

/// Decides one request by a sound document: the first route that matches.
///
/// # Errors
/// The [`Refusal`] of a request that lacks what the document asks for, or of one that a verb
/// cannot be carried out for.
pub fn decide(
    document: &Tree,
    request: &Request<'_>,
    state: &State<'_>,
) -> Result<Answer, Refusal> {
    let mut reading = Reading {
        document,
        request,
        state,
        tier: tier_of(document, request),
        consulted: None,
    };
    for route in document.get("routes").map_or(&[][..], Tree::items) {
        for (name, body) in route.entries() {
            let alternatives = body.get("when").map(Tree::items);
            let matched = match alternatives {
                None => true,
                Some(alternatives) => reading.any_holds(alternatives)?,
            };
            if matched {
                return reading.carry_out(name, body);
            }
        }
    }
    Err(Refusal::NoRoute)
}

/// One request on its way through the document.
struct Reading<'a> {
    document: &'a Tree,
    request: &'a Request<'a>,
    state: &'a State<'a>,
    tier: Option<&'a (String, Tree)>,
    /// What was asked of the tier's budget, once a condition has asked.
    consulted: Option<Asked>,
}

/// A need, and whether the budget holds it.
#[derive(Clone)]
struct Asked {
    budget: String,
    need: Amount,
    holds: bool,
}

/// "`auto` is classified by the first tier of which every threshold is reached; a type that the
/// request states gets the first tier of its intent; `exit` and `risk` have none."
fn tier_of<'a>(document: &'a Tree, request: &Request<'_>) -> Option<&'a (String, Tree)> {
    let terms = &request.terms;
    let mut tiers = document.get("tiers").map_or(&[][..], Tree::entries).iter();
    let of_intent = |intent: &'static str| {
        move |(name, tier): &&(String, Tree)| tier_intent(name, tier) == intent
    };
    match terms.trade_type {
        TradeType::Exit | TradeType::Risk => None,
        TradeType::Normal => tiers.find(of_intent("normal")),
        TradeType::Pilot => tiers.find(of_intent("pilot")),
        TradeType::Exploration => tiers.find(of_intent("explore")),
        TradeType::Auto => tiers.find(|(_, tier)| {
            [
                ("score", terms.signal_score.map(f64::abs)),
                ("risk_reward", terms.risk_reward_ratio),
                ("confidence", terms.confidence),
            ]
            .into_iter()
            .all(|(key, score)| match tier.get(key) {
                None => true,
                Some(least) => score.is_some_and(|score| score >= number(least.word())),
            })
        }),
    }
}

/// "may be left out where the tier is named so"
fn tier_intent<'t>(name: &'t str, tier: &'t Tree) -> &'t str {
    tier.get("intent").map_or(name, Tree::word)
}

impl Reading<'_> {
    fn any_holds(&mut self, alternatives: &[Tree]) -> Result<bool, Refusal> {
        for conditions in alternatives {
            if self.all_hold(conditions)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What computes is reached "when all else in its map holds".
    fn all_hold(&mut self, conditions: &Tree) -> Result<bool, Refusal> {
        let computed = ["below_minimum", "budget"];
        for (key, value) in conditions.entries() {
            if !computed.contains(&key.as_str()) && !self.holds(key, value) {
                return Ok(false);
            }
        }
        if let Some(wanted) = conditions.get("below_minimum")
            && self.is_below_minimum()? != is_yes(wanted)
        {
            return Ok(false);
        }
        if let Some(wanted) = conditions.get("budget") {
            let holds = self.consult()?.is_none_or(|asked| asked.holds);
            return Ok(holds == (wanted.word() == "holds"));
        }
        Ok(true)
    }

    fn holds(&self, key: &str, value: &Tree) -> bool {
        let terms = &self.request.terms;
        match key {
            "state" => in_set(value, |word| word == self.state.trading_state.word()),
            "action" => in_set(value, |word| word == action_word(terms.final_action)),
            "type" => in_set(value, |word| is_type(word, terms.trade_type)),
            "position" => in_set(value, |word| self.is_position(word)),
            "tier" => in_set(value, |word| {
                word == self.tier.map_or("none", |(name, _)| name.as_str())
            }),
            "symbol" => in_set(value, |pattern| is_named(pattern, self.request.symbol)),
            "strategy" => in_set(value, |pattern| is_named(pattern, self.request.strategy)),
            "dust" => is_yes(value) == self.is_dust(),
            "closable" => is_yes(value) == (self.closable() > Amount::ZERO),
            "opening" => is_yes(value) == (terms.working.opening > Amount::ZERO),
            "short_allowed" => is_yes(value) == self.is_short_allowed(),
            "sized" => is_yes(value) == terms.sized,
            _ => self.holds_number(key, value.word()),
        }
    }

    fn holds_number(&self, key: &str, range: &str) -> bool {
        let terms = &self.request.terms;
        let score = |score: Option<f64>| in_range(range, score);
        let amount = |amount: Option<Amount>| in_range(range, amount);
        match key {
            "signal_score" => score(terms.signal_score),
            "signal_strength" => score(terms.signal_score.map(f64::abs)),
            "confidence" => score(terms.confidence),
            "risk_reward_ratio" => score(terms.risk_reward_ratio),
            "position_quantity" => amount(Some(self.quantity())),
            "closable_quantity" => amount(Some(self.closable())),
            "close_quantity" => amount(terms.close_quantity),
            "working_opening" => amount(Some(terms.working.opening)),
            "working_closing" => amount(Some(terms.working.closing)),
            "price" => amount(terms.price),
            "target_notional" => amount(terms.target_notional),
            "equity" => amount(terms.equity),
            "quote_rate" => amount(terms.quote_rate),
            "stop_loss" => amount(terms.stop_loss),
            "take_profit" => amount(terms.take_profit),
            _ => false,
        }
    }

    /// A position of quantity 0 is flat.
    fn open(&self) -> Option<Position> {
        let position = self.request.terms.position;
        position.filter(|position| position.quantity > Amount::ZERO)
    }

    fn quantity(&self) -> Amount {
        self.open().map_or(Amount::ZERO, |open| open.quantity)
    }

    /// "position − working closing orders"
    fn closable(&self) -> Amount {
        let left = self
            .quantity()
            .checked_sub(self.request.terms.working.closing);
        left.unwrap_or(Amount::ZERO)
    }

    fn is_position(&self, word: &str) -> bool {
        use FinalAction::{Buy, Close, Sell};
        use PositionSide::{Long, Short};
        let own = (
            self.request.terms.final_action,
            self.open().map(|open| open.side),
        );
        match word {
            "flat" => own.1.is_none(),
            "long" => own.1 == Some(Long),
            "short" => own.1 == Some(Short),
            "opposite" => matches!(
                own,
                (Buy, Some(Short)) | (Sell, Some(Long)) | (Close, Some(_))
            ),
            "same" => matches!(own, (Buy, Some(Long)) | (Sell, Some(Short))),
            _ => false,
        }
    }

    fn symbol(&self, key: &str) -> Option<&str> {
        let known = self.document.get("symbols")?.get(self.request.symbol)?;
        known.get(key).map(Tree::word)
    }

    /// "above 0 and under the symbol's known `min_quantity`"
    fn is_dust(&self) -> bool {
        let least = self.symbol("min_quantity").map(number::<Amount>);
        self.open().is_some() && least.is_some_and(|least| self.quantity() < least)
    }

    /// "`short_enabled`, and `allow_short` of the symbol"
    fn is_short_allowed(&self) -> bool {
        let risk = self.document.get("risk");
        let enabled = risk.and_then(|risk| risk.get("short_enabled"));
        let allowed = self.symbol("allow_short");
        enabled.is_some_and(is_yes) && allowed.is_some_and(|word| is_yes(&Tree::of(word)))
    }

    fn price(&self) -> Result<Amount, Refusal> {
        let price = self.request.terms.price;
        price.ok_or(Refusal::FieldMissing(RequestField::Price))
    }

    /// The target, times the tier's size unless it is final.
    fn notional(&self) -> Result<Amount, Refusal> {
        let terms = &self.request.terms;
        let field = RequestField::TargetNotional;
        let target = terms.target_notional.ok_or(Refusal::FieldMissing(field))?;
        let size = self.tier.and_then(|(_, tier)| tier.get("size"));
        match size.filter(|_| !terms.sized) {
            None => Ok(target),
            Some(size) => target
                .mul_down(hundredth(size.word()))
                .ok_or(Refusal::FieldOverflow(field)),
        }
    }

    /// "under the symbol's known `min_quantity` or `min_notional`, or rounds to nothing"
    fn is_below_minimum(&self) -> Result<bool, Refusal> {
        let (notional, price) = (self.notional()?, self.price()?);
        let step = self.symbol("step").unwrap_or("0.00000001");
        // A quotient that no amount can hold is above every minimum.
        let quantity = notional.div_down_to_step(price, number(step));
        let under = |least: Option<&str>, own: Option<Amount>| {
            least.is_some_and(|least| own.is_some_and(|own| own < number(least)))
        };
        Ok(quantity == Some(Amount::ZERO)
            || under(self.symbol("min_quantity"), quantity)
            || under(self.symbol("min_notional"), Some(notional)))
    }

    /// What the tier's budget says to what the trade needs; `None` where the tier has none.
    fn consult(&mut self) -> Result<Option<Asked>, Refusal> {
        let Some(name) = self.tier.and_then(|(_, tier)| tier.get("budget")) else {
            return Ok(None);
        };
        let notional = self.notional()?;
        let (budget, spent) = self.budget(name.word())?;
        let limit = self.limit(budget)?;
        let own_currency = self.document.get("account_currency").map(Tree::word);
        let rate = match quote(self.request.symbol) {
            Some(quote) if Some(quote) == own_currency => Amount::ONE,
            _ => {
                let missing = Refusal::FieldMissing(RequestField::QuoteRate);
                self.request.terms.quote_rate.ok_or(missing)?
            }
        };
        let overflow = Refusal::FieldOverflow(RequestField::QuoteRate);
        let need = notional.mul_up_at(rate, 12).ok_or(overflow)?;
        let after = spent.used.checked_add(spent.reserved);
        let after = after.and_then(|held| held.checked_add(need));
        let money = limit.is_none_or(|limit| after.is_some_and(|after| after <= limit));
        let orders = budget
            .get("orders")
            .map(|orders| number::<u32>(orders.word()));
        let asked = Asked {
            budget: name.word().to_owned(),
            need,
            holds: money && orders.is_none_or(|most| spent.orders < most),
        };
        self.consulted = Some(asked.clone());
        Ok(Some(asked))
    }

    /// A budget, and what is used of it: uses stand in the order of the budgets.
    fn budget(&self, name: &str) -> Result<(&Tree, BudgetUse), Refusal> {
        let budgets = self.document.get("budgets").map_or(&[][..], Tree::entries);
        let uses = self
            .state
            .budgets
            .filter(|uses| uses.len() == budgets.len());
        let uses = uses.ok_or(Refusal::BudgetsMissing)?;
        budgets
            .iter()
            .zip(uses)
            .find(|((own, _), _)| own == name)
            .map(|((_, budget), spent)| (budget, *spent))
            .ok_or(Refusal::NoRoute)
    }

    /// "`3% of equity`, `500 USDT`, or a list of both: then both hold"
    fn limit(&self, budget: &Tree) -> Result<Option<Amount>, Refusal> {
        let mut least: Option<Amount> = None;
        for limit in budget.get("limit").map_or(&[][..], Tree::items) {
            let limit = match limit.word().split_once('%') {
                None => number(limit.word().split(' ').next().unwrap_or_default()),
                Some((percent, _)) => {
                    let field = RequestField::Equity;
                    let equity = self.request.terms.equity;
                    let equity = equity.ok_or(Refusal::FieldMissing(field))?;
                    equity
                        .mul_down_at(hundredth(percent), 12)
                        .ok_or(Refusal::FieldOverflow(field))?
                }
            };
            least = Some(least.map_or(limit, |least| least.min(limit)));
        }
        Ok(least)
    }

    fn intent(&self) -> OrderIntent {
        let word = match self.request.terms.trade_type {
            TradeType::Auto => self
                .tier
                .map_or("normal", |(name, tier)| tier_intent(name, tier)),
            TradeType::Normal => "normal",
            TradeType::Pilot => "pilot",
            TradeType::Exploration => "explore",
            TradeType::Exit => "exit",
            TradeType::Risk => "risk",
        };
        let named = OrderIntent::ALL
            .into_iter()
            .find(|intent| intent.word() == word);
        named.unwrap_or(OrderIntent::Normal)
    }

    fn carry_out(&mut self, rule: &str, body: &Tree) -> Result<Answer, Refusal> {
        let skipped = Answer {
            side: Side::Skip,
            intent: self.intent(),
            reason: body.get("skip").map_or("", Tree::word).to_owned(),
            rule: rule.to_owned(),
            effect: PositionEffect::None,
            notional: None,
            quantity: None,
            tier: self.tier.map(|(name, _)| name.clone()),
            budget: self.budget_said(),
        };
        let own_words = body.get("reason").map(Tree::word);
        if body.get("close").is_some() {
            return self.close(skipped, own_words);
        }
        if body.get("open").is_some() {
            return self.open_trade(skipped, own_words);
        }
        Ok(skipped)
    }

    fn budget_said(&self) -> Option<(String, Amount)> {
        let asked = self.consulted.as_ref();
        asked.map(|asked| (asked.budget.clone(), asked.need))
    }

    /// "a position that the action does not reduce, or of which nothing is closable" has none.
    fn close(&self, skipped: Answer, own_words: Option<&str>) -> Result<Answer, Refusal> {
        let open = self.open().filter(|_| self.is_position("opposite"));
        let open = open.ok_or(Refusal::NoRoute)?;
        let closable = self.closable();
        if closable == Amount::ZERO {
            return Err(Refusal::NoRoute);
        }
        let (side, reason) = match open.side {
            PositionSide::Long => (Side::Sell, "close_long"),
            PositionSide::Short => (Side::Buy, "close_short"),
        };
        let asked = self.request.terms.close_quantity;
        Ok(Answer {
            side,
            intent: match self.request.terms.trade_type {
                TradeType::Risk => OrderIntent::Risk,
                _ => OrderIntent::Exit,
            },
            reason: own_words.unwrap_or(reason).to_owned(),
            effect: PositionEffect::Close,
            quantity: Some(asked.map_or(closable, |asked| asked.min(closable))),
            tier: None,
            budget: None,
            ..skipped
        })
    }

    /// What an opening cannot be carried out for: see "What a verb cannot do".
    fn open_trade(&mut self, skipped: Answer, own_words: Option<&str>) -> Result<Answer, Refusal> {
        let terms = &self.request.terms;
        let (side, reason) = match terms.final_action {
            FinalAction::Buy => (Side::Buy, "open_long"),
            FinalAction::Sell => (Side::Sell, "open_short"),
            _ => return Err(Refusal::NoRoute),
        };
        let only_closes = matches!(terms.trade_type, TradeType::Exit | TradeType::Risk);
        let in_the_way = self.is_position("opposite") && !self.is_dust();
        let no_short = side == Side::Sell && !self.is_short_allowed();
        let active = self.state.trading_state == TradingState::Active;
        if only_closes || in_the_way || no_short || !active {
            return Err(Refusal::NoRoute);
        }
        let notional = self.notional()?;
        if notional == Amount::ZERO {
            return Err(Refusal::FieldOverflow(RequestField::TargetNotional));
        }
        self.price()?;
        if self.consult()?.is_some_and(|asked| !asked.holds) {
            return Err(Refusal::NoRoute);
        }
        Ok(Answer {
            side,
            reason: own_words.unwrap_or(reason).to_owned(),
            effect: PositionEffect::Open,
            notional: Some(notional),
            budget: self.budget_said(),
            ..skipped
        })
    }
}

/// "one word, `[a, b]` for any of them, `not a`, or `{ not: [a, b] }` for none of them"
fn in_set(value: &Tree, is: impl Fn(&str) -> bool) -> bool {
    let any = |words: &Tree| words.items().iter().any(|word| is(word.word()));
    if let Some(words) = value.get("not") {
        return !any(words);
    }
    match value.word().strip_prefix("not ") {
        Some(word) => !is(word.trim()),
        None => any(value),
    }
}

fn is_yes(value: &Tree) -> bool {
    matches!(value.word(), "yes" | "true")
}

fn is_named(pattern: &str, name: &str) -> bool {
    matches(pattern.as_bytes(), name.as_bytes())
}

fn action_word(action: FinalAction) -> &'static str {
    match action {
        FinalAction::Unknown => "unknown",
        FinalAction::Buy => "BUY",
        FinalAction::Sell => "SELL",
        FinalAction::Hold => "HOLD",
        FinalAction::Skip => "SKIP",
        FinalAction::Close => "CLOSE",
    }
}

fn is_type(word: &str, own: TradeType) -> bool {
    match own {
        TradeType::Normal => word == "normal",
        TradeType::Pilot => word == "pilot",
        TradeType::Exploration => word == "exploration" || word == "explore",
        TradeType::Exit => word == "exit",
        TradeType::Risk => word == "risk",
        TradeType::Auto => word == "auto",
    }
}

/// "`>= 0.55`, two of them as `>= 0.3 and <= 0.55`, `0.3 .. 0.55` (from, included, to,
/// excluded), `absent` or `present`. A number that the request does not give fails every test
/// but `absent`."
fn in_range<N: FromStr + PartialOrd>(range: &str, own: Option<N>) -> bool {
    let Some(own) = own else {
        return range == "absent";
    };
    if let Some((from, to)) = range.split_once("..") {
        return own >= number(from) && own < number(to);
    }
    match range {
        "absent" => false,
        "present" => true,
        comparisons => comparisons.split(" and ").all(|comparison| {
            let comparison = comparison.trim();
            if let Some(end) = comparison.strip_prefix(">=") {
                own >= number(end)
            } else if let Some(end) = comparison.strip_prefix("<=") {
                own <= number(end)
            } else if let Some(end) = comparison.strip_prefix('>') {
                own > number(end)
            } else if let Some(end) = comparison.strip_prefix('<') {
                own < number(end)
            } else {
                false
            }
        }),
    }
}

/// A percentage as a factor.
fn hundredth(percent: &str) -> Amount {
    let percent: Amount = number(percent.trim_end_matches('%'));
    let factor = Amount::new(1, 2).and_then(|hundredth| percent.mul_down(hundredth));
    factor.unwrap_or_default()
}

/// A number of a sound document.
#[expect(clippy::panic, reason = "the suite's own documents")]
fn number<N: FromStr>(text: &str) -> N {
    match text.trim().parse() {
        Ok(number) => number,
        Err(_) => panic!("`{text}` is no number"),
    }
}
