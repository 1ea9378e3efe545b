"""What is asked: requests, settlements and releases, and the line that each is sent as.

Owns how Python's values become JSON: a `Decimal` and a `str` as text, an `int` and a `float` as the
literal that `repr` gives, so that no amount passes through arithmetic. It judges nothing: what is wrong
with a field (NaN, a sign, a type) the program says, because only it knows which fields a close may do
without. So a stop with a broken score still closes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from numbers import Real
from operator import attrgetter
from typing import Any, TypeAlias

from .terms import FinalAction, PositionSide, Side, TradeType

Amount: TypeAlias = Decimal | int | float | str
"""A decimal of up to 28 digits, taken exactly as it is written. `0.1` is one tenth: what `repr` shows."""

Score: TypeAlias = float | int | Decimal
"""A finite number of double precision."""

INTEGER_BITS_MAX = 512
"""Integers above are sent as a word that the program refuses: Python itself would not write them out."""


@dataclass(frozen=True, slots=True)
class Position:
    """The position that a decision may close; `quantity` 0 is flat."""

    side: PositionSide | str
    quantity: Amount


@dataclass(frozen=True, slots=True)
class Working:
    """The bot's own resting orders, in base quantity, without stops and targets."""

    opening: Amount = 0
    closing: Amount = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, under the contract's names (`host/README.md`, "Requests"); `None` is not given.

    `position` must be said: `None` says flat. Where it could not be looked up, ask nothing: a failed
    look-up must not read as flat.
    """

    final_action: FinalAction | str
    symbol: str
    strategy: str
    position: Position | None
    id: str | None = None
    timestamp: datetime | str | None = None
    trade_type: TradeType | str | None = None
    close_quantity: Amount | None = None
    working: Working | None = None
    price: Amount | None = None
    target_notional: Amount | None = None
    sized: bool | None = None
    equity: Amount | None = None
    quote_rate: Amount | None = None
    signal_score: Score | None = None
    confidence: Score | None = None
    risk_reward_ratio: Score | None = None
    stop_loss: Amount | None = None
    take_profit: Amount | None = None
    tags: Mapping[str, str] | None = None

    def to_json(self) -> str:
        """The request as one line of JSON, without its end."""
        fields: dict[str, object] = {
            "final_action": self.final_action,
            "symbol": self.symbol,
            "strategy": self.strategy,
            "position": _position(self.position),
        }
        for name, written, value in zip(_NAMES, _WRITERS, _VALUES(self), strict=True):
            if value is not None:
                fields[name] = value if written is None else written(value)
        return write(fields)


def settle_line(reservation: str, event_id: str, notional: Amount, side: Side | str, final: bool) -> str:
    """What was filled, as a line."""
    fields = {
        "reservation": reservation,
        "event_id": event_id,
        "notional": _amount(notional),
        "side": side,
        "final": final,
    }
    return write({"settle": fields})


def release_line(reservation: str, event_id: str) -> str:
    """That nothing more is filled, as a line."""
    return write({"release": {"reservation": reservation, "event_id": event_id}})


def write(fields: object) -> str:
    """JSON on one line; whatever is no JSON value is written as its text, for the program to refuse."""
    try:
        text = _ENCODER.encode(fields)
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair is no UTF-8; escaped, the fault stays one of its field.
        return _ESCAPING_ENCODER.encode(fields)
    return text


def amount_text(value: Amount) -> str:
    """An amount as the text that is sent: `0.1` for the float 0.1, never its binary expansion."""
    written = _amount(value)
    return written if isinstance(written, str) else _ENCODER.encode(written)


def _text(value: object) -> str:
    return str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_text)
_ESCAPING_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=_text)


def _position(position: Position | None) -> dict[str, object] | None:
    if position is None:
        return None
    return {"side": position.side, "quantity": _amount(position.quantity)}


def _amount(value: Any) -> object:
    # Floats stay floats: the encoder writes `float.__repr__`, also of subclasses that print otherwise.
    if isinstance(value, Decimal):
        return str(value) if value.is_finite() else _not_finite(value)
    if isinstance(value, int) and value.bit_length() > INTEGER_BITS_MAX:
        return f"an integer of {value.bit_length()} bits"
    return value


def _score(value: Any) -> object:
    if type(value) is float:
        return value
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else _not_finite(value)
    # Numbers of other libraries too, such as 32-bit floats, all of which a double holds.
    return float(value) if isinstance(value, Real) and not isinstance(value, int) else _amount(value)


def _not_finite(value: Decimal) -> float:
    if value.is_nan():
        return float("nan")
    return float("-inf") if value.is_signed() else float("inf")


def _working(working: Any) -> object:
    if not isinstance(working, Working):
        return working
    return {"opening": _amount(working.opening), "closing": _amount(working.closing)}


def _timestamp(timestamp: Any) -> object:
    return timestamp.isoformat() if isinstance(timestamp, datetime) else timestamp


def _tags(tags: Any) -> object:
    return dict(tags) if isinstance(tags, Mapping) else tags


_OPTIONAL: tuple[tuple[str, Callable[[Any], object] | None], ...] = (
    ("id", None),
    ("timestamp", _timestamp),
    ("trade_type", None),
    ("close_quantity", _amount),
    ("working", _working),
    ("price", _amount),
    ("target_notional", _amount),
    ("sized", None),
    ("equity", _amount),
    ("quote_rate", _amount),
    ("signal_score", _score),
    ("confidence", _score),
    ("risk_reward_ratio", _score),
    ("stop_loss", _amount),
    ("take_profit", _amount),
    ("tags", _tags),
)
_NAMES = tuple(name for name, _ in _OPTIONAL)
_WRITERS = tuple(written for _, written in _OPTIONAL)
_VALUES = attrgetter(*_NAMES)
