"""The contract's words as enums: what a request may say and what a decision says.

Owns the spelling. Each is a `str`, so that a word read from elsewhere compares equal.
"""

from enum import Enum


class Word(str, Enum):
    """A word of the contract; prints as it is written in JSON."""

    def __str__(self) -> str:
        return str(self.value)


class FinalAction(Word):
    """What the strategy says. Any other word is an action too: it routes to SKIP `unknown_action`."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    SKIP = "SKIP"
    CLOSE = "CLOSE"


class TradeType(Word):
    """How the bot classifies the trade; `auto` leaves it to the policy's tiers."""

    NORMAL = "normal"
    PILOT = "pilot"
    EXPLORATION = "exploration"
    EXIT = "exit"
    RISK = "risk"
    AUTO = "auto"


class Side(Word):
    """The side of the order; SKIP is no order, and a decision all the same."""

    BUY = "BUY"
    SELL = "SELL"
    SKIP = "SKIP"


class OrderIntent(Word):
    """What the order is for; of a SKIP, what it would have been for."""

    NORMAL = "normal"
    PILOT = "pilot"
    EXPLORE = "explore"
    EXIT = "exit"
    RISK = "risk"


class PositionEffect(Word):
    """What the order does to the position."""

    OPEN = "open"
    CLOSE = "close"
    NONE = "none"


class PositionSide(Word):
    """The leg of a position."""

    LONG = "long"
    SHORT = "short"


class TradingState(Word):
    """How much the operator lets through: everything, nothing that opens, closes of type risk alone."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Clock(Word):
    """Where the time of a budget's charge comes from: the request's own timestamp, or this machine."""

    REQUEST = "request"
    SYSTEM = "system"


class Durability(Word):
    """What must be on disk before it is answered."""

    BUDGETS = "budgets"
    FULL = "full"
