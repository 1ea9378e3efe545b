//! A decision's bytes: first which fields there are, then the fields, in the order of
//! [`encode`]. It is the entry that callers wait for, so nothing is looked at twice.

use std::borrow::Cow;

use router_guest::decision::{PositionEffect, Side};
use router_guest::json::{Fault, FaultCode, RequestLine};
use router_guest::request::{
    FinalAction, NAME_BYTES_MAX, OrderTerms, Position, PositionSide, TradeType, WorkingOrders,
};
use router_guest::state::{BudgetUse, State, TradingState};
use router_guest::table::BUDGETS_MAX;

use super::bytes::{Reader, push_amount, push_text, push_time, push_whole};
use super::events::{Kind, open};
use super::flags::{Flag, Flagged, Flags};
use super::{
    Decided, DecisionRecord, Grant, PolicyNumber, RecordError, RecordedAnswer, RecordedAuthor,
    ShownState,
};
use crate::decision::{Answer, Author};
use crate::failsafe::REASONS;
use crate::guard::BudgetReport;
use crate::journal::mask::{Mask, MaskField, MaskedFields};
use crate::ledger::{ID_BYTES_MAX, ReservationId};
use crate::request::Request;

/// Bytes that a decision seldom exceeds.
const DECISION_BYTES_USUAL: usize = 512;
const SIDES: [Side; 3] = [Side::Buy, Side::Sell, Side::Skip];
const EFFECTS: [PositionEffect; 3] = [
    PositionEffect::Open,
    PositionEffect::Close,
    PositionEffect::None,
];

#[inline]
pub(super) fn encode(decided: &Decided<'_>, mask: Option<&Mask>, out: &mut Vec<u8>) {
    // Room for nearly every decision, so that no field has to ask for more.
    out.reserve(DECISION_BYTES_USUAL);
    open(Kind::Decided, out);
    let mask = mask.filter(|mask| !mask.fields().is_empty());
    let mut flagged = Flagged::open(out);
    push_time(flagged.out, decided.recorded_at);
    push_whole(flagged.out, u64::from(decided.policy.number()));
    push_whole(flagged.out, decided.generation);
    flagged.if_some(Flag::At, decided.at, push_time);
    match mask {
        None => push_names(decided.request, &mut flagged),
        Some(mask) => push_masked(decided.request, mask, &mut flagged),
    }
    push_request(decided.request, &mut flagged);
    flagged.set(Flag::Shown, decided.shown.is_some());
    if let Some(shown) = &decided.shown {
        push_shown(shown, &mut flagged);
    }
    push_answer(&decided.decision.answer, &mut flagged);
    flagged.set(Flag::Repeated, decided.decision.repeated);
    flagged.set(Flag::KeepsId, decided.keeps_id);
    if let Some(grant) = &decided.grant {
        flagged.amount(Flag::Grant, Some(grant.quote_rate));
        flagged.if_some(Flag::ExpiresAt, grant.expires_at, push_time);
    }
    let warnings = decided.decision.warnings.as_slice();
    if !warnings.is_empty() {
        flagged.set(Flag::Warnings, true);
        push_warnings(
            warnings,
            mask.map(|mask| (mask, decided.request)),
            flagged.out,
        );
    }
    flagged.close();
}

#[inline]
fn push_names(request: &Request<'_>, flagged: &mut Flagged<'_>) {
    flagged.text(Flag::Id, request.id());
    push_text(flagged.out, request.symbol());
    push_text(flagged.out, request.strategy());
    flagged.text(Flag::Tags, request.line().tags);
}

/// The same, with keyed hashes in the place of some.
#[cold]
fn push_masked(request: &Request<'_>, mask: &Mask, flagged: &mut Flagged<'_>) {
    let id = request.id().map(|id| mask.text(MaskField::Id, id));
    flagged.text(Flag::Id, id.as_deref());
    let out = &mut *flagged.out;
    push_text(out, &mask.text(MaskField::Symbol, request.symbol()));
    push_text(out, &mask.text(MaskField::Strategy, request.strategy()));
    let tags = request.line().tags.map(|tags| mask.tags(tags));
    flagged.text(Flag::Tags, tags.as_deref());
    flagged.set(Flag::Masked, true);
    flagged.out.push(mask.fields().bits());
}

