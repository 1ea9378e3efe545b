//! A request as the host holds it: what a policy may see, and what only the host may see
//! (the id, the time, what is echoed). Whatever stands in it has been checked.

use std::borrow::Cow;

use jiff::Timestamp;
use router_guest::amount::Amount;
use router_guest::json::{Fault, FaultCode, LineError, RequestLine};
use router_guest::request::{
    FinalAction, NAME_BYTES_MAX, OrderTerms, Position, TradeType, WorkingOrders,
};

/// One request, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    line: RequestLine<'a>,
    timestamp: Option<Timestamp>,
}

impl<'a> Request<'a> {
    /// Starts a request from typed values: flat, of type normal, with nothing else given.
    pub fn builder(
        final_action: FinalAction,
        symbol: impl Into<Cow<'a, str>>,
        strategy: impl Into<Cow<'a, str>>,
    ) -> RequestBuilder<'a> {
        let request = Request {
            line: RequestLine {
                id: None,
                timestamp: None,
                final_action: Cow::Borrowed(final_action.word()),
                symbol: symbol.into(),
                strategy: strategy.into(),
                terms: OrderTerms::new(final_action, TradeType::Normal),
                tags: None,
                signal_score: None,
                confidence: None,
                risk_reward_ratio: None,
                stop_loss: None,
                take_profit: None,
                warnings: Vec::new(),
            },
            timestamp: None,
        };
        RequestBuilder {
            request,
            position_given: false,
        }
    }

    /// Takes a line that was read, and reads its time.
    ///
    /// # Errors
    /// The fault of a timestamp that is not RFC 3339, unless the request closes: then it reads
    /// as absent, with a warning.
    #[inline]
    pub fn from_line(mut line: RequestLine<'a>) -> Result<Self, LineError<'a>> {
        let timestamp = match line.timestamp.as_deref().map(read_time) {
            None => None,
            Some(Ok(timestamp)) => Some(timestamp),
            Some(Err(fault)) if line.terms.faces_position() => {
                line.warnings.push(fault);
                None
            }
            Some(Err(fault)) => {
                let (id, symbol) = (line.id, Some(line.symbol));
                return Err(LineError { fault, id, symbol });
            }
        };
        Ok(Self { line, timestamp })
    }

    /// A request that was checked before it was written down.
    pub(crate) const fn of_record(line: RequestLine<'a>, timestamp: Option<Timestamp>) -> Self {
        Self { line, timestamp }
    }

    /// The bot's client order id.
    pub fn id(&self) -> Option<&str> {
        self.line.id.as_deref()
    }

    /// When the request says it was made.
    pub const fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }

    /// The symbol, exactly as the bot sent it.
    pub fn symbol(&self) -> &str {
        &self.line.symbol
    }

    /// The strategy's name.
    pub fn strategy(&self) -> &str {
        &self.line.strategy
    }

    /// Everything that a rule can test but the names.
    pub const fn terms(&self) -> &OrderTerms {
        &self.line.terms
    }

    /// The request as a policy sees it.
    pub fn seen(&self) -> router_guest::request::Request<'_> {
        self.line.request()
    }

    /// What was dropped of it.
    pub fn warnings(&self) -> &[Fault] {
        &self.line.warnings
    }

    /// The line behind it: what is echoed.
    pub(crate) const fn line(&self) -> &RequestLine<'a> {
        &self.line
    }
}

fn read_time(text: &str) -> Result<Timestamp, Fault> {
    // The parser takes other forms of ISO 8601 as well, which other readers of the line may not.
    let separated = matches!(
        text.as_bytes(),
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't' | b' ', ..]
    );
    let parsed = text
        .parse()
        .ok()
        .filter(|_| separated && !text.contains('['));
    parsed.ok_or_else(|| {
        let message = format!(
            "`timestamp` is `{}`; it must be RFC 3339, as `2022-01-01T07:20:00Z`",
            text.escape_debug().take(64).collect::<String>()
        );
        Fault::of_field(FaultCode::BadTimestamp, "timestamp", message)
    })
}

/// Builds a [`Request`]; `build` checks what the types cannot.
#[derive(Debug, Clone)]
pub struct RequestBuilder<'a> {
    request: Request<'a>,
    /// Whether it was said what is open, be it nothing.
    position_given: bool,
}

impl<'a> RequestBuilder<'a> {
    /// The client order id, for idempotency.
    #[must_use]
    pub fn id(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.request.line.id = Some(id.into());
        self
    }

