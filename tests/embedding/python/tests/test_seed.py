"""The compatibility class, held to the routing document: its mapping, metadata, log lines, acceptance.

Lines that tell what the bot did, and not what was decided (`DECISION`, `ORDER`, `POSITION_SIZE`, `Trade
executed`), are the bot's to print; the page `SEED.md` says so.
"""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from execution_router import Refused, RouterTimeout
from execution_router.seed import (
    CommitRefused,
    ConfigRefused,
    ExecutionRouter,
    ExplorationLimit,
    NothingRouted,
    OrderIntent,
    OrderSideAction,
)

BUY, SELL, SKIP = OrderSideAction.BUY, OrderSideAction.SELL, OrderSideAction.SKIP
Make: TypeAlias = Callable[..., ExecutionRouter]


def config(short_enabled: bool = False, allow_short: bool = False, **exploration: Any) -> dict[str, Any]:
    return {
        "risk": {"short_enabled": short_enabled, "exploration": exploration or {"enabled": True}},
        "symbols": {"BTC/USDT": {"allow_short": allow_short}, "ETH/USDT": {"allow_short": False}},
        "exchange": {"opened": Path("/anything"), "rate": float("nan")},
    }


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[ExecutionRouter] = []

    def make(settings: Any = None, equity: Any = 10_000.0, **options: Any) -> ExecutionRouter:
        router = ExecutionRouter(
            config() if settings is None else settings, lambda: equity, lambda: "momentum", **options
        )
        made.append(router)
        return router

    yield make
    for router in made:
        router.close()


def logged(caplog: pytest.LogCaptureFixture) -> str:
    lines = [record.getMessage() for record in caplog.records if record.name == "execution_router.seed"]
    caplog.clear()
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture(autouse=True)
def at_info(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.INFO):
        yield


def pilot(router: ExecutionRouter, symbol: str = "BTC/USDT", action: str = "BUY") -> Any:
    return router.route_action(action, symbol, False, None, True, False)


def exploration(router: ExecutionRouter, symbol: str = "BTC/USDT", action: str = "BUY") -> Any:
    return router.route_action(action, symbol, False, None, False, True)


def test_the_enums_have_the_seeds_names_and_values() -> None:
    assert {intent.name: intent.value for intent in OrderIntent} == {
        "NORMAL": "normal",
        "PILOT": "pilot",
        "EXPLORE": "explore",
        "EXIT": "exit",
        "RISK_MANAGEMENT": "risk",
    }
    assert [side.name for side in OrderSideAction] == ["BUY", "SELL", "SKIP"]


@pytest.mark.parametrize("short_enabled", [False, True])
@pytest.mark.parametrize("allow_short", [False, True])
def test_the_action_mapping(make: Make, short_enabled: bool, allow_short: bool) -> None:
    router = make(config(short_enabled, allow_short))
    allowed = short_enabled and allow_short
    flat: dict[str, Any] = {"symbol": "BTC/USDT", "has_position": False, "position_side": None}
    long = flat | {"has_position": True, "position_side": "long"}
    short = flat | {"has_position": True, "position_side": "SHORT"}
    opened = (SELL, OrderIntent.NORMAL, "open_short")
    disabled = (SKIP, OrderIntent.NORMAL, "shorting_disabled")
    assert router.route_action("BUY", **flat) == (BUY, OrderIntent.NORMAL, "open_long")
    assert router.route_action("SELL", **flat) == (opened if allowed else disabled)
    assert router.route_action("SELL", **long) == (SELL, OrderIntent.EXIT, "close_long")
    assert router.route_action("BUY", **short) == (BUY, OrderIntent.EXIT, "close_short")
    assert router.route_action("BUY", **long)[2] == "already_long_no_pyramid"
    assert router.route_action("SELL", **short)[2] == "already_short_no_pyramid"
    assert router.route_action("HOLD", **flat) == (SKIP, OrderIntent.NORMAL, "hold_signal")
    assert router.route_action("STRONG_BUY", **flat) == (SKIP, OrderIntent.NORMAL, "unknown_action")
    # Another symbol is not switched on by this one.
    assert router.route_action("SELL", **flat | {"symbol": "ETH/USDT"}) == disabled