#[inline]
fn push_request(request: &Request<'_>, flagged: &mut Flagged<'_>) {
    let (line, terms) = (request.line(), request.terms());
    flagged.if_some(Flag::Timestamp, request.timestamp(), push_time);
    flagged.out.push(terms.final_action as u8);
    flagged.out.push(terms.trade_type as u8);
    let action = terms.final_action;
    let is_canonical = action != FinalAction::Unknown && line.final_action == action.word();
    flagged.text(
        Flag::ActionText,
        (!is_canonical).then_some(&*line.final_action),
    );
    if let Some(position) = &terms.position {
        flagged.amount(Flag::Position, Some(position.quantity));
        let is_short = position.side == PositionSide::Short;
        flagged.set(Flag::PositionIsShort, is_short);
    }
    flagged.amount(Flag::CloseQuantity, terms.close_quantity);
    let working = &terms.working;
    for (flag, amount) in [
        (Flag::WorkingOpening, working.opening),
        (Flag::WorkingClosing, working.closing),
    ] {
        flagged.amount(flag, Some(amount).filter(|amount| !amount.is_zero()));
    }
    flagged.amount(Flag::Price, terms.price);
    flagged.amount(Flag::TargetNotional, terms.target_notional);
    flagged.set(Flag::Sized, terms.sized);
    flagged.amount(Flag::Equity, terms.equity);
    flagged.amount(Flag::QuoteRate, terms.quote_rate);
    flagged.score(Flag::SignalScore, terms.signal_score);
    flagged.score(Flag::Confidence, terms.confidence);
    flagged.score(Flag::RiskReward, terms.risk_reward_ratio);
    flagged.amount(Flag::StopLoss, terms.stop_loss);
    flagged.amount(Flag::TakeProfit, terms.take_profit);
    flagged.text(Flag::SignalScoreText, line.signal_score.as_deref());
    flagged.text(Flag::ConfidenceText, line.confidence.as_deref());
    flagged.text(Flag::RiskRewardText, line.risk_reward_ratio.as_deref());
    flagged.text(Flag::StopLossText, line.stop_loss.as_deref());
    flagged.text(Flag::TakeProfitText, line.take_profit.as_deref());
}

#[inline]
fn push_shown(shown: &State<'_>, flagged: &mut Flagged<'_>) {
    flagged.out.push(shown.trading_state as u8);
    flagged.if_some(Flag::ShownBudgets, shown.budgets, |out, uses| {
        push_whole(out, uses.len() as u64);
        for spent in uses {
            push_amount(out, spent.used);
            push_amount(out, spent.reserved);
            push_whole(out, u64::from(spent.orders));
        }
    });
}

#[inline]
fn push_answer(answer: &Answer, flagged: &mut Flagged<'_>) {
    flagged
        .out
        .extend_from_slice(&[answer.side as u8, answer.intent as u8, answer.effect as u8]);
    flagged.set(Flag::Leg, answer.position_side.is_some());
    let is_short = answer.position_side == Some(PositionSide::Short);
    flagged.set(Flag::LegIsShort, is_short);
    flagged.if_some(Flag::Tier, answer.tier, push_index);
    flagged.amount(Flag::Quantity, answer.quantity);
    flagged.amount(Flag::Notional, answer.notional);
    flagged.if_some(Flag::Fuel, answer.fuel, push_whole);
    match &answer.author {
        Author::Policy { reason, rule, .. } => {
            push_index(flagged.out, *reason);
            push_index(flagged.out, *rule);
        }
        Author::FailSafe { reason } => {
            let at = REASONS.iter().position(|listed| listed == reason);
            flagged.if_some(Flag::FailSafe, at, |out, at| push_whole(out, at as u64));
        }
    }
    let Some(charge) = answer.charge.as_deref() else {
        return;
    };
    let report = &charge.report;
    flagged.set(Flag::Budget, true);
    push_index(flagged.out, report.budget);
    push_index(flagged.out, report.orders);
    for amount in [report.need, report.used, report.reserved] {
        push_amount(flagged.out, amount);
    }
    flagged.amount(Flag::Limit, report.limit);
    let reservation = charge.reservation.map(ReservationId::number);
    flagged.if_some(Flag::Reservation, reservation, push_whole);
}

fn push_index(out: &mut Vec<u8>, index: u32) {
    push_whole(out, u64::from(index));
}

