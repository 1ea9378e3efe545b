//! Decisions as log lines for people: `ACTION_ROUTE: SELL → SKIP (intent=normal, …)`.
//!
//! What came from outside cannot forge a line, nor the rest of one: a name is printed as one word,
//! without spaces, brackets, arrows and whatever changes how a line is read.

mod money;

use std::fmt::Write as _;

use money::{Money, OneLine, Shown};
use router_guest::decision::{OrderIntent, PositionEffect, Side};
use router_guest::engine::sizing;
use router_guest::request::FinalAction;

use crate::decision::Decision;
use crate::rejection::Rejection;
use crate::request::Request;

/// Writes the lines of one decision, each with its line end: the route, then sizing and
/// budget where there are any, then what becomes of the order.
pub fn write(request: &Request<'_>, decision: &Decision, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write_lines(&Lines { request, decision }, out);
}

/// Writes the line of a refusal, with its line end.
pub fn write_refusal(line: u64, symbol: Option<&str>, rejection: &Rejection, out: &mut String) {
    let _ = write!(out, "REFUSED line={line}");
    if let Some(symbol) = symbol {
        let _ = write!(out, " {}", Shown(symbol));
    }
    let _ = writeln!(out, " {}: {}", rejection.code, OneLine(&rejection.message));
}

struct Lines<'a> {
    request: &'a Request<'a>,
    decision: &'a Decision,
}

fn write_lines(lines: &Lines<'_>, out: &mut String) -> std::fmt::Result {
    let decision = lines.decision;
    writeln!(
        out,
        "ACTION_ROUTE: {} → {} (intent={}, reason={})",
        lines.action(),
        decision.side().word(),
        decision.order_intent().word(),
        decision.reason()
    )?;
    for warning in &decision.warnings {
        writeln!(
            out,
            "WARNING {}: {}",
            warning.code.word(),
            OneLine(&warning.message)
        )?;
    }
    if decision.repeated {
        writeln!(
            out,
            "REPEATED {}",
            Shown(lines.request.id().unwrap_or_default())
        )?;
    }
    lines.write_sizing(out)?;
    lines.write_budget(out)?;
    match decision.side() {
        Side::Skip => lines.write_skip(out),
        side => lines.write_order(side, out),
    }
}

impl<'a> Lines<'a> {
    fn action(&self) -> Shown<'a> {
        match self.request.terms().final_action {
            FinalAction::Unknown => Shown(&self.request.line().final_action),
            known => Shown(known.word()),
        }
    }

    fn quote(&self) -> Option<&'a str> {
        sizing::quote_currency(self.request.symbol())
    }

    /// What pilot and exploration trades are called in these lines.
    fn label(&self) -> Option<&'static str> {
        match self.decision.order_intent() {
            OrderIntent::Pilot => Some("PILOT"),
            OrderIntent::Explore => Some("EXPLORATION"),
            _ => None,
        }
    }

    /// How a pilot or exploration order came to its size, once it came that far.
    fn write_sizing(&self, out: &mut String) -> std::fmt::Result {
        let (Some(label), Some(target)) = (self.label(), self.request.terms().target_notional)
        else {
            return Ok(());
        };
        // A repeat brings a target of its own, which nothing was sized by.
        if self.decision.budget().is_none() || self.decision.repeated {
            return Ok(());
        }
        let sign = if label == "PILOT" { "🚁" } else { "🔍" };
        let money = |amount| Money {
            amount,
            currency: self.quote(),
        };
        write!(out, "{sign} {label}: target_notional={}", money(target))?;
        match self.decision.tier().filter(|_| !self.request.terms().sized) {
            Some(tier) => {
                let sized = target.mul_down(tier.size).unwrap_or(target);
                writeln!(out, " * {} = {}", tier.size, money(sized))
            }
            None => writeln!(out),
        }
    }

    fn write_budget(&self, out: &mut String) -> std::fmt::Result {
        let (Some(report), Some(info)) = (self.decision.budget(), self.decision.budget_info())
        else {
            return Ok(());
        };
        let name = info.name.to_uppercase();
        let currency = self
            .decision
            .policy()
            .map(|policy| policy.manifest.account_currency.as_str());
        let money = |amount| Money { amount, currency };
        if self.decision.position_effect() == PositionEffect::Open {
            return match report.remaining() {
                Some(left) => writeln!(
                    out,
                    "{name}: can_explore passed (need {}, have {} left)",
                    money(report.need),
                    money(left)
                ),
                None => writeln!(
                    out,
                    "{name}: can_explore passed (need {})",
                    money(report.need)
                ),
            };
        }
        let spent = report
            .used
            .checked_add(report.reserved)
            .unwrap_or(report.used);
        match (
            info.orders.filter(|most| report.orders >= *most),
            report.limit,
        ) {
            (Some(most), _) => {
                writeln!(
                    out,
                    "{name} budget exhausted: orders={}, limit={most}",
                    report.orders
                )
            }
            (None, Some(limit)) => {
                writeln!(
                    out,
                    "{name} budget exhausted: used={}, limit={}",
                    money(spent),
                    money(limit)
                )
            }
            (None, None) => Ok(()),
        }
    }

    fn write_skip(&self, out: &mut String) -> std::fmt::Result {
        write!(out, "SKIP ")?;
        if let Some(label) = self.label() {
            write!(out, "{label} ")?;
        }
        let symbol = Shown(self.request.symbol());
        writeln!(
            out,
            "{symbol} {} reason={}",
            self.action(),
            self.decision.reason()
        )
    }

    fn write_order(&self, side: Side, out: &mut String) -> std::fmt::Result {
        let symbol = Shown(self.request.symbol());
        write!(
            out,
            "POSITION_SIZE: {symbol} {}",
            side.word().to_lowercase()
        )?;
        if let Some(quantity) = self.decision.quantity() {
            write!(out, " qty={quantity:.6}")?;
        }
        if let Some(amount) = self.decision.notional() {
            write!(
                out,
                " notional={}",
                Money {
                    amount,
                    currency: self.quote()
                }
            )?;
        }
        writeln!(
            out,
            " (order_intent={})",
            self.decision.order_intent().word()
        )
    }
}
