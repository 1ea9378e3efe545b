"""What the policy answers, a reason at a time."""

import sys
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "bindings"))

from componentize_py_types import Err, Ok  # noqa: E402
from wit_world.exports.routing import (  # noqa: E402
    BatchItem,
    Decimal,
    FinalAction,
    OrderIntent,
    OrderTerms,
    Position,
    PositionEffect,
    PositionSide,
    Refusal,
    RefusalKind,
    RequestField,
    Side,
    TradeType,
    TradingState,
    WorkingOrders,
)

import policy  # noqa: E402

ACTIVE = TradingState.ACTIVE


def whole(number: int, scale: int = 0) -> Decimal:
    return Decimal(number >> 64, number & (2**64 - 1), scale)


def long(quantity: int) -> Position:
    return Position(PositionSide.LONG, whole(quantity))


def short(quantity: int) -> Position:
    return Position(PositionSide.SHORT, whole(quantity))


# A BUY of 1000 at 50000, flat.
BUY = OrderTerms(
    final_action=FinalAction.BUY,
    trade_type=TradeType.NORMAL,
    position=None,
    close_quantity=None,
    working=WorkingOrders(whole(0), whole(0)),
    price=whole(50_000),
    target_notional=whole(1_000),
    sized=False,
    equity=None,
    quote_rate=None,
    signal_score=None,
    confidence=None,
    risk_reward_ratio=None,
    stop_loss=None,
    take_profit=None,
)
BARE = replace(BUY, price=None, target_notional=None)


class PolicyTest(unittest.TestCase):
    def skips(self, reason: str, state: TradingState = ACTIVE, **terms: object) -> None:
        decision = policy.decide(replace(BUY, **terms), state)
        answered = (decision.side, decision.effect, policy.REASONS[decision.reason])
        self.assertEqual(answered, (Side.SKIP, PositionEffect.NONE, reason))

    def closes(self, side: Side, quantity: int, **terms: object) -> None:
        decision = policy.decide(replace(BARE, **terms), ACTIVE)
        answered = (decision.side, decision.effect, decision.quantity)
        self.assertEqual(answered, (side, PositionEffect.CLOSE, whole(quantity)))

    def test_a_buy_when_flat_opens_what_is_asked_for(self) -> None:
        decision = policy.decide(BUY, ACTIVE)
        answered = (decision.side, decision.effect, decision.notional)
        self.assertEqual(answered, (Side.BUY, PositionEffect.OPEN, whole(1_000)))

    def test_what_an_opening_needs_is_asked_for(self) -> None:
        for terms, field in (
            (replace(BUY, target_notional=None), RequestField.TARGET_NOTIONAL),
            (replace(BUY, price=None), RequestField.PRICE),
        ):
            refusal = Err(Refusal(RefusalKind.FIELD_MISSING, field))
            with self.assertRaises(Err) as raised:
                policy.decide(terms, ACTIVE)
            self.assertEqual(raised.exception.value, refusal.value)
            item = BatchItem(0, 1, terms, ACTIVE, None)
            (answer,) = policy.Routing().decide_batch(["A", "B"], [], [item])
            self.assertEqual(answer.value, refusal.value)

    def test_a_batch_is_decided_item_by_item(self) -> None:
        item = BatchItem(0, 1, BUY, ACTIVE, None)
        answers = policy.Routing().decide_batch(["A", "B"], [], [item, item])
        self.assertEqual(answers, [Ok(policy.decide(BUY, ACTIVE))] * 2)

    def test_what_reduces_a_position_closes_it_whatever_else_is_missing(self) -> None:
        closing = FinalAction.CLOSE
        self.closes(Side.BUY, 3, position=short(3))
        self.closes(Side.SELL, 3, final_action=FinalAction.SELL, position=long(3))
        for asked, closed in ((1, 1), (9, 3)):
            self.closes(
                Side.SELL, closed, final_action=closing, position=long(3), close_quantity=whole(asked)
            )
        working = WorkingOrders(whole(0), whole(2))
        self.closes(Side.SELL, 1, final_action=closing, position=long(3), working=working)
        working = WorkingOrders(whole(0), whole(3))
        self.skips("already_closing", final_action=closing, position=long(3), working=working)

    def test_a_halt_lets_risk_management_through_alone(self) -> None:
        halted, closing = TradingState.HALTED, FinalAction.CLOSE
        self.skips("trading_halted", halted, final_action=closing, position=long(3))
        self.skips("trading_halted", halted)
        terms = replace(BUY, final_action=closing, trade_type=TradeType.RISK, position=long(3))
        decision = policy.decide(terms, halted)
        self.assertEqual((decision.side, decision.intent), (Side.SELL, OrderIntent.RISK))

    def test_what_may_not_open_says_why(self) -> None:
        self.skips("no_signal", final_action=FinalAction.HOLD)
        self.skips("nothing_to_close", final_action=FinalAction.CLOSE)
        self.skips("nothing_to_close", trade_type=TradeType.EXIT)
        self.skips("position_open", position=long(3))
        self.skips("reducing_only", TradingState.REDUCING)
        self.skips("long_only", final_action=FinalAction.SELL)
        self.skips("no_exploration", trade_type=TradeType.PILOT)
        self.skips("already_opening", working=WorkingOrders(whole(1), whole(0)))
        # Quantity 0 is flat.
        self.skips("nothing_to_close", final_action=FinalAction.CLOSE, position=long(0))

    def test_amounts_are_exact(self) -> None:
        nines, tiny = whole(10**28 - 1), whole(1, 28)
        self.assertEqual(policy.minus(nines, tiny), whole(10**28 - 2))
        self.assertEqual(policy.coefficient(policy.minus(tiny, nines)), 0)
        self.assertEqual(policy.least(nines, tiny), tiny)
        self.assertEqual(policy.least(whole(1), whole(10, 1)), whole(1))


if __name__ == "__main__":
    unittest.main()