fn push_warnings(warnings: &[Fault], mask: Option<(&Mask, &Request<'_>)>, out: &mut Vec<u8>) {
    push_whole(out, warnings.len() as u64);
    for fault in warnings {
        push_text(out, fault.code.word());
        // No field has a name of no bytes.
        push_text(out, fault.field.as_deref().unwrap_or_default());
        let message = match mask {
            None => fault.message.as_str(),
            Some((mask, request)) => mask.message(fault, request),
        };
        push_text(out, message);
    }
}

type Read<T> = Result<T, RecordError>;

#[inline]
pub(super) fn decode<'a>(reader: &mut Reader<'a>) -> Read<DecisionRecord<'a>> {
    let flags = Flags::read(reader)?;
    let recorded_at = reader.time("time")?;
    let policy = PolicyNumber::new(reader.index("policy")?);
    let generation = reader.whole("generation")?;
    let at = flags.then(Flag::At, || reader.time("effective time"))?;
    let id = flags.then(Flag::Id, || name(reader, "id", ID_BYTES_MAX))?;
    let symbol = name(reader, "symbol", NAME_BYTES_MAX)?;
    let strategy = name(reader, "strategy", NAME_BYTES_MAX)?;
    let tags = flags.then(Flag::Tags, || reader.text("tags"))?;
    let masked = flags.then(Flag::Masked, || masked(reader))?;
    let timestamp = flags.then(Flag::Timestamp, || reader.time("timestamp"))?;
    let (final_action, terms) = terms(reader, &flags)?;
    let mut echo = |flag, what| {
        let text = flags.then(flag, || reader.text(what))?;
        Ok::<_, RecordError>(text.map(Cow::Borrowed))
    };
    let line = RequestLine {
        id: id.map(Cow::Borrowed),
        timestamp: None,
        final_action,
        symbol: Cow::Borrowed(symbol),
        strategy: Cow::Borrowed(strategy),
        terms,
        tags,
        signal_score: echo(Flag::SignalScoreText, "signal_score")?,
        confidence: echo(Flag::ConfidenceText, "confidence")?,
        risk_reward_ratio: echo(Flag::RiskRewardText, "risk_reward_ratio")?,
        stop_loss: echo(Flag::StopLossText, "stop_loss")?,
        take_profit: echo(Flag::TakeProfitText, "take_profit")?,
        warnings: Vec::new(),
    };
    let shown = flags.then(Flag::Shown, || shown(reader, &flags))?;
    let answer = answer(reader, &flags)?;
    let grant = flags.then(Flag::Grant, || grant(reader, &flags))?;
    let warnings = flags.then(Flag::Warnings, || warnings(reader))?;
    Ok(DecisionRecord {
        recorded_at,
        at,
        policy,
        generation,
        masked: masked.unwrap_or_default(),
        request: Request::of_record(line, timestamp),
        shown,
        answer,
        repeated: flags.has(Flag::Repeated),
        keeps_id: flags.has(Flag::KeepsId),
        grant,
        warnings: warnings.unwrap_or_default(),
    })
}

#[inline]
fn name<'a>(reader: &mut Reader<'a>, what: &'static str, bytes_max: usize) -> Read<&'a str> {
    let name = reader.text(what)?;
    if name.is_empty() || name.len() > bytes_max {
        return Err(reader.foreign(what));
    }
    Ok(name)
}

fn masked(reader: &mut Reader<'_>) -> Read<MaskedFields> {
    let bits = reader.byte("masked fields")?;
    MaskedFields::of_bits(bits).ok_or_else(|| reader.foreign("masked fields"))
}

#[inline]
fn terms<'a>(reader: &mut Reader<'a>, flags: &Flags) -> Read<(Cow<'a, str>, OrderTerms)> {
    let action = reader.one_of(&FinalAction::ALL, "final_action")?;
    let trade_type = reader.one_of(&TradeType::ALL, "trade_type")?;
    let text = flags.then(Flag::ActionText, || reader.text("final_action"))?;
    let mut amount = |flag, what| flags.then(flag, || reader.amount(what));
    let mut terms = OrderTerms::new(action, trade_type);
    terms.position = amount(Flag::Position, "position")?.map(|quantity| Position {
        side: leg(flags.has(Flag::PositionIsShort)),
        quantity,
    });
    terms.close_quantity = amount(Flag::CloseQuantity, "close_quantity")?;
    terms.working = WorkingOrders {
        opening: amount(Flag::WorkingOpening, "working")?.unwrap_or_default(),
        closing: amount(Flag::WorkingClosing, "working")?.unwrap_or_default(),
    };
    terms.price = amount(Flag::Price, "price")?;
    terms.target_notional = amount(Flag::TargetNotional, "target_notional")?;
    terms.sized = flags.has(Flag::Sized);
    terms.equity = amount(Flag::Equity, "equity")?;
    terms.quote_rate = amount(Flag::QuoteRate, "quote_rate")?;
    let mut score = |flag, what| flags.then(flag, || reader.score(what));
    terms.signal_score = score(Flag::SignalScore, "signal_score")?;
    terms.confidence = score(Flag::Confidence, "confidence")?;
    terms.risk_reward_ratio = score(Flag::RiskReward, "risk_reward_ratio")?;
    let mut amount = |flag, what| flags.then(flag, || reader.amount(what));
    terms.stop_loss = amount(Flag::StopLoss, "stop_loss")?;
    terms.take_profit = amount(Flag::TakeProfit, "take_profit")?;
    Ok((Cow::Borrowed(text.unwrap_or(action.word())), terms))
}

