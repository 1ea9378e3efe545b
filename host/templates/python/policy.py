"""A routing policy: long positions alone, one a symbol, of the size that the bot asks for.

It closes whatever is to be closed, keeps nothing between calls, and imports nothing of a system.
What it may never do is in README.md; the host holds every answer to it.
"""

from dataclasses import replace
from typing import List, Optional, Tuple

from componentize_py_types import Err, Ok, Result
from wit_world import exports
from wit_world.exports.routing import (
    BatchItem,
    BudgetUse,
    Decimal,
    Decision,
    FinalAction,
    Manifest,
    OrderIntent,
    OrderTerms,
    Position,
    PositionEffect,
    PositionSide,
    Refusal,
    RefusalKind,
    Request,
    RequestField,
    Side,
    State,
    Symbol,
    TradeType,
    TradingState,
)

# Reasons, by their index in the manifest. `trading_halted`, `already_closing` and `dust` are words
# that the host knows: for nothing else may an exit be skipped. (There is no dust here: no symbol has
# a least quantity.)
REASONS = [
    "trading_halted",
    "no_signal",
    "already_closing",
    "close_long",
    "close_short",
    "nothing_to_close",
    "position_open",
    "reducing_only",
    "long_only",
    "no_exploration",
    "already_opening",
    "open_long",
]

# Rules, by their index in the manifest.
RULES = ["skip", "close", "open"]

INTENT_OF_TYPE = {
    TradeType.NORMAL: OrderIntent.NORMAL,
    TradeType.PILOT: OrderIntent.PILOT,
    TradeType.EXPLORATION: OrderIntent.EXPLORE,
    TradeType.EXIT: OrderIntent.EXIT,
    TradeType.RISK: OrderIntent.RISK,
    TradeType.AUTO: OrderIntent.NORMAL,
}

COEFFICIENT_END = 10**28


class Routing(exports.Routing):
    """The interface that the host asks."""

    def describe(self) -> Manifest:
        return Manifest(
            schema=1,
            name="policy-name",
            version="0.1.0",
            account_currency="USDT",
            reasons=REASONS,
            rules=RULES,
            # Pilot and exploration trades would charge a budget, and there is none yet.
            tiers=[],
            budgets=[],
            symbols=[Symbol(name, False, None, None, None) for name in ("BTC/USDT", "ETH/USDT")],
            # Every number that a rule compares a score or an amount with.
            score_thresholds=[],
            amount_thresholds=[],
        )

    def decide(self, request: Request, state: State) -> Decision:
        # A refusal is raised as `Err`; whatever else is raised is a fault of the policy.
        return decide(request.terms, state.trading_state)

    def decide_batch(
        self, names: List[str], uses: List[BudgetUse], items: List[BatchItem]
    ) -> List[Result[Decision, Refusal]]:
        return [answer(item) for item in items]


def answer(item: BatchItem) -> Result[Decision, Refusal]:
    try:
        return Ok(decide(item.terms, item.trading_state))
    except Err as refused:
        return refused


def decide(terms: OrderTerms, state: TradingState) -> Decision:
    """The decision; raises `Err` with a `Refusal` where the request lacks what it needs."""
    if state is TradingState.HALTED and terms.trade_type is not TradeType.RISK:
        return skip(terms, "trading_halted")
    if terms.final_action not in (FinalAction.BUY, FinalAction.SELL, FinalAction.CLOSE):
        return skip(terms, "no_signal")
    position = terms.position
    if position is not None and coefficient(position.quantity) == 0:
        position = None
    # Before whatever could hold it up.
    if position is not None and reduces(terms.final_action, position):
        return close(terms, position)
    why = forbidden(terms, state, position is not None)
    return open_long(terms) if why is None else skip(terms, why)


def reduces(action: FinalAction, position: Position) -> bool:
    """Whether the action would reduce the position."""
    if action is FinalAction.CLOSE:
        return True
    return action is (FinalAction.SELL if position.side is PositionSide.LONG else FinalAction.BUY)


def close(terms: OrderTerms, position: Position) -> Decision:
    """All that is closable, or as much of it as is asked for."""
    closable = minus(position.quantity, terms.working.closing)
    if coefficient(closable) == 0:
        return skip(terms, "already_closing")
    asked = closable if terms.close_quantity is None else terms.close_quantity
    is_long = position.side is PositionSide.LONG
    return replace(
        skip(terms, "close_long" if is_long else "close_short"),
        side=Side.SELL if is_long else Side.BUY,
        intent=OrderIntent.RISK if terms.trade_type is TradeType.RISK else OrderIntent.EXIT,
        rule=RULES.index("close"),
        effect=PositionEffect.CLOSE,
        quantity=least(asked, closable),
    )


def forbidden(terms: OrderTerms, state: TradingState, is_open: bool) -> Optional[str]:
    """What stands against opening."""
    exits = terms.trade_type in (TradeType.EXIT, TradeType.RISK)
    if terms.final_action is FinalAction.CLOSE or exits:
        return "nothing_to_close"
    if is_open:
        return "position_open"
    if state is TradingState.REDUCING:
        return "reducing_only"
    if terms.final_action is FinalAction.SELL:
        return "long_only"
    if terms.trade_type in (TradeType.PILOT, TradeType.EXPLORATION):
        return "no_exploration"
    if coefficient(terms.working.opening) != 0:
        return "already_opening"
    return None


def open_long(terms: OrderTerms) -> Decision:
    """The host computes the quantity, and needs the price for it."""
    for value, field in (
        (terms.target_notional, RequestField.TARGET_NOTIONAL),
        (terms.price, RequestField.PRICE),
    ):
        if value is None:
            raise Err(Refusal(RefusalKind.FIELD_MISSING, field))
    return replace(
        skip(terms, "open_long"),
        side=Side.BUY,
        rule=RULES.index("open"),
        effect=PositionEffect.OPEN,
        notional=terms.target_notional,
    )


def skip(terms: OrderTerms, reason: str) -> Decision:
    return Decision(
        side=Side.SKIP,
        intent=INTENT_OF_TYPE[terms.trade_type],
        reason=REASONS.index(reason),
        rule=RULES.index("skip"),
        effect=PositionEffect.NONE,
        notional=None,
        quantity=None,
        tier=None,
        budget=None,
    )


# Decimals: whole numbers of any size do all of it, and no amount ever goes through a float.


def coefficient(value: Decimal) -> int:
    return value.high << 64 | value.low


def at_one_scale(left: Decimal, right: Decimal) -> Tuple[int, int, int]:
    scale = max(left.scale, right.scale)
    raised = [coefficient(value) * 10 ** (scale - value.scale) for value in (left, right)]
    return raised[0], raised[1], scale


def minus(left: Decimal, right: Decimal) -> Decimal:
    """The difference, never below 0; rounded down where 28 digits cannot hold it."""
    minuend, subtrahend, scale = at_one_scale(left, right)
    difference = max(minuend - subtrahend, 0)
    while difference >= COEFFICIENT_END:
        difference, scale = difference // 10, scale - 1
    return Decimal(difference >> 64, difference & (2**64 - 1), scale)


def least(left: Decimal, right: Decimal) -> Decimal:
    first, second, _ = at_one_scale(left, right)
    return left if first <= second else right
