"""The engine's actual fills, held to what the router promises."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from backtest import BACKTESTS, Fill, Run, run
from checks import (
    BUDGETED,
    closes_too_large,
    decision_of,
    exploration_orders,
    fills_on_another_side,
    normal_when_exhausted,
    over_budget,
    positions,
    shorts,
    wrongly_settled,
)

Ran = Callable[[str], Run]
EACH = pytest.mark.parametrize("name", list(BACKTESTS))


def intents(run: Run) -> Counter[str]:
    """Fills by intent."""
    return Counter(decision_of(run, fill)["decision"]["order_intent"] for fill in run.fills)


def reasons(run: Run) -> Counter[tuple[str, str]]:
    """Decisions by the signal's word and the reason."""
    entries = run.decisions.values()
    return Counter((entry["request"]["final_action"], entry["decision"]["reason"]) for entry in entries)


@EACH
def test_a_sell_is_never_filled_as_a_buy(ran: Ran, name: str) -> None:
    result = ran(name)
    assert fills_on_another_side(result) == []
    assert {fill.side for fill in result.fills} == {"BUY", "SELL"}
    assert reasons(result)["SELL", "close_long"] > 10


@EACH
def test_no_close_is_larger_than_the_position(ran: Ran, name: str) -> None:
    result = ran(name)
    assert closes_too_large(result) == []
    assert intents(result)["exit"] > 20
    # Stops too, which are no signals: they close whatever the signal says.
    assert any(action == "CLOSE" and reason == "close_long" for action, reason in reasons(result))


@pytest.mark.parametrize("name", ["default", "partial", "killed"])
def test_nothing_is_short_where_shorting_is_off(ran: Ran, name: str) -> None:
    result = ran(name)
    assert shorts(result) == []
    assert reasons(result)["SELL", "shorting_disabled"] > 100


def test_only_the_symbol_that_may_be_shorted_is(ran: Ran) -> None:
    result = ran("one_short")
    assert {fill.symbol for fill in shorts(result)} == {"ETH/BTC"}
    skipped = Counter(
        entry["request"]["symbol"]
        for entry in result.decisions.values()
        if entry["decision"]["reason"] == "shorting_disabled"
    )
    assert set(skipped) == {"LTC/BTC", "XMR/BTC"}
    assert min(skipped.values()) > 20
    assert reasons(result)["BUY", "close_short"] > 3


@EACH
def test_explorations_never_pass_the_budget(ran: Ran, name: str) -> None:
    result = ran(name)
    assert over_budget(result) == []
    assert intents(result)["explore"] > 5
    # It was really used up, and something was refused for it.
    assert reasons(result)["BUY", "exploration_limit"] > 20


@EACH
def test_normal_trades_go_through_when_the_budget_is_exhausted(ran: Ran, name: str) -> None:
    result = ran(name)
    fills = normal_when_exhausted(result)
    assert len(fills) > 3
    assert all("budget" not in decision_of(result, fill)["decision"] for fill in fills)


@EACH
def test_the_router_is_told_what_was_filled(ran: Ran, name: str) -> None:
    result = ran(name)
    assert wrongly_settled(result) == []
    # Nothing is held for ever: all that the last day's orders took is used or back.
    (part,) = result.budget.budgets["exploration"].parts
    assert part.reserved == 0
    assert result.refused == []
    assert {event.event for event in result.events} <= {"activated", "budget_exhausted"}


def test_orders_that_are_filled_in_part_give_the_rest_back(ran: Ran) -> None:
    result = ran("partial")
    fills = Counter(fill.order_id for fill in result.fills)
    assert max(fills.values()) == 3
    filled = {order_id: order.filled_qty.as_decimal() for order_id, order in result.orders.items()}
    wanted = {order_id: order.quantity.as_decimal() for order_id, order in result.orders.items()}
    in_part = [order_id for order_id in filled if 0 < filled[order_id] < wanted[order_id]]
    not_at_all = [order_id for order_id in filled if filled[order_id] == 0]
    explorations = dict(exploration_orders(result))
    assert len(in_part) > 10
    assert len(not_at_all) > 5
    given_up = {
        explorations[order]["decision"]["reservation"] for order in explorations if order not in fills
    }
    given_up |= {explorations[order]["decision"]["reservation"] for order in in_part if order in explorations}
    released = {entry["release"]["reservation"] for entry in result.settlements if "release" in entry}
    assert given_up == released
    assert len(released) > 2
    # Each paid less than was held: the limit was what the router was asked with.
    settled = [entry["settled"] for entry in result.settlements if "settle" in entry]
    assert all(settled_["overrun"] is None for settled_ in settled)
    assert any(Decimal(settled_["released"]) > 0 for settled_ in settled)


