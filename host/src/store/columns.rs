//! The readable columns of an entry: what its record says, in words. The writer fills them and
//! whoever verifies a journal holds them to the record, so both come here.

use jiff::Timestamp;
use router_guest::manifest::Manifest;
use router_guest::state::TradingState;

use crate::failsafe::FAIL_SAFE_RULE;
use crate::journal::record::{DecisionRecord, RecordedAuthor};

/// Microseconds since 1970 in UTC, as every time in a store.
pub(crate) fn microseconds(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The columns of a decision that stand in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecisionColumns<'r> {
    pub(crate) at: Option<i64>,
    pub(crate) recorded_at: i64,
    pub(crate) id: Option<&'r str>,
    pub(crate) symbol: &'r str,
    pub(crate) strategy: &'r str,
    pub(crate) final_action: &'static str,
    pub(crate) trade_type: &'static str,
    pub(crate) trading_state: Option<&'static str>,
    pub(crate) side: &'static str,
    pub(crate) order_intent: &'static str,
    pub(crate) position_effect: &'static str,
    pub(crate) reason: &'r str,
    pub(crate) rule: &'r str,
    pub(crate) quantity: Option<String>,
    pub(crate) notional: Option<String>,
    pub(crate) budget: Option<&'r str>,
    pub(crate) need: Option<String>,
    pub(crate) reservation: Option<u64>,
    pub(crate) repeated: bool,
    pub(crate) policy: u32,
    pub(crate) generation: u64,
    pub(crate) fuel: Option<u64>,
    pub(crate) masked: Option<String>,
}

impl<'r> DecisionColumns<'r> {
    /// The columns of a decision whose policy has this manifest.
    pub(crate) fn of(record: &'r DecisionRecord<'_>, manifest: &'r Manifest) -> Self {
        let (request, answer) = (&record.request, &record.answer);
        let (reason, rule) = match answer.author {
            RecordedAuthor::Policy { reason, rule } => (
                listed(&manifest.reasons, reason),
                listed(&manifest.rules, rule),
            ),
            RecordedAuthor::FailSafe { reason } => (reason, FAIL_SAFE_RULE),
        };
        let budget = answer.budget.and_then(|report| {
            let at = usize::try_from(report.budget).ok()?;
            manifest.budgets.get(at)
        });
        Self {
            at: record.at.map(microseconds),
            recorded_at: microseconds(record.recorded_at),
            id: request.id(),
            symbol: request.symbol(),
            strategy: request.strategy(),
            final_action: request.terms().final_action.word(),
            trade_type: request.terms().trade_type.word(),
            trading_state: record
                .shown
                .as_ref()
                .map(|shown| TradingState::word(shown.trading_state)),
            side: answer.side.word(),
            order_intent: answer.intent.word(),
            position_effect: answer.effect.word(),
            reason,
            rule,
            quantity: answer.quantity.map(|quantity| quantity.to_string()),
            notional: answer.notional.map(|notional| notional.to_string()),
            budget: budget.map(|budget| budget.name.as_str()),
            need: answer.budget.map(|report| report.need.to_string()),
            reservation: answer.reservation.map(|reservation| reservation.number()),
            repeated: record.repeated,
            policy: record.policy.number(),
            generation: record.generation,
            fuel: answer.fuel,
            masked: (!record.masked.is_empty()).then(|| record.masked.to_string()),
        }
    }
}

fn listed(names: &[String], index: u32) -> &str {
    let index = usize::try_from(index).ok();
    index
        .and_then(|index| names.get(index))
        .map_or("", String::as_str)
}