#[inline]
fn shown(reader: &mut Reader<'_>, flags: &Flags) -> Read<ShownState> {
    let trading_state = reader.one_of(&TradingState::ALL, "trading state")?;
    let budgets = flags.then(Flag::ShownBudgets, || {
        let what = "use of budgets";
        let count = reader.whole(what)?;
        let count = usize::try_from(count).ok();
        let count = count.filter(|count| *count <= BUDGETS_MAX);
        let count = count.ok_or_else(|| reader.foreign(what))?;
        let spent = |_| {
            Ok(BudgetUse {
                used: reader.amount(what)?,
                reserved: reader.amount(what)?,
                orders: reader.index(what)?,
            })
        };
        (0..count).map(spent).collect::<Read<Vec<_>>>()
    })?;
    Ok(ShownState {
        trading_state,
        budgets,
    })
}

#[inline]
fn answer(reader: &mut Reader<'_>, flags: &Flags) -> Read<RecordedAnswer> {
    let side = reader.one_of(&SIDES, "side")?;
    let intent = reader.one_of(&router_guest::decision::OrderIntent::ALL, "order_intent")?;
    let effect = reader.one_of(&EFFECTS, "position_effect")?;
    let tier = flags.then(Flag::Tier, || reader.index("tier"))?;
    let quantity = flags.then(Flag::Quantity, || reader.amount("quantity"))?;
    let notional = flags.then(Flag::Notional, || reader.amount("notional"))?;
    let fuel = flags.then(Flag::Fuel, || reader.whole("fuel"))?;
    let author = if flags.has(Flag::FailSafe) {
        let reason = reader.one_of(&REASONS, "reason of the fail-safe")?;
        RecordedAuthor::FailSafe { reason }
    } else {
        RecordedAuthor::Policy {
            reason: reader.index("reason")?,
            rule: reader.index("rule")?,
        }
    };
    let budget = flags.then(Flag::Budget, || report(reader, flags))?;
    let reservation = flags.then(Flag::Reservation, || reader.whole("reservation"))?;
    Ok(RecordedAnswer {
        side,
        intent,
        effect,
        position_side: flags
            .has(Flag::Leg)
            .then(|| leg(flags.has(Flag::LegIsShort))),
        tier,
        quantity,
        notional,
        fuel,
        author,
        budget,
        reservation: reservation.map(ReservationId::of_number),
    })
}

#[inline]
fn report(reader: &mut Reader<'_>, flags: &Flags) -> Read<BudgetReport> {
    let budget = reader.index("budget")?;
    let orders = reader.index("budget's orders")?;
    Ok(BudgetReport {
        budget,
        orders,
        need: reader.amount("need")?,
        used: reader.amount("used")?,
        reserved: reader.amount("reserved")?,
        limit: flags.then(Flag::Limit, || reader.amount("limit"))?,
    })
}

fn grant(reader: &mut Reader<'_>, flags: &Flags) -> Read<Grant> {
    Ok(Grant {
        quote_rate: reader.amount("quote rate of the grant")?,
        expires_at: flags.then(Flag::ExpiresAt, || reader.time("end of the grant"))?,
    })
}

#[inline]
const fn leg(is_short: bool) -> PositionSide {
    if is_short {
        PositionSide::Short
    } else {
        PositionSide::Long
    }
}

#[cold]
fn warnings(reader: &mut Reader<'_>) -> Read<Vec<Fault>> {
    let count = reader.whole("warnings")?;
    let warning = |_| {
        let word = reader.text("warning")?;
        let code = FaultCode::ALL.into_iter().find(|code| code.word() == word);
        let code = code.ok_or_else(|| reader.foreign("code of a warning"))?;
        let field = reader.text("warning")?;
        let message = reader.text("warning")?;
        Ok(Fault {
            code,
            field: (!field.is_empty()).then(|| Cow::Owned(field.to_owned())),
            message: message.to_owned(),
        })
    };
    // Each has at least three bytes, so that the record itself bounds them.
    (0..count).map(warning).collect()
}