@pytest.mark.parametrize(
    ("flags", "intent"),
    [((False, False), "normal"), ((True, False), "pilot"), ((False, True), "explore")],
)
def test_every_signal_and_position_of_each_kind(make: Make, flags: tuple[bool, bool], intent: str) -> None:
    """A SELL is a SELL or a SKIP, whatever it meets; a close is EXIT for every kind."""
    for short in (False, True):
        router = make(config(short, short))
        for action in ("BUY", "SELL", "buy", "HOLD", "SKIP", "CLOSE", "nonsense"):
            for side in (None, "long", "short"):
                routed, told, reason = router.route_action(action, "BTC/USDT", side is not None, side, *flags)
                assert routed.value in (action.upper(), "SKIP") or action == "CLOSE"
                closes = reason.startswith("close_")
                assert told.value == ("exit" if closes else intent)
                assert (routed is SKIP) == (not closes and not reason.startswith("open_"))


def test_metadata_has_the_seeds_keys_and_values_as_they_came(make: Make) -> None:
    router = make()
    signal_data = {"signal_score": 0.65, "confidence": 0.75, "anything": object()}
    made = router.create_order_metadata(
        OrderIntent.NORMAL,
        "momentum",
        signal_data,
        stop_loss=98000.0,
        take_profit=102000.0,
        risk_reward_ratio=2.0,
    )
    assert json.dumps(made) == (
        '{"strategy": "momentum", "order_intent": "normal", "is_exploration": false, "is_pilot": false, '
        '"is_normal": true, "signal_score": 0.65, "confidence": 0.75, "stop_loss": 98000.0, '
        '"take_profit": 102000.0, "risk_reward_ratio": 2.0}'
    )
    bare = router.create_order_metadata(OrderIntent.PILOT, "momentum", None, stop_loss=None, venue="binance")
    assert bare == {
        "strategy": "momentum",
        "order_intent": "pilot",
        "is_exploration": False,
        "is_pilot": True,
        "is_normal": False,
        "venue": "binance",
    }


