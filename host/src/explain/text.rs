//! Explanations as text for people.
//!
//! Everything that came from outside is printed without control characters.

use std::fmt::{self, Write as _};

use router_guest::amount::Amount;
use router_guest::decision::PositionEffect;
use router_guest::document::wording;
use router_guest::engine::trace::{Ending, Trace};
use router_guest::json::fault::shown;
use router_guest::manifest::Manifest;

use super::figures::{BudgetFigures, TierFigures, TierTried};
use super::{Decided, Explanation, Rules, Verdict};

/// Writes an explanation, its lines indented under the first.
pub(super) fn write(
    explanation: &Explanation,
    manifest: &Manifest,
    rules: Option<&Rules>,
    out: &mut String,
) {
    let writer = Writer {
        explanation,
        manifest,
        rules,
    };
    // Writing to a string cannot fail.
    let _ = writer.write(out);
}

struct Writer<'a> {
    explanation: &'a Explanation,
    manifest: &'a Manifest,
    rules: Option<&'a Rules>,
}

impl Writer<'_> {
    fn write(&self, out: &mut String) -> fmt::Result {
        self.write_request(out)?;
        self.write_verdict(out)?;
        for warning in &self.explanation.warnings {
            let code = warning.code.word();
            writeln!(out, "  warning {code}: {}", shown_line(&warning.message))?;
        }
        match (&self.explanation.trace, self.rules) {
            (Some(trace), Some(rules)) => self.write_trace(trace, rules, out)?,
            _ => writeln!(out, "  the rules of this component cannot be read")?,
        }
        self.write_figures(out)?;
        let changes = &self.explanation.counterfactuals;
        let symbol = &self.explanation.scenario.symbol;
        for change in changes {
            let text = change.text(symbol, self.manifest);
            writeln!(out, "  would be {}", shown_line(&text))?;
        }
        Ok(())
    }

    fn write_request(&self, out: &mut String) -> fmt::Result {
        let scenario = &self.explanation.scenario;
        let terms = &scenario.terms;
        let position = match terms.open_position() {
            None => "flat".to_owned(),
            Some(open) => format!("{} {}", open.side.word(), open.quantity),
        };
        writeln!(
            out,
            "{} {}, {}, {position}, {}",
            wording::action_word(terms.final_action),
            shown(&scenario.symbol),
            terms.trade_type.word(),
            scenario.trading_state.word()
        )
    }

    fn write_verdict(&self, out: &mut String) -> fmt::Result {
        match &self.explanation.verdict {
            Verdict::Decided(decided) => self.write_decided(decided, out),
            Verdict::Refused(rejection) => writeln!(
                out,
                "  → refused: {}: {}",
                rejection.code,
                shown_line(&rejection.message)
            ),
            Verdict::Failed { what, instead } => {
                writeln!(out, "  → the policy fails: {}", shown_line(what))?;
                write!(out, "  → {}", instead.side.word())?;
                if let Some(quantity) = instead.quantity {
                    write!(out, " {quantity}")?;
                }
                writeln!(
                    out,
                    " {} ({}), by the fail-safe",
                    instead.reason,
                    instead.intent.word()
                )
            }
        }
    }

    fn write_decided(&self, decided: &Decided, out: &mut String) -> fmt::Result {
        let decision = &decided.decision;
        write!(out, "  → {}", decision.side.word())?;
        if let Some(quantity) = decided.quantity {
            write!(out, " {quantity}")?;
        }
        let reason = named(&self.manifest.reasons, decision.reason);
        write!(out, " {} ({})", shown(reason), decision.intent.word())?;
        match decision.effect {
            PositionEffect::Close => write!(out, ", reduce-only")?,
            PositionEffect::Open | PositionEffect::None => {}
        }
        if self.rules.is_none() {
            let rule = named(&self.manifest.rules, decision.rule);
            write!(out, ", by rule {}", wording::shown(rule))?;
        }
        writeln!(out)
    }

    fn write_trace(&self, trace: &Trace, rules: &Rules, out: &mut String) -> fmt::Result {
        match &trace.ending {
            Some(ending) => self.write_ending(ending, rules, out)?,
            None => writeln!(out, "  no rule matches")?,
        }
        for passed in &trace.passed_over {
            let name = self.manifest.rules.get(passed.rule);
            let name = name.map_or("", String::as_str);
            write!(out, "  not {}", wording::shown(name))?;
            if let Some(failure) = passed.nearest() {
                write!(out, ": {failure}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn write_ending(&self, ending: &Ending, rules: &Rules, out: &mut String) -> fmt::Result {
        let name = self.manifest.rules.get(ending.rule);
        let name = name.map_or("", String::as_str);
        write!(out, "  rule {}", wording::shown(name))?;
        if let Some(place) = rules.place(ending.rule) {
            write!(out, ", line {}, column {}", place.line, place.column)?;
        }
        let alternatives = rules.tracer().conditions(ending.rule).len();
        if alternatives > 1 {
            let number = ending.alternative + 1;
            write!(out, ", alternative {number} of {alternatives}")?;
            if let Some(place) = rules.alternative_place(ending.rule, ending.alternative) {
                write!(out, " in line {}", place.line)?;
            }
        }
        if let Some(condition) = &ending.asked_by {
            return writeln!(out, ", asks for it: {condition}");
        }
        let held: Vec<String> = ending.held.iter().map(ToString::to_string).collect();
        match held.as_slice() {
            [] => writeln!(out, ": takes every request"),
            held => writeln!(out, ": {}", held.join(", ")),
        }
    }

    fn write_figures(&self, out: &mut String) -> fmt::Result {
        let explanation = self.explanation;
        // A stated type's tier is nothing to tell before something is sized by it.
        let tier = explanation.tier.as_ref();
        if let Some(tier) = tier.filter(|tier| !tier.stated || explanation.size.is_some()) {
            self.write_tier(tier, out)?;
        }
        if let Some(size) = &explanation.size {
            write!(out, "  size {}", size.target_notional)?;
            match size.size {
                Some(share) => writeln!(out, " × {} = {}", Percent(share), size.notional)?,
                None => writeln!(out, ", as it is")?,
            }
        }
        if let Some(budget) = &explanation.budget {
            self.write_budget(budget, out)?;
        }
        if let Some(figures) = &explanation.quantity {
            writeln!(
                out,
                "  quantity {} / {} = {}, rounded down to steps of {}",
                figures.notional, figures.price, figures.quantity, figures.step
            )?;
        }
        Ok(())
    }

    fn write_tier(&self, tier: &TierFigures, out: &mut String) -> fmt::Result {
        let name = tier.tier.map(|at| {
            let at = usize::try_from(at).ok();
            at.and_then(|at| self.manifest.tiers.get(at))
                .map_or("", |tier| &tier.name)
        });
        match (tier.stated, name) {
            (true, Some(name)) => writeln!(out, "  tier {name}: the type says so"),
            (true, None) => Ok(()),
            (false, name) => {
                let tried: Vec<String> = tier.tried.iter().map(tried).collect();
                let name = name.unwrap_or("none");
                writeln!(out, "  tier {name}: {}", tried.join(", "))
            }
        }
    }

    fn write_budget(&self, budget: &BudgetFigures, out: &mut String) -> fmt::Result {
        let BudgetFigures {
            info,
            notional,
            rate,
            need,
            spent,
            ..
        } = budget;
        let currency = &self.manifest.account_currency;
        write!(
            out,
            "  budget {} {}: need {notional} × {rate} = {need}",
            info.name,
            if budget.holds { "holds" } else { "exhausted" }
        )?;
        if let (Some(limit), Some(remaining)) = (budget.limit, budget.remaining()) {
            let of_equity = info.percent.zip(budget.equity);
            let of_equity = of_equity.map(|(percent, equity)| format!("{percent}% of {equity}"));
            let amount = info.amount.map(|amount| format!("{amount} {currency}"));
            let parts: Vec<String> = of_equity.into_iter().chain(amount).collect();
            write!(
                out,
                ", limit {} = {limit}, remaining {limit} − {} − {} = {remaining}",
                match parts.as_slice() {
                    [one] => one.clone(),
                    parts => format!("min({})", parts.join(", ")),
                },
                spent.used,
                spent.reserved
            )?;
        }
        if let Some(most) = info.orders {
            write!(out, ", orders {} of {most}", spent.orders)?;
        }
        writeln!(out)
    }
}

/// One tier and its thresholds: `not pilot (signal_strength is 0.5, needs >= 0.55)`.
fn tried(tier: &TierTried) -> String {
    let thresholds: Vec<String> = tier
        .thresholds
        .iter()
        .map(|one| {
            let observed = one
                .observed
                .map_or("absent".to_owned(), |is| is.to_string());
            if one.is_reached() {
                format!("{} is {observed}, at least {}", one.field, one.least)
            } else {
                format!("{} is {observed}, needs >= {}", one.field, one.least)
            }
        })
        .collect();
    let thresholds = match thresholds.as_slice() {
        [] => "asks for nothing".to_owned(),
        thresholds => thresholds.join(", "),
    };
    let not = if tier.fits() { "" } else { "not " };
    format!("{not}{} ({thresholds})", tier.name)
}

fn named(names: &[String], at: u32) -> &str {
    let at = usize::try_from(at).ok();
    at.and_then(|at| names.get(at)).map_or("", String::as_str)
}

/// A share of a whole in percent.
struct Percent(Amount);

impl fmt::Display for Percent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.mul_down(Amount::whole(100)) {
            Some(percent) => write!(out, "{percent}%"),
            None => write!(out, "{}", self.0),
        }
    }
}

/// A text of this program's own, in which names from outside may stand, on one line.
fn shown_line(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}
