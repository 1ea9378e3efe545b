//! The fields of every object that a line can hold, and what each must be. Tables only.

use super::keys::Fields;
use super::object::Field;

const NAME: &str = "a string of 1 to 64 bytes";
const HOST_ID: &str = "a string of 1 to 64 bytes";
const ABOVE_ZERO: &str = "a decimal above 0";
const ZERO_OR_MORE: &str = "a decimal of 0 or more";
const FINITE: &str = "a finite number";
const COUNT: &str = "a whole number of at most 4294967295";

/// A field of an object inside of others: `name` has their keys in front.
const fn field(at: usize, key: &'static str, name: &'static str, must: &'static str) -> Field {
    Field {
        at,
        key,
        name,
        must,
    }
}

/// A field of the line itself, whose name is its key.
const fn top(at: usize, key: &'static str, must: &'static str) -> Field {
    field(at, key, key, must)
}

pub(super) const ID: Field = top(0, "id", NAME);
pub(super) const TIMESTAMP: Field = top(1, "timestamp", "a string with an RFC 3339 time");
pub(super) const FINAL_ACTION: Field = top(2, "final_action", "a string");
pub(super) const SYMBOL: Field = top(3, "symbol", NAME);
pub(super) const STRATEGY: Field = top(4, "strategy", NAME);
pub(super) const TRADE_TYPE: Field = top(
    5,
    "trade_type",
    "`normal`, `pilot`, `exploration`, `exit`, `risk` or `auto`",
);
pub(super) const POSITION: Field = top(
    6,
    "position",
    "an object of `side` and `quantity`, or `null`",
);
pub(super) const CLOSE_QUANTITY: Field = top(7, "close_quantity", ABOVE_ZERO);
pub(super) const WORKING: Field = top(8, "working", "an object of `opening` and `closing`");
pub(super) const PRICE: Field = top(9, "price", ABOVE_ZERO);
pub(super) const TARGET_NOTIONAL: Field = top(10, "target_notional", ABOVE_ZERO);
pub(super) const SIZED: Field = top(11, "sized", "`true` or `false`");
pub(super) const EQUITY: Field = top(12, "equity", ZERO_OR_MORE);
pub(super) const QUOTE_RATE: Field = top(13, "quote_rate", ABOVE_ZERO);
pub(super) const SIGNAL_SCORE: Field = top(14, "signal_score", FINITE);
pub(super) const CONFIDENCE: Field = top(15, "confidence", FINITE);
pub(super) const RISK_REWARD_RATIO: Field = top(16, "risk_reward_ratio", FINITE);
pub(super) const STOP_LOSS: Field = top(17, "stop_loss", ZERO_OR_MORE);
pub(super) const TAKE_PROFIT: Field = top(18, "take_profit", ZERO_OR_MORE);
pub(super) const TAGS: Field = top(19, "tags", "an object of strings of at most 1 KiB");

pub(super) const SETTLE: Field = top(20, "settle", "an object, and alone on its line");
pub(super) const RELEASE: Field = top(21, "release", "an object, and alone on its line");
pub(super) const CONTROL: Field = top(22, "control", "on a control line");

/// A line's fields: a request's in the order of the contract, by which the first fault is
/// the one that is told; behind them the keys of the other lines.
pub(super) static LINE: Fields = Fields::new(&[
    ID,
    TIMESTAMP,
    FINAL_ACTION,
    SYMBOL,
    STRATEGY,
    TRADE_TYPE,
    POSITION,
    CLOSE_QUANTITY,
    WORKING,
    PRICE,
    TARGET_NOTIONAL,
    SIZED,
    EQUITY,
    QUOTE_RATE,
    SIGNAL_SCORE,
    CONFIDENCE,
    RISK_REWARD_RATIO,
    STOP_LOSS,
    TAKE_PROFIT,
    TAGS,
    SETTLE,
    RELEASE,
    CONTROL,
]);

pub(super) const POSITION_SIDE: Field = field(0, "side", "position.side", "`long` or `short`");
pub(super) const POSITION_QUANTITY: Field = field(1, "quantity", "position.quantity", ZERO_OR_MORE);

/// `position`
pub(super) static IN_POSITION: Fields = Fields::new(&[POSITION_SIDE, POSITION_QUANTITY]);

pub(super) const WORKING_OPENING: Field = field(0, "opening", "working.opening", ZERO_OR_MORE);
pub(super) const WORKING_CLOSING: Field = field(1, "closing", "working.closing", ZERO_OR_MORE);

/// `working`
pub(super) static IN_WORKING: Fields = Fields::new(&[WORKING_OPENING, WORKING_CLOSING]);

pub(super) const SETTLE_RESERVATION: Field = field(0, "reservation", "settle.reservation", HOST_ID);
pub(super) const SETTLE_EVENT_ID: Field = field(1, "event_id", "settle.event_id", HOST_ID);
pub(super) const SETTLE_NOTIONAL: Field = field(2, "notional", "settle.notional", ZERO_OR_MORE);
pub(super) const SETTLE_SIDE: Field = field(3, "side", "settle.side", "`BUY` or `SELL`");
pub(super) const SETTLE_FINAL: Field = field(4, "final", "settle.final", "`true` or `false`");

/// `settle`
pub(super) static IN_SETTLE: Fields = Fields::new(&[
    SETTLE_RESERVATION,
    SETTLE_EVENT_ID,
    SETTLE_NOTIONAL,
    SETTLE_SIDE,
    SETTLE_FINAL,
]);

pub(super) const RELEASE_RESERVATION: Field =
    field(0, "reservation", "release.reservation", HOST_ID);
pub(super) const RELEASE_EVENT_ID: Field = field(1, "event_id", "release.event_id", HOST_ID);

/// `release`
pub(super) static IN_RELEASE: Fields = Fields::new(&[RELEASE_RESERVATION, RELEASE_EVENT_ID]);

pub(super) const TRADING_STATE: Field = top(0, "trading_state", "`ACTIVE`, `REDUCING` or `HALTED`");
pub(super) const BUDGETS: Field = top(
    1,
    "budgets",
    "a list of objects of `used`, `reserved` and `orders`",
);

/// The state.
pub(super) static STATE: Fields = Fields::new(&[TRADING_STATE, BUDGETS]);

pub(super) const BUDGET_USED: Field = field(0, "used", "budgets.used", ZERO_OR_MORE);
pub(super) const BUDGET_RESERVED: Field = field(1, "reserved", "budgets.reserved", ZERO_OR_MORE);
pub(super) const BUDGET_ORDERS: Field = field(2, "orders", "budgets.orders", COUNT);

/// An entry of the state's `budgets`.
pub(super) static IN_BUDGET: Fields = Fields::new(&[BUDGET_USED, BUDGET_RESERVED, BUDGET_ORDERS]);