def test_a_policy_that_is_swapped_in_decides_from_then_on(ran: Ran) -> None:
    result = ran("swapped")
    policies = [
        (entry["decision"]["policy"]["generation"], entry["decision"]["policy"]["name"])
        for entry in result.decisions.values()
    ]
    assert policies == sorted(policies)
    assert set(policies) == {(1, "default"), (2, "long-short")}
    assert [(entry["change"], entry["asked_by"]) for entry in result.changes] == [
        ("started", "start"),
        ("swap", "control"),
    ]
    opened = shorts(result)
    generations = {decision_of(result, fill)["decision"]["policy"]["generation"] for fill in opened}
    assert generations == {2}
    assert reasons(result)["SELL", "shorting_disabled"] > 100
    # It adds to positions, and the router knows it: these are its own words.
    assert reasons(result)["BUY", "addition_over_cap"] + reasons(result)["BUY", "addition_not_normal"] > 20


def test_a_router_that_is_killed_changes_no_fill(ran: Ran) -> None:
    result = ran("killed")
    assert [entry["change"] for entry in result.changes] == ["started"] * 4
    assert result.fills == ran("default").fills


@EACH
def test_the_journal_tells_the_same(ran: Ran, name: str) -> None:
    result = ran(name)
    assert (result.verify.returncode, result.verify.stderr) == (0, "")
    assert (result.replay.returncode, result.replay.stderr) == (0, "")
    assert f"{len(result.decisions)} decisions decided again" in result.replay.stdout
    assert "all came out the same" in result.replay.stdout
    why = result.why
    effects = Counter(entry["decision"]["position_effect"] for entry in result.decisions.values())
    assert (why["decisions"], why["opened"], why["closed"]) == (
        len(result.decisions),
        effects["open"],
        effects["close"],
    )
    assert why["opened"] + why["closed"] == len(result.orders)
    assert why["fail_safe"] == 0


def test_a_second_run_is_the_same(ran: Ran, tmp_path: Path) -> None:
    assert run(BACKTESTS["partial"], tmp_path).fills == ran("partial").fills


@EACH
def test_the_page_says_what_came_of_it(ran: Ran, name: str) -> None:
    result = ran(name)
    counted = ", ".join(str(intents(result)[intent]) for intent in ("normal", "pilot", "explore", "exit"))
    page = (Path(__file__).parents[1] / "README.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    assert row.endswith(f"| {len(result.decisions):,} | {len(result.orders)} | {counted} |")


def with_fill(result: Run, at: int, **changes: object) -> Run:
    """The run with one fill changed."""
    fills = list(result.fills)
    fills[at] = replace(fills[at], **changes)
    return replace(result, fills=fills)


def first(result: Run, intents: tuple[str, ...]) -> int:
    """The first fill of an order with one of these intents."""
    return next(
        at
        for at, fill in enumerate(result.fills)
        if decision_of(result, fill)["decision"]["order_intent"] in intents
    )


@pytest.mark.parametrize(
    ("check", "intents_", "changes"),
    [
        (fills_on_another_side, ("exit",), {"side": "BUY"}),
        (fills_on_another_side, ("explore",), {"order_id": "unknown"}),
        (fills_on_another_side, ("normal",), {"quantity": Decimal(1)}),
        (shorts, ("exit",), {"quantity": Decimal(1)}),
        (closes_too_large, ("exit",), {"quantity": Decimal(1)}),
        (over_budget, BUDGETED, {"quantity": Decimal(1)}),
        (wrongly_settled, BUDGETED, {"price": Decimal(1)}),
    ],
)
def test_each_check_finds_what_breaks_it(
    ran: Ran,
    check: Callable[[Run], list[Fill]],
    intents_: tuple[str, ...],
    changes: dict[str, object],
) -> None:
    result = ran("default")
    assert check(result) == []
    assert check(with_fill(result, first(result, intents_), **changes)) != []


def test_positions_end_as_the_engine_has_them(ran: Ran) -> None:
    """The checks count positions themselves; this holds their count to the engine's."""
    for name in BACKTESTS:
        ends = {fill.symbol: after for fill, _, after in positions(ran(name))}
        assert {symbol: net for symbol, net in ends.items() if net != 0} == ran(name).open_positions
