//! One request out of its members: types, bounds and defaults of each field, and which
//! faults refuse it.
//!
//! A request that closes a position needs its action, names and position; its other faults
//! are dropped and listed, because an exit must not depend on what it does not use. Of any
//! other request the first fault refuses it: unknown keys first, then by field. Does not
//! read the time (the component has no use for one), and does not decide what a route needs.

use alloc::borrow::{Cow, ToOwned};
use alloc::vec::Vec;

use super::fault::{Fault, FaultCode, LineError};
use super::fields::{self, LINE};
use super::object::{Field, Members};
use super::tags;
use crate::amount::Amount;
use crate::request::{
    FinalAction, NAME_BYTES_MAX, OrderTerms, Position, PositionSide, Request, TradeType,
    WorkingOrders,
};

/// A request as it came, checked field by field.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestLine<'a> {
    /// The bot's client order id, 1 to 64 bytes.
    pub id: Option<Cow<'a, str>>,
    /// The text of the timestamp; whether it is RFC 3339 is for the reader who has a calendar.
    pub timestamp: Option<Cow<'a, str>>,
    /// As given; what it means stands in the terms.
    pub final_action: Cow<'a, str>,
    /// 1 to 64 bytes.
    pub symbol: Cow<'a, str>,
    /// 1 to 64 bytes.
    pub strategy: Cow<'a, str>,
    /// Everything else that a rule can test.
    pub terms: OrderTerms,
    /// Raw JSON: an object of strings of at most 1 KiB.
    pub tags: Option<&'a str>,
    /// Raw JSON, a number, to be echoed digit for digit.
    pub signal_score: Option<Cow<'a, str>>,
    /// Raw JSON, a number, to be echoed digit for digit.
    pub confidence: Option<Cow<'a, str>>,
    /// Raw JSON, a number, to be echoed digit for digit.
    pub risk_reward_ratio: Option<Cow<'a, str>>,
    /// Raw JSON, string or number, to be echoed in the type that it came in.
    pub stop_loss: Option<Cow<'a, str>>,
    /// Raw JSON, string or number, to be echoed in the type that it came in.
    pub take_profit: Option<Cow<'a, str>>,
    /// The faults that a close drops; their fields read as absent.
    pub warnings: Vec<Fault>,
}

impl RequestLine<'_> {
    /// What a rule sees of it.
    pub fn request(&self) -> Request<'_> {
        Request {
            symbol: &self.symbol,
            strategy: &self.strategy,
            terms: self.terms,
        }
    }
}

/// The request that a line's members make.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline)]
pub(super) fn of_members<'a>(members: &Members<'a>) -> Result<RequestLine<'a>, LineError<'a>> {
    let mut reader = Reader {
        members,
        faults: Vec::new(),
        first_needed: None,
    };
    reader.keep_unknown();
    let request = reader.request();
    if reader.faults.is_empty() {
        return Ok(request);
    }
    reader.judged(request)
}

/// What is readable of whose line it is, in whatever state the rest of it is.
pub(super) fn refused<'a>(fault: Fault, members: &Members<'a>) -> LineError<'a> {
    let mut reader = Reader {
        members,
        faults: Vec::new(),
        first_needed: None,
    };
    LineError {
        fault,
        id: reader.name(&fields::ID),
        symbol: reader.name(&fields::SYMBOL),
    }
}

struct Reader<'m, 'a> {
    members: &'m Members<'a>,
    faults: Vec<Fault>,
    /// The first fault of a field that a close needs too.
    first_needed: Option<usize>,
}