def test_log_of_normal_trades(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    router = make()
    router.route_action("BUY", "BTC/USDT", False, None)
    assert logged(caplog) == "ACTION_ROUTE: BUY → BUY (intent=normal, reason=open_long)\n"
    router.route_action("SELL", "BTC/USDT", False, None)
    assert logged(caplog) == (
        "ACTION_ROUTE: SELL → SKIP (intent=normal, reason=shorting_disabled)\n"
        "SKIP BTC/USDT SELL reason=shorting_disabled\n"
    )
    router.route_action("SELL", "BTC/USDT", True, "long")
    assert logged(caplog) == "ACTION_ROUTE: SELL → SELL (intent=exit, reason=close_long)\n"
    shorting = make(config(True, True))
    shorting.route_action("SELL", "BTC/USDT", False, None)
    assert logged(caplog) == "ACTION_ROUTE: SELL → SELL (intent=normal, reason=open_short)\n"


def test_log_of_pilot_and_exploration_trades(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """With $1,200 a day: $800 are left once $400 are held, and $550 once the pilot's fill was smaller."""
    router = make(equity=40_000)
    exploration(router, "SOL/USDT")
    router.commit(400)
    caplog.clear()
    pilot(router)
    assert router.can_explore(400.0)
    held = router.commit(400.0)
    assert logged(caplog) == (
        "ACTION_ROUTE: BUY → BUY (intent=pilot, reason=open_long)\n"
        "🚁 PILOT: target_notional=$400.00\n"
        "EXPLORATION: can_explore passed (need $400.00, have $800.00 left)\n"
    )
    held.settle(250)
    exploration(router)
    assert router.can_explore(250.0)
    assert logged(caplog) == (
        "ACTION_ROUTE: BUY → BUY (intent=explore, reason=open_long)\n"
        "🔍 EXPLORATION: target_notional=$250.00\n"
        "EXPLORATION: can_explore passed (need $250.00, have $550.00 left)\n"
    )


def test_acceptance_normal_trades_go_through_when_the_budget_is_depleted(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    router = make()
    exploration(router, "ADA/USDT")
    router.commit(300).settle(300)
    caplog.clear()
    assert exploration(router, "SOL/USDT")[0] is BUY
    assert not router.can_explore(100)
    assert router.route_action("BUY", "BTC/USDT", False, None)[0] is BUY
    assert pilot(router, "ETH/USDT")[0] is BUY
    assert not router.can_explore(400)
    assert logged(caplog) == (
        "ACTION_ROUTE: BUY → BUY (intent=explore, reason=open_long)\n"
        "🔍 EXPLORATION: target_notional=$100.00\n"
        "EXPLORATION budget exhausted: used=$300.00, limit=$300.00\n"
        "SKIP EXPLORATION SOL/USDT BUY reason=exploration_limit\n"
        "ACTION_ROUTE: BUY → BUY (intent=normal, reason=open_long)\n"
        "ACTION_ROUTE: BUY → BUY (intent=pilot, reason=open_long)\n"
        "🚁 PILOT: target_notional=$400.00\n"
        "EXPLORATION budget exhausted: used=$300.00, limit=$300.00\n"
        "SKIP PILOT ETH/USDT BUY reason=exploration_limit\n"
    )
    with pytest.raises(ExplorationLimit) as limited:
        router.commit(400)
    assert str(limited.value) == "ETH/USDT is over the exploration budget: it needs 400, and 0 are left"
    assert (limited.value.reason, limited.value.decision.side) == ("exploration_limit", "SKIP")
    assert logged(caplog) == (
        "EXPLORATION budget exhausted: used=$300.00, limit=$300.00\n"
        "SKIP PILOT ETH/USDT BUY reason=exploration_limit\n"
    )
    # Less of it may be tried for the same route.
    with pytest.raises(ExplorationLimit):
        router.commit(1)


def test_a_peek_charges_nothing_and_counts_as_the_router_does(make: Make) -> None:
    router = make(equity="9999.99999999999999")
    for _ in range(3):
        pilot(router)
        assert router.can_explore("299.99")
    # 3 % of the equity, rounded down at 12 places; the last place of the need tells.
    assert router.can_explore("299.999999999999")
    assert not router.can_explore("300")
    pilot(router)
    with pytest.raises(ExplorationLimit):
        router.commit("299.9999999999999")
    router.commit("299.999999999999")
    assert not router.can_explore("0.000000000001")


def test_one_route_is_one_order(make: Make) -> None:
    router = make()
    with pytest.raises(NothingRouted, match="`commit` follows a `route_action` of a pilot"):
        router.commit(10)
    router.route_action("BUY", "BTC/USDT", False, None)
    with pytest.raises(NothingRouted):
        router.commit(10)
    router.route_action("SELL", "BTC/USDT", True, "long", True)
    with pytest.raises(NothingRouted):
        router.commit(10)
    pilot(router)
    assert router.commit(10).need == Decimal(10)
    with pytest.raises(NothingRouted):
        router.commit(10)


def test_a_route_is_of_its_own_thread_and_task(make: Make) -> None:
    router = make()
    pilot(router)
    caught: list[type[BaseException]] = []

    def elsewhere() -> None:
        try:
            router.commit(10)
        except NothingRouted as error:
            caught.append(type(error))

    other = threading.Thread(target=elsewhere)
    other.start()
    other.join()
    assert caught == [NothingRouted]

    async def task(symbol: str) -> str:
        pilot(router, symbol)
        await asyncio.sleep(0.01)
        committed = router.commit(10)
        entry = journal(router)[-1]
        assert entry["decision"]["reservation"] == committed.reservation
        return str(entry["request"]["symbol"])

    async def tasks() -> list[str]:
        return await asyncio.gather(*(task(f"{letter}/USDT") for letter in "ABCD"))

    assert asyncio.run(tasks()) == ["A/USDT", "B/USDT", "C/USDT", "D/USDT"]


def test_threads_that_all_pass_the_peek_never_get_more_than_the_budget(make: Make) -> None:
    """Eight threads look first, then commit together: the budget holds three of their orders."""
    router = make(timeout=30)
    looked = threading.Barrier(8)
    granted: list[Decimal] = []
    refused: list[str] = []

    def trade() -> None:
        pilot(router)
        assert router.can_explore(100)
        looked.wait(30)
        try:
            granted.append(router.commit(100).need)
        except ExplorationLimit as limit:
            refused.append(limit.reason)

    threads = [threading.Thread(target=trade) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (granted, refused) == ([Decimal(100)] * 3, ["exploration_limit"] * 5)


def test_a_commit_that_gets_no_answer_is_charged_once(make: Make, store: str) -> None:
    router = make(store=store, timeout=0.1)
    pilot(router)
    pid = router.router.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(RouterTimeout):
        router.commit(100)
    os.kill(pid, signal.SIGCONT)
    time.sleep(0.1)
    committed = router.commit(100)
    assert committed.reservation == "R1"
    (part,) = router.router.budget().budgets["exploration"].parts
    assert (part.reserved, part.orders) == (Decimal(100), 1)


def test_a_killed_program_is_started_again_and_the_budget_goes_on(make: Make) -> None:
    router = make(timeout=20)
    pilot(router)
    router.commit(200)
    pid = router.router.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert pilot(router)[0] is BUY
    with pytest.raises(ExplorationLimit):
        router.commit(101)
    assert router.commit(100).release().released == Decimal(100)


def test_a_budget_survives_the_bot_on_a_store(make: Make, store: str) -> None:
    first = make(store=store)
    pilot(first)
    first.commit(250)
    first.close()
    second = make(store=store)
    assert second.can_explore(50)
    assert not second.can_explore("50.01")


def test_a_forked_child_that_ends_takes_nothing_with_it() -> None:
    """Its end once removed the folder in which its parent's store was."""
    code = (
        "import os, sys\n"
        "from execution_router.seed import ExecutionRouter\n"
        "router = ExecutionRouter({}, lambda: 10_000, lambda: 'momentum', on_event=print)\n"
        "child = os.fork()\n"
        "if child == 0: sys.exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
        "router.route_action('BUY', 'BTC/USDT', False, None, True)\n"
        "assert router.can_explore(300) and router.commit(300).need == 300\n"
        "folder = router._folder.path\n"
        "assert folder.exists()\n"
        "router.close()\n"
        "assert not folder.exists()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_short_is_committed_as_one(make: Make) -> None:
    router = make(config(True, True))
    assert pilot(router, action="SELL") == (SELL, OrderIntent.PILOT, "open_short")
    assert router.commit(100).side == "SELL"


def test_a_halt_between_route_and_commit_lets_nothing_out(make: Make) -> None:
    router = make()
    pilot(router)
    router.router.state("HALTED")
    with pytest.raises(CommitRefused, match="BTC/USDT is not approved: trading_halted"):
        router.commit(10)


def test_exploration_that_is_switched_off(make: Make) -> None:
    router = make(config(enabled=False))
    assert pilot(router) == (SKIP, OrderIntent.PILOT, "exploration_disabled")
    assert not router.can_explore(1)
    assert router.route_action("BUY", "BTC/USDT", False, None)[0] is BUY


def test_the_configured_exploration_budget(make: Make) -> None:
    router = make(config(enabled=True, budget_pct_per_day=0.02, max_forced_per_day=2))
    assert router.can_explore(200)
    assert not router.can_explore(201)
    for _ in range(2):
        pilot(router)
        router.commit(1)
    assert not router.can_explore(1)
    pilot(router)
    with pytest.raises(ExplorationLimit):
        router.commit(1)


def test_another_quote_currency_needs_its_rate(make: Make) -> None:
    router = make(config())
    pilot(router, "ETH/BTC")
    with pytest.raises(Refused) as refused:
        router.commit("0.001")
    assert (refused.value.code, refused.value.field) == ("field_missing", "quote_rate")
    rated = make(quote_rate=lambda symbol: {"ETH/BTC": 100_000.0}[symbol])
    pilot(rated, "ETH/BTC")
    assert rated.can_explore("0.003")
    assert not rated.can_explore("0.0031")
    assert rated.commit("0.003").need == Decimal(300)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("SELL", "BTC/USDT", True, None), "`position_side` is `None`; with `has_position` it must be"),
        (("SELL", "BTC/USDT", True, "buy"), "`position_side` is `buy`; with `has_position` it must be"),
        (("BUY", "BTC/USDT", False, None, True, True), "`is_pilot` and `is_exploration` are both true"),
    ],
)
def test_what_is_not_guessed(make: Make, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make().route_action(*arguments)


def test_flat_is_flat_whatever_the_side_says(make: Make) -> None:
    assert make().route_action("SELL", "BTC/USDT", False, "long")[2] == "shorting_disabled"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, "many"])
def test_amounts_that_are_none(make: Make, value: Any) -> None:
    router = make()
    pilot(router)
    with pytest.raises(ValueError, match="`notional` is"):
        router.can_explore(value)
    with pytest.raises(Refused) as refused:
        router.commit(value)
    assert refused.value.field == "target_notional"
    broke = make(equity=value)
    with pytest.raises(ValueError, match="`equity` is"):
        broke.can_explore(1)


def journal(router: ExecutionRouter) -> list[dict[str, Any]]:
    store = router.router.store
    assert store is not None
    command = [router.router.program, "journal", "--format", "json", "--store", store]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [entry for entry in map(json.loads, done.stdout.splitlines()) if "decision" in entry]


def test_the_journal_says_which_figures_are_placeholders(make: Make) -> None:
    router = make()
    router.route_action("BUY", "BTC/USDT", False, None)
    router.route_action("SELL", "BTC/USDT", True, "long")
    router.route_action(
        "SELL", "BTC/USDT", True, "long", position_quantity="0.5", price=100_000, target_notional=50
    )
    pilot(router)
    router.commit(100)
    pilot(router)
    router.commit(100, price=50_000.0)
    pilot(router, action="SELL")
    router.route_action("SELL", "BTC/USDT", True, "long", True)
    time.sleep(0.2)
    entries = journal(router)
    assert [entry["request"].get("tags") for entry in entries] == [
        {"placeholders": "price,target_notional"},
        {"placeholders": "price,target_notional,position.quantity"},
        None,
        {"placeholders": "price"},
        None,
        None,
        {"placeholders": "position.quantity"},
    ]
    quantities = [entry["decision"].get("quantity") for entry in entries]
    assert quantities == ["1", "1", "0.5", "100", "0.002", None, "1"]
    assert {entry["request"]["strategy"] for entry in entries} == {"momentum"}


def test_the_summary(make: Make) -> None:
    router = make()
    router.route_action("BUY", "BTC/USDT", False, None)
    router.route_action("SELL", "BTC/USDT", False, None)
    router.route_action("SELL", "ETH/USDT", False, None)
    pilot(router)
    router.commit(300)
    pilot(router)
    with pytest.raises(ExplorationLimit):
        router.commit(1)
    assert router.get_routing_summary() == {
        "total": 5,
        "by_side": {"BUY": 3, "SKIP": 2},
        "by_intent": {"normal": 3, "pilot": 2},
        "by_reason": {"open_long": 3, "shorting_disabled": 2},
        "routes": {
            "BUY → BUY (intent=normal, reason=open_long)": 1,
            "BUY → BUY (intent=pilot, reason=open_long)": 2,
            "SELL → SKIP (intent=normal, reason=shorting_disabled)": 2,
        },
        "committed": 1,
        "commits_refused": 1,
    }


def test_a_configuration_of_a_file(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "profit_optimized.yaml"
    file.write_text("risk:\n  short_enabled: true\nsymbols:\n  BTC/USDT: { allow_short: true }\n")
    router = make(file)
    assert router.route_action("SELL", "BTC/USDT", False, None)[2] == "open_short"
    assert router.router.program


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"risk": {"short_enabled": "yes"}}, "short_enabled"),
        ({"risk": {"exploration": {"budget_pct_per_day": 0.5}}}, "--percent"),
        ("/no/such/config.yaml", "there is no configuration at `/no/such/config.yaml`"),
    ],
)
def test_a_configuration_that_is_refused(make: Make, settings: Any, message: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        make(settings)
    assert message in str(refused.value)


def test_nothing_is_left_behind(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    context: AbstractContextManager[ExecutionRouter] = make()
    with context as router:
        router.route_action("BUY", "BTC/USDT", False, None)
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigRefused):
        make("/no/such/config.yaml")
    assert list(tmp_path.iterdir()) == []
