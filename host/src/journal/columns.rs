//! The readable columns of an entry: what a store's tables say of it beside its binary form.
//!
//! Whoever writes a row takes its columns from here, and whoever verifies one holds it to what
//! stands here, so that no column can say another thing than the entry that is chained.

use std::borrow::Cow;

use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::manifest::Manifest;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::record::{
    ChangedEvent, DecisionRecord, RecordedAuthor, ReleasedEvent, SettledEvent, ShownState,
};
use crate::failsafe::FAIL_SAFE_RULE;

/// The columns of `decisions` between `seq` and `record`.
pub const DECISION_COLUMNS: [&str; 24] = [
    "at",
    "recorded_at",
    "id",
    "symbol",
    "strategy",
    "final_action",
    "trade_type",
    "trading_state",
    "side",
    "order_intent",
    "position_effect",
    "reason",
    "rule",
    "quantity",
    "notional",
    "budget",
    "need",
    "reservation",
    "repeated",
    "policy",
    "generation",
    "fuel",
    "masked",
    "keeps_id",
];

/// The columns of `settlements` between `seq` and `record`.
pub const SETTLEMENT_COLUMNS: [&str; 12] = [
    "at",
    "reservation",
    "event_id",
    "kind",
    "side",
    "notional",
    "is_final",
    "used",
    "released",
    "overrun",
    "side_mismatch",
    "asked_by",
];

/// The columns of `changes` between `seq` and `record`.
pub const CHANGE_COLUMNS: [&str; 9] = [
    "at",
    "kind",
    "asked_by",
    "digest",
    "generation",
    "state",
    "until",
    "what",
    "milliseconds",
];

/// What stands in one column of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Whole(i64),
    /// A text.
    Text(Cow<'a, str>),
}

/// Columns of `decisions`, in the order of [`DECISION_COLUMNS`]; names are those of the policy
/// that decided.
pub fn of_decision<'a>(
    record: &'a DecisionRecord<'_>,
    manifest: &'a Manifest,
) -> [Cell<'a>; DECISION_COLUMNS.len()] {
    let (request, answer) = (&record.request, &record.answer);
    let terms = request.terms();
    let shown = record.shown.as_ref();
    let budget = answer.budget.as_ref();
    let (reason, rule) = match answer.author {
        RecordedAuthor::Policy { reason, rule } => (
            listed(&manifest.reasons, reason),
            listed(&manifest.rules, rule),
        ),
        RecordedAuthor::FailSafe { reason } => (reason, FAIL_SAFE_RULE),
    };
    let masked = (!record.masked.is_empty()).then(|| record.masked.to_string());
    [
        Cell::time_if(record.at),
        Cell::time(record.recorded_at),
        Cell::text_if(request.id()),
        Cell::text(request.symbol()),
        Cell::text(request.strategy()),
        Cell::text(terms.final_action.word()),
        Cell::text(terms.trade_type.word()),
        Cell::text_if(shown.map(|shown: &ShownState| shown.trading_state.word())),
        Cell::text(answer.side.word()),
        Cell::text(answer.intent.word()),
        Cell::text(answer.effect.word()),
        Cell::text(reason),
        Cell::text(rule),
        Cell::amount_if(answer.quantity),
        Cell::amount_if(answer.notional),
        Cell::text_if(budget.map(|report| budget_name(manifest, report.budget))),
        Cell::amount_if(budget.map(|report| report.need)),
        Cell::whole_if(answer.reservation.map(|id| id.number())),
        Cell::flag(record.repeated),
        Cell::Whole(i64::from(record.policy.number())),
        Cell::whole(record.generation),
        Cell::whole_if(answer.fuel),
        masked.map_or(Cell::Null, |masked| Cell::Text(Cow::Owned(masked))),
        Cell::flag(record.keeps_id),
    ]
}