    /// When the request was made; budgets are counted by it.
    #[must_use]
    pub const fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.request.timestamp = Some(timestamp);
        self
    }

    /// How the bot classifies the trade.
    #[must_use]
    pub const fn trade_type(mut self, trade_type: TradeType) -> Self {
        self.request.line.terms.trade_type = trade_type;
        self
    }

    /// What the decision may close; `None` is flat. BUY, SELL and CLOSE must say it: a look-up
    /// that failed must not read as flat.
    #[must_use]
    pub const fn position(mut self, position: Option<Position>) -> Self {
        self.request.line.terms.position = position;
        self.position_given = true;
        self
    }

    /// How much of the position to close; all of it, where nothing is said.
    #[must_use]
    pub const fn close_quantity(mut self, quantity: Amount) -> Self {
        self.request.line.terms.close_quantity = Some(quantity);
        self
    }

    /// The bot's own orders that still rest, in base quantity; none, where nothing is said.
    #[must_use]
    pub const fn working(mut self, working: WorkingOrders) -> Self {
        self.request.line.terms.working = working;
        self
    }

    /// Quote currency for one unit of base.
    #[must_use]
    pub const fn price(mut self, price: Amount) -> Self {
        self.request.line.terms.price = Some(price);
        self
    }

    /// Quote currency to open with, before tier sizing.
    #[must_use]
    pub const fn target_notional(mut self, notional: Amount) -> Self {
        self.request.line.terms.target_notional = Some(notional);
        self
    }

    /// Whether the target is final: the tier's size is not applied.
    #[must_use]
    pub const fn sized(mut self, sized: bool) -> Self {
        self.request.line.terms.sized = sized;
        self
    }

    /// Account currency that percentages are taken of.
    #[must_use]
    pub const fn equity(mut self, equity: Amount) -> Self {
        self.request.line.terms.equity = Some(equity);
        self
    }

    /// Account currency for one unit of the quote currency, where they are not the same.
    #[must_use]
    pub const fn quote_rate(mut self, rate: Amount) -> Self {
        self.request.line.terms.quote_rate = Some(rate);
        self
    }

    /// How strong the signal is; its sign is the direction, and tiers do not look at it.
    #[must_use]
    pub const fn signal_score(mut self, score: f64) -> Self {
        self.request.line.terms.signal_score = Some(score);
        self
    }

    /// How sure the strategy is of it.
    #[must_use]
    pub const fn confidence(mut self, confidence: f64) -> Self {
        self.request.line.terms.confidence = Some(confidence);
        self
    }

    /// What may be won for what may be lost.
    #[must_use]
    pub const fn risk_reward_ratio(mut self, ratio: f64) -> Self {
        self.request.line.terms.risk_reward_ratio = Some(ratio);
        self
    }

    /// The price to get out at with a loss.
    #[must_use]
    pub const fn stop_loss(mut self, price: Amount) -> Self {
        self.request.line.terms.stop_loss = Some(price);
        self
    }

    /// The price to get out at with a gain.
    #[must_use]
    pub const fn take_profit(mut self, price: Amount) -> Self {
        self.request.line.terms.take_profit = Some(price);
        self
    }

    /// The terms, set on the record itself. A position that it sets counts as said; that there
    /// is none is said by [`RequestBuilder::position`] alone, since `None` is what the record
    /// holds when nobody has looked.
    #[must_use]
    pub fn terms(mut self, set: impl FnOnce(&mut OrderTerms)) -> Self {
        let terms = &mut self.request.line.terms;
        set(terms);
        self.position_given |= terms.position.is_some();
        self
    }

    /// The request, when it is one.
    ///
    /// # Errors
    /// The first [`Fault`]: a name that is empty or over 64 bytes, a score that is not
    /// finite, an amount of 0 where more is needed, no word on the position.
    pub fn build(self) -> Result<Request<'a>, Fault> {
        let line = &self.request.line;
        for (field, name) in [("symbol", &line.symbol), ("strategy", &line.strategy)] {
            check_name(field, name)?;
        }
        if let Some(id) = &line.id {
            check_name("id", id)?;
        }
        let orders = [FinalAction::Buy, FinalAction::Sell, FinalAction::Close];
        if !self.position_given && orders.contains(&line.terms.final_action) {
            let message =
                "`position` is missing; BUY, SELL and CLOSE need it, and `None` says flat";
            return Err(Fault::of_field(
                FaultCode::PositionMissing,
                "position",
                message.to_owned(),
            ));
        }
        let terms = &line.terms;
        for (field, score) in [
            ("signal_score", terms.signal_score),
            ("confidence", terms.confidence),
            ("risk_reward_ratio", terms.risk_reward_ratio),
        ] {
            if let Some(score) = score.filter(|score| !score.is_finite()) {
                let message = format!("`{field}` is `{score}`; it must be a finite number");
                return Err(Fault::of_field(FaultCode::NotFinite, field, message));
            }
        }
        for (field, amount) in [
            ("close_quantity", terms.close_quantity),
            ("price", terms.price),
            ("target_notional", terms.target_notional),
            ("quote_rate", terms.quote_rate),
        ] {
            if amount.is_some_and(Amount::is_zero) {
                let message = format!("`{field}` is `0`; it must be a decimal above 0");
                return Err(Fault::of_field(FaultCode::NotPositive, field, message));
            }
        }
        Ok(self.with_echoes())
    }

    /// The request with the texts that a decision repeats: a sender's own are not there.
    fn with_echoes(mut self) -> Request<'a> {
        let line = &mut self.request.line;
        let score = |score: Option<f64>| Some(Cow::Owned(serde_json::to_string(&score?).ok()?));
        let amount = |amount: Option<Amount>| Some(Cow::Owned(format!("\"{}\"", amount?)));
        line.signal_score = score(line.terms.signal_score);
        line.confidence = score(line.terms.confidence);
        line.risk_reward_ratio = score(line.terms.risk_reward_ratio);
        line.stop_loss = amount(line.terms.stop_loss);
        line.take_profit = amount(line.terms.take_profit);
        self.request
    }
}

