//! `explain`: why each request gets the decision that it gets.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context as _;
use router_guest::amount::Amount;
use router_guest::state::BudgetUse;

use super::route::{StateArgument, open};
use super::{Outcome, PolicyArguments, ReportFormat};
use crate::explain::{
    self, COUNTERFACTUALS, COUNTERFACTUALS_MAX, Explainer, Format, StateOfBareRequests,
};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    policy: PolicyArguments,
    /// How explanations are written: text, or a JSON object a line.
    #[arg(long, value_enum, default_value = "text")]
    format: ReportFormat,
    /// The trading state that requests meet which bring no state.
    #[arg(long, value_enum, ignore_case = true, default_value = "ACTIVE")]
    trading_state: StateArgument,
    /// What is used of a budget before each request that brings no state: settled, held and
    /// orders granted. May be given for several budgets; nothing is used of the others.
    #[arg(long = "use", value_name = "NAME=USED[,RESERVED[,ORDERS]]")]
    uses: Vec<UseArgument>,
    /// How many changes that would give another decision are told at most.
    #[arg(
        long,
        value_name = "N",
        default_value_t = COUNTERFACTUALS,
        value_parser = counterfactuals
    )]
    counterfactuals: usize,
    /// One JSON object a line: a request as `route` takes it, or `{"request": …, "state": …}`;
    /// `-` or nothing reads standard input. Each line is explained for itself: what one
    /// request would be granted of a budget is not used for the next.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// The use of one budget.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UseArgument {
    name: String,
    spent: BudgetUse,
}

/// Explains the file or standard input on standard output.
///
/// # Errors
/// When the input cannot be read, the policy cannot be used, or the output is closed.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let input = open(arguments.file.as_deref())?;
    let (policy, document) = arguments.policy.load_authored()?;
    let mut explainer = Explainer::new(policy, document).context("cannot read the rules")?;
    let bare = StateOfBareRequests {
        trading_state: arguments.trading_state.state(),
        uses: uses_by_name(&arguments.uses)?,
    };
    let format = match arguments.format {
        ReportFormat::Text => Format::Text,
        ReportFormat::Json => Format::Json,
    };
    let summary = explain::explain_lines(
        &mut explainer,
        input,
        &mut io::stdout().lock(),
        format,
        &bare,
        arguments.counterfactuals,
    )?;
    if summary.refused > 0 {
        eprintln!(
            "execution-router: {} of {} lines could not be read",
            summary.refused, summary.lines
        );
        return Ok(Outcome::Findings);
    }
    Ok(Outcome::Done)
}

fn uses_by_name(uses: &[UseArgument]) -> anyhow::Result<BTreeMap<String, BudgetUse>> {
    let mut by_name = BTreeMap::new();
    for UseArgument { name, spent } in uses {
        let before = by_name.insert(name.clone(), *spent);
        anyhow::ensure!(before.is_none(), "the use of `{name}` is given twice");
    }
    Ok(by_name)
}

fn counterfactuals(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= COUNTERFACTUALS_MAX => Ok(count),
        _ => Err(format!("it must be a number of 0 to {COUNTERFACTUALS_MAX}")),
    }
}

impl FromStr for UseArgument {
    type Err = String;

    /// `exploration=120`, `exploration=120,80`, `exploration=120,80,3`
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, figures) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or("it is written `exploration=120`: the budget's name, and what is used of it")?;
        let mut figures = figures.split(',');
        let mut amount = |what: &str| match figures.next() {
            None => Ok(Amount::ZERO),
            Some(figure) => Amount::from_str(figure)
                .map_err(|error| format!("what is {what} must be a decimal; `{figure}` {error}")),
        };
        let (used, reserved) = (amount("used")?, amount("reserved")?);
        let orders = match figures.next() {
            None => 0,
            Some(orders) => orders.parse().map_err(|_| {
                format!("the orders must be a whole number, and `{orders}` is none")
            })?,
        };
        if figures.next().is_some() {
            return Err("it has three figures at most: used, reserved and orders".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            spent: BudgetUse {
                used,
                reserved,
                orders,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(&str, &str, &str, u32), &str>) {
        let read = text.parse::<UseArgument>();
        let expected = match expected {
            Ok((name, used, reserved, orders)) => Ok(UseArgument {
                name: name.to_owned(),
                spent: BudgetUse {
                    used: used.parse().unwrap(),
                    reserved: reserved.parse().unwrap(),
                    orders,
                },
            }),
            Err(message) => Err(message.to_owned()),
        };
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn uses_of_budgets() {
        check("exploration=120", Ok(("exploration", "120", "0", 0)));
        check("a=1.5,2e1", Ok(("a", "1.5", "20", 0)));
        check("a=0,0,3", Ok(("a", "0", "0", 3)));
        let form = "it is written `exploration=120`: the budget's name, and what is used of it";
        check("exploration", Err(form));
        check("=1", Err(form));
        check(
            "a=",
            Err("what is used must be a decimal; `` is not a decimal"),
        );
        check(
            "a=1,-2",
            Err("what is reserved must be a decimal; `-2` is negative"),
        );
        check(
            "a=1,2,x",
            Err("the orders must be a whole number, and `x` is none"),
        );
        check(
            "a=1,2,3,4",
            Err("it has three figures at most: used, reserved and orders"),
        );
    }
}