/// The name behind a budget's index; empty for one that there is not.
pub fn budget_name(manifest: &Manifest, index: u32) -> &str {
    let at = usize::try_from(index).ok();
    let budget = at.and_then(|at| manifest.budgets.get(at));
    budget.map_or("", |budget| &budget.name)
}

fn listed(names: &[String], index: u32) -> &str {
    let at = usize::try_from(index).ok();
    at.and_then(|at| names.get(at)).map_or("", String::as_str)
}

/// Columns of `settlements`, in the order of [`SETTLEMENT_COLUMNS`].
pub fn of_settlement<'a>(event: &SettledEvent<'a>) -> [Cell<'a>; SETTLEMENT_COLUMNS.len()] {
    let (settlement, settled) = (&event.settlement, &event.settled);
    [
        Cell::time(event.recorded_at),
        Cell::whole(settlement.reservation.number()),
        Cell::text(settlement.event_id.as_str()),
        Cell::text("settle"),
        Cell::text(settlement.side.word()),
        Cell::amount(settlement.notional),
        Cell::flag(settlement.is_final),
        Cell::amount(settled.used),
        Cell::amount(settled.released),
        Cell::amount_if(settled.overrun),
        Cell::flag(settled.side_mismatch),
        Cell::text_if(event.asked_by),
    ]
}

/// Columns of `settlements`, of a release or an expiry.
pub fn of_release<'a>(event: &ReleasedEvent<'a>) -> [Cell<'a>; SETTLEMENT_COLUMNS.len()] {
    let kind = if event.is_expiry { "expire" } else { "release" };
    [
        Cell::time(event.recorded_at),
        Cell::whole(event.reservation.number()),
        Cell::text(event.event_id.as_str()),
        Cell::text(kind),
        Cell::Null,
        Cell::Null,
        Cell::Null,
        Cell::Null,
        Cell::amount(event.released),
        Cell::Null,
        Cell::Null,
        Cell::text_if(event.asked_by),
    ]
}

/// Columns of `changes`, in the order of [`CHANGE_COLUMNS`].
pub fn of_change<'a>(event: &ChangedEvent<'a>) -> [Cell<'a>; CHANGE_COLUMNS.len()] {
    let digest = event.digest.map(|digest| digest.to_string());
    [
        Cell::time(event.recorded_at),
        Cell::text(event.kind.word()),
        Cell::text(event.asked_by),
        digest.map_or(Cell::Null, |digest| Cell::Text(Cow::Owned(digest))),
        Cell::whole_if(event.generation),
        Cell::text_if(event.state.map(|state| state.word())),
        Cell::time_if(event.until),
        Cell::text_if(event.what),
        Cell::whole_if(event.milliseconds),
    ]
}

impl<'a> Cell<'a> {
    const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    fn text_if(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::text)
    }

    /// A number that is never past an `i64`'s: counts, and fuel, which has bounds far below.
    fn whole(number: u64) -> Self {
        Self::Whole(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn whole_if(number: Option<u64>) -> Self {
        number.map_or(Self::Null, Self::whole)
    }

    fn flag(holds: bool) -> Self {
        Self::Whole(i64::from(holds))
    }

    fn amount(amount: Amount) -> Self {
        Self::Text(Cow::Owned(amount.to_string()))
    }

    fn amount_if(amount: Option<Amount>) -> Self {
        amount.map_or(Self::Null, Self::amount)
    }

    /// Microseconds since 1970 in UTC.
    fn time(time: Timestamp) -> Self {
        Self::Whole(time.as_microsecond())
    }

    fn time_if(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Null, Self::time)
    }

    /// Whether a row's column says just this.
    pub fn is(&self, value: ValueRef<'_>) -> bool {
        ValueRef::from(self) == value
    }
}

impl<'c> From<&'c Cell<'_>> for ValueRef<'c> {
    fn from(cell: &'c Cell<'_>) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Whole(number) => Self::Integer(*number),
            Cell::Text(text) => Self::Text(text.as_bytes()),
        }
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::from(self)))
    }
}
