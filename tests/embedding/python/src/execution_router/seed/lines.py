"""The seed's log lines, to the letter; they go to the logger `execution_router.seed` at level INFO."""

import logging
from decimal import ROUND_HALF_UP, Decimal

from .order import OrderIntent, OrderSideAction

LOG = logging.getLogger("execution_router.seed")

_CENT = Decimal("0.01")
_BADGES = {OrderIntent.PILOT: "🚁 PILOT", OrderIntent.EXPLORE: "🔍 EXPLORATION"}
_SKIPPED = {OrderIntent.PILOT: "PILOT ", OrderIntent.EXPLORE: "EXPLORATION "}


def routed(action: str, symbol: str, side: OrderSideAction, intent: OrderIntent, reason: str) -> None:
    """The route, and the skip where it is one."""
    LOG.info("ACTION_ROUTE: %s → %s (intent=%s, reason=%s)", action, side.value, intent.value, reason)
    if side is OrderSideAction.SKIP:
        skipped(action, symbol, intent, reason)


def skipped(action: str, symbol: str, intent: OrderIntent, reason: str) -> None:
    """No order, and why."""
    LOG.info("SKIP %s%s %s reason=%s", _SKIPPED.get(intent, ""), symbol, action, reason)


def sized(intent: OrderIntent, notional: Decimal) -> None:
    """What is asked of the budget; the bot has sized it already."""
    LOG.info("%s: target_notional=%s", _BADGES[intent], money(notional))


def passed(need: Decimal, left: Decimal) -> None:
    """The budget would hold it."""
    LOG.info("EXPLORATION: can_explore passed (need %s, have %s left)", money(need), money(left))


def exhausted(used: Decimal, limit: Decimal | None) -> None:
    """The budget does not hold it; `used` is settled and held together."""
    LOG.info(
        "EXPLORATION budget exhausted: used=%s, limit=%s",
        money(used),
        "no amount" if limit is None else money(limit),
    )


def money(amount: Decimal) -> str:
    """Two places, thousands apart; half a cent rounds up."""
    return f"${amount.quantize(_CENT, ROUND_HALF_UP):,}"
