"""The seed's enums, under its names and with its values, and its metadata."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from ..terms import OrderIntent as RouterIntent


class OrderSideAction(Enum):
    """The side that a signal was routed to."""

    BUY = "BUY"
    SELL = "SELL"
    SKIP = "SKIP"


class OrderIntent(Enum):
    """What an order is for."""

    NORMAL = "normal"
    PILOT = "pilot"
    EXPLORE = "explore"
    EXIT = "exit"
    RISK_MANAGEMENT = "risk"

    @classmethod
    def of(cls, intent: RouterIntent) -> "OrderIntent":
        """The seed's word for a decision's."""
        return cls(intent.value)


def metadata(
    intent: OrderIntent, strategy: str, signal_data: Mapping[str, Any] | None, more: Mapping[str, Any]
) -> dict[str, Any]:
    """The seed's keys in its order, values as they came; a key whose value was not given is left out.

    The score is read from `signal_score`, or `score`. What `more` has besides is carried behind.
    """
    signal = signal_data or {}
    given: dict[str, Any] = {
        "signal_score": signal.get("signal_score", signal.get("score")),
        "confidence": signal.get("confidence"),
        "stop_loss": signal.get("stop_loss"),
        "take_profit": signal.get("take_profit"),
        "risk_reward_ratio": signal.get("risk_reward_ratio"),
    }
    given.update({key: value for key, value in more.items() if value is not None})
    return {
        "strategy": strategy,
        "order_intent": intent.value,
        "is_exploration": intent is OrderIntent.EXPLORE,
        "is_pilot": intent is OrderIntent.PILOT,
        "is_normal": intent is OrderIntent.NORMAL,
        **{key: value for key, value in given.items() if value is not None},
    }