impl<'a> Reader<'_, 'a> {
    /// Every field, in the order of the contract.
    fn request(&mut self) -> RequestLine<'a> {
        let id = self.name(&fields::ID);
        let timestamp = self.read(&fields::TIMESTAMP, Field::text);
        let final_action = self.needed(&fields::FINAL_ACTION, Field::text);
        let symbol = self.needed(&fields::SYMBOL, |field, raw| {
            field.name(raw, NAME_BYTES_MAX)
        });
        let strategy = self.needed(&fields::STRATEGY, |field, raw| {
            field.name(raw, NAME_BYTES_MAX)
        });
        let final_action = final_action.unwrap_or_default();
        let trade_type = self.read(&fields::TRADE_TYPE, |field, raw| {
            field.word(raw, FaultCode::UnknownTradeType, TradeType::of_word)
        });
        let mut terms = OrderTerms::new(
            FinalAction::of_word(&final_action),
            trade_type.unwrap_or(TradeType::Normal),
        );
        terms.position = self.position(terms.final_action);
        self.amounts(&mut terms);
        terms.signal_score = self.score(&fields::SIGNAL_SCORE);
        terms.confidence = self.score(&fields::CONFIDENCE);
        terms.risk_reward_ratio = self.score(&fields::RISK_REWARD_RATIO);
        terms.stop_loss = self.amount(&fields::STOP_LOSS);
        terms.take_profit = self.amount(&fields::TAKE_PROFIT);
        RequestLine {
            id,
            timestamp,
            final_action,
            symbol: symbol.unwrap_or_default(),
            strategy: strategy.unwrap_or_default(),
            terms,
            tags: self.read(&fields::TAGS, tags::checked),
            signal_score: self.echoed(terms.signal_score.is_some(), &fields::SIGNAL_SCORE),
            confidence: self.echoed(terms.confidence.is_some(), &fields::CONFIDENCE),
            risk_reward_ratio: self.echoed(
                terms.risk_reward_ratio.is_some(),
                &fields::RISK_REWARD_RATIO,
            ),
            stop_loss: self.echoed(terms.stop_loss.is_some(), &fields::STOP_LOSS),
            take_profit: self.echoed(terms.take_profit.is_some(), &fields::TAKE_PROFIT),
            warnings: Vec::new(),
        }
    }

    fn amounts(&mut self, terms: &mut OrderTerms) {
        terms.close_quantity = self.positive(&fields::CLOSE_QUANTITY);
        terms.working = self.working();
        terms.price = self.positive(&fields::PRICE);
        terms.target_notional = self.positive(&fields::TARGET_NOTIONAL);
        terms.sized = self.read(&fields::SIZED, Field::flag).unwrap_or(false);
        terms.equity = self.amount(&fields::EQUITY);
        terms.quote_rate = self.positive(&fields::QUOTE_RATE);
    }

    /// Each of them by itself: what opens must not hide what closes already, or a close would be
    /// for more than is left.
    fn working(&mut self) -> WorkingOrders {
        let members = self.read(&fields::WORKING, |field, raw| {
            field.members(raw, &fields::IN_WORKING)
        });
        let Some(members) = members else {
            return WorkingOrders::default();
        };
        let unknown = fields::WORKING.unknown(&members, &fields::IN_WORKING);
        self.faults.extend(unknown);
        let mut reader = Reader {
            members: &members,
            faults: core::mem::take(&mut self.faults),
            first_needed: self.first_needed,
        };
        let opening = reader.amount(&fields::WORKING_OPENING);
        let closing = reader.amount(&fields::WORKING_CLOSING);
        self.faults = reader.faults;
        WorkingOrders {
            opening: opening.unwrap_or_default(),
            closing: closing.unwrap_or_default(),
        }
    }

    /// The raw text of a value that was read. A dropped field is echoed no more than it is
    /// used.
    fn echoed(&self, is_read: bool, field: &Field) -> Option<Cow<'a, str>> {
        let raw = self.members.raw(field).filter(|_| is_read);
        raw.map(Cow::Borrowed)
    }

    /// `null` says flat; to say nothing is only for those who ask for no order.
    fn position(&mut self, action: FinalAction) -> Option<Position> {
        let needs = matches!(
            action,
            FinalAction::Buy | FinalAction::Sell | FinalAction::Close
        );
        if self.members.raw(&fields::POSITION).is_none() && needs {
            self.keep_needed(position_missing());
        }
        let faults = self.faults.len();
        let position = self.read(&fields::POSITION, position);
        if self.faults.len() > faults {
            self.first_needed.get_or_insert(faults);
        }
        position
    }

    /// A name that may be absent.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn name(&mut self, field: &Field) -> Option<Cow<'a, str>> {
        self.read(field, |field, raw| field.name(raw, NAME_BYTES_MAX))
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn positive(&mut self, field: &Field) -> Option<Amount> {
        self.read(field, Field::positive)
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn amount(&mut self, field: &Field) -> Option<Amount> {
        self.read(field, Field::amount)
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn score(&mut self, field: &Field) -> Option<f64> {
        self.read(field, Field::score)
    }

    /// A field's value; `None` when it is absent or faulty.
    fn read<T>(
        &mut self,
        field: &Field,
        of_raw: impl FnOnce(&Field, &'a str) -> Result<T, Fault>,
    ) -> Option<T> {
        let raw = self.members.raw(field)?;
        let value = match self.members.doubled(field) {
            Ok(()) if raw == "null" => return None,
            Ok(()) => of_raw(field, raw),
            Err(fault) => Err(fault),
        };
        match value {
            Ok(value) => Some(value),
            Err(fault) => {
                self.faults.push(fault);
                None
            }
        }
    }

    /// The value of a field without which nothing is decided.
    fn needed<T>(
        &mut self,
        field: &Field,
        of_raw: impl FnOnce(&Field, &'a str) -> Result<T, Fault>,
    ) -> Option<T> {
        let faults = self.faults.len();
        let value = self.read(field, of_raw);
        if value.is_none() {
            if self.faults.len() == faults {
                self.faults.push(field.missing());
            }
            self.first_needed.get_or_insert(faults);
        }
        value
    }

    #[cold]
    fn keep_needed(&mut self, fault: Fault) {
        self.first_needed.get_or_insert(self.faults.len());
        self.faults.push(fault);
    }

    /// The keys that a request does not have; those of other lines are among them.
    fn keep_unknown(&mut self) {
        if self.members.has_unknown() {
            self.faults
                .extend(self.members.unknown(&LINE, "", "a request"));
        }
        for field in [&fields::SETTLE, &fields::RELEASE, &fields::CONTROL] {
            if let Some(raw) = self.members.raw(field) {
                self.faults.push(field.fault(FaultCode::UnknownField, raw));
            }
        }
    }

    /// Which of the faults refuses the request, if any does.
    #[cold]
    fn judged(self, request: RequestLine<'a>) -> Result<RequestLine<'a>, LineError<'a>> {
        let closes = request.terms.faces_position();
        let at = match self.first_needed {
            None if closes => {
                return Ok(RequestLine {
                    warnings: self.faults,
                    ..request
                });
            }
            Some(at) if closes => at,
            _ => 0,
        };
        match self.faults.into_iter().nth(at) {
            Some(fault) => Err(refused(fault, self.members)),
            None => Ok(request),
        }
    }
}

fn position(field: &Field, raw: &str) -> Result<Position, Fault> {
    let members = field.object(raw, &fields::IN_POSITION)?;
    let side = fields::POSITION_SIDE.required(&members)?;
    let quantity = fields::POSITION_QUANTITY.required(&members)?;
    Ok(Position {
        side: fields::POSITION_SIDE.word(side, FaultCode::UnknownSide, side_of_word)?,
        quantity: fields::POSITION_QUANTITY.amount(quantity)?,
    })
}

fn side_of_word(word: &str) -> Option<PositionSide> {
    [PositionSide::Long, PositionSide::Short]
        .into_iter()
        .find(|side| side.word() == word)
}

#[cold]
fn position_missing() -> Fault {
    let message = "`position` is missing; BUY, SELL and CLOSE need it, and `null` says flat";
    Fault::of_field(
        FaultCode::PositionMissing,
        fields::POSITION.name,
        message.to_owned(),
    )
}
