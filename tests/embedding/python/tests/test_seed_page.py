"""The page that walks through the seed's three integration points is run: its code is this bot's."""

import re
import textwrap
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from execution_router.seed import ExecutionRouter, ExplorationLimit, OrderIntent, OrderSideAction

PAGE = (Path(__file__).parents[1] / "SEED.md").read_text(encoding="utf-8")
CONSTRUCTOR, NORMAL, PILOT, EXPLORATION = re.findall(
    r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
)

ARGUMENTS = (
    "self, initial_action, symbol, has_position, position_side, signal, strategy_name, target_notional, "
    "stop_loss=None, take_profit=None, rr_ratio=None, pilot_target_notional=None, "
    "exploration_target_notional=None"
)


def method(code: str) -> Any:
    """A function of the page's code."""
    names: dict[str, Any] = {
        "ExplorationLimit": ExplorationLimit,
        "OrderIntent": OrderIntent,
        "OrderSideAction": OrderSideAction,
    }
    exec(f"def method({ARGUMENTS}):\n{textwrap.indent(code, '    ')}", names)
    return names["method"]


class Bot:
    """As little of a trading system as the page's code needs."""

    normal = method(NORMAL)
    pilot = method(PILOT)
    exploration = method(EXPLORATION)

    def __init__(self, config: dict[str, Any], store: str) -> None:
        self.portfolio = SimpleNamespace(equity=10_000.0)
        self.strategy_name = "momentum"
        self.store = store
        self.orders: list[tuple[OrderSideAction, str, Any, dict[str, Any]]] = []
        self.execution_router: ExecutionRouter
        exec(CONSTRUCTOR, {"self": self, "config": config})

    def send(self, side: OrderSideAction, symbol: str, notional: Any, metadata: dict[str, Any]) -> Any:
        """Fills whatever it is given."""
        self.orders.append((side, symbol, notional, metadata))
        return notional


@pytest.fixture
def bot(store: str) -> Any:
    config = {"risk": {"short_enabled": False}, "symbols": {"BTC/USDT": {"allow_short": False}}}
    bot = Bot(config, store)
    yield bot
    bot.execution_router.close()


def trade(action: str = "BUY", position: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "initial_action": action,
        "symbol": "BTC/USDT",
        "has_position": position is not None,
        "position_side": position,
        "signal": {"score": 0.65, "confidence": 0.75},
        "strategy_name": "momentum",
        "target_notional": 1_250.0,
        **more,
    }


def test_a_normal_trade_goes_out_with_its_metadata(bot: Bot) -> None:
    assert bot.normal(**trade(stop_loss=98000.0, take_profit=102000.0, rr_ratio=2.0)) == 1_250.0
    expected = {
        "strategy": "momentum",
        "order_intent": "normal",
        "is_exploration": False,
        "is_pilot": False,
        "is_normal": True,
        "signal_score": 0.65,
        "confidence": 0.75,
        "stop_loss": 98000.0,
        "take_profit": 102000.0,
        "risk_reward_ratio": 2.0,
    }
    assert bot.orders == [(OrderSideAction.BUY, "BTC/USDT", 1_250.0, expected)]
    assert list(bot.orders[0][3]) == list(expected)


def test_a_sell_is_never_a_buy(bot: Bot) -> None:
    assert bot.normal(**trade("SELL")) is None
    assert bot.normal(**trade("SELL", "long")) == 1_250.0
    ((side, _, _, metadata),) = bot.orders
    assert (side, metadata["order_intent"]) == (OrderSideAction.SELL, "exit")


def test_pilots_are_charged_and_held_to_the_budget(bot: Bot) -> None:
    assert bot.pilot(**trade(pilot_target_notional=200.0)) == 200.0
    assert bot.pilot(**trade(pilot_target_notional=100.01)) is None
    assert bot.pilot(**trade(pilot_target_notional=100.0)) == 100.0
    assert [order[3]["order_intent"] for order in bot.orders] == ["pilot", "pilot"]
    (part,) = bot.execution_router.router.budget().budgets["exploration"].parts
    assert (part.reserved, part.used) == (Decimal(300), Decimal(0))
    # Exhausted: normal trades and a pilot's exit go through.
    assert bot.normal(**trade()) == 1_250.0
    assert bot.pilot(**trade("SELL", "long", pilot_target_notional=400.0)) == 400.0
    assert bot.orders[-1][3]["order_intent"] == "exit"


def test_explorations_are_settled(bot: Bot) -> None:
    for _ in range(3):
        assert bot.exploration(**trade(exploration_target_notional=100.0)) == 100.0
    assert bot.exploration(**trade(exploration_target_notional=0.01)) is None
    expected = {"is_exploration": True, "is_pilot": False, "is_normal": False, "order_intent": "explore"}
    assert bot.orders[0][3].items() >= expected.items()
    (part,) = bot.execution_router.router.budget().budgets["exploration"].parts
    assert (part.used, part.reserved, part.orders) == (Decimal(300), Decimal(0), 3)