fn check_name(field: &'static str, name: &str) -> Result<(), Fault> {
    let code = match name.len() {
        0 => FaultCode::Empty,
        1..=NAME_BYTES_MAX => return Ok(()),
        _ => FaultCode::TooLong,
    };
    let message = format!(
        "`{field}` has {} bytes; it must have 1 to {NAME_BYTES_MAX}",
        name.len()
    );
    Err(Fault::of_field(code, field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(set: impl FnOnce(RequestBuilder<'_>) -> RequestBuilder<'_>) -> Result<(), String> {
        let built = set(Request::builder(FinalAction::Sell, "BTC/USDT", "trend")).build();
        built.map(drop).map_err(|fault| fault.message)
    }

    #[test]
    fn other_terms_say_nothing_of_the_position() {
        let missing = "`position` is missing; BUY, SELL and CLOSE need it, and `None` says flat";
        let long = Position {
            side: router_guest::request::PositionSide::Long,
            quantity: Amount::whole(1),
        };
        let scored = |terms: &mut OrderTerms| terms.signal_score = Some(0.7);
        assert_eq!(
            built(|request| request.terms(scored)),
            Err(missing.to_owned())
        );
        assert_eq!(
            built(|request| request.signal_score(0.7)),
            Err(missing.to_owned())
        );
        assert_eq!(
            built(|request| request.terms(scored).position(None)),
            Ok(())
        );
        assert_eq!(
            built(|request| request.position(None).terms(scored)),
            Ok(())
        );
        assert_eq!(
            built(|request| request.terms(|terms| terms.position = Some(long))),
            Ok(())
        );
    }

    #[test]
    fn what_is_set_is_what_the_record_would_say() {
        let amount = |whole| Amount::whole(whole);
        let working = WorkingOrders {
            opening: amount(1),
            closing: amount(2),
        };
        let start = || Request::builder(FinalAction::Sell, "BTC/USDT", "trend").position(None);
        let one_by_one = start()
            .close_quantity(amount(3))
            .working(working)
            .sized(true)
            .quote_rate(amount(4))
            .signal_score(-0.5)
            .confidence(0.6)
            .risk_reward_ratio(1.5)
            .stop_loss(amount(5))
            .take_profit(amount(6));
        let at_once = start().terms(|terms| {
            terms.close_quantity = Some(amount(3));
            terms.working = working;
            terms.sized = true;
            terms.quote_rate = Some(amount(4));
            terms.signal_score = Some(-0.5);
            terms.confidence = Some(0.6);
            terms.risk_reward_ratio = Some(1.5);
            terms.stop_loss = Some(amount(5));
            terms.take_profit = Some(amount(6));
        });
        assert_eq!(one_by_one.build().unwrap(), at_once.build().unwrap());
    }

    #[test]
    fn a_score_must_be_finite() {
        assert_eq!(
            built(|request| request.position(None).confidence(f64::NAN)),
            Err("`confidence` is `NaN`; it must be a finite number".to_owned())
        );
    }
}
