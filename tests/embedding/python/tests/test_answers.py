"""Decisions as values, and refusals of every code: the repository's own refused lines, read as errors."""

import dataclasses
import json
from decimal import Decimal
from pathlib import Path

import pytest

from conftest import REPOSITORY, opening
from execution_router import (
    BudgetView,
    Decision,
    DecisionWarning,
    FinalAction,
    OrderIntent,
    Position,
    PositionEffect,
    PositionSide,
    Refused,
    Router,
    Side,
    TradeType,
)
from execution_router.decision import read, read_decision

LINES = REPOSITORY / "tests/cases/refused/lines"

# What `host/README.md` lists of faulty fields; that each comes up says that the cases still have them all.
FIELD_CODES = {
    "bad_escape",
    "bad_timestamp",
    "duplicate_field",
    "empty",
    "field_missing",
    "field_overflow",
    "negative",
    "not_a_decimal",
    "not_finite",
    "not_positive",
    "overlong",
    "position_missing",
    "too_long",
    "unknown_field",
    "unknown_side",
    "unknown_trade_type",
    "wrong_type",
}
OTHER_CODES = {
    "bad_json",
    "control_off",
    "empty_line",
    "need_too_large",
    "not_an_object",
    "unknown_reservation",
}


def test_every_field_of_a_decision(router: Router) -> None:
    request = opening(
        id="a1",
        trade_type=TradeType.PILOT,
        signal_score=0.58,
        risk_reward_ratio=1.2,
        stop_loss="97500.10",
        take_profit=102000.0,
        tags={"bot": "alpha"},
    )
    decision = router.decide(request)
    assert set(vars(decision)) == {field.name for field in dataclasses.fields(Decision)}
    assert decision.policy is not None
    assert decision.policy.digest is not None
    assert decision.fuel is not None
    assert dataclasses.replace(decision, policy=None, fuel=None) == Decision(
        side=Side.BUY,
        order_intent=OrderIntent.PILOT,
        reason="open_long",
        rule="open",
        position_effect=PositionEffect.OPEN,
        position_side=PositionSide.LONG,
        reduce_only=False,
        quantity=Decimal("0.002"),
        notional=Decimal("200"),
        budget=BudgetView(
            name="exploration",
            need=Decimal("200"),
            used=Decimal("0"),
            reserved=Decimal("0"),
            limit=Decimal("300"),
            remaining=Decimal("300"),
            orders=None,
            orders_limit=None,
        ),
        reservation="R1",
        metadata={
            "strategy": "momentum",
            "order_intent": "pilot",
            "is_exploration": False,
            "is_pilot": True,
            "is_normal": False,
            "signal_score": 0.58,
            "stop_loss": Decimal("97500.10"),
            "take_profit": Decimal("102000.0"),
            "risk_reward_ratio": 1.2,
        },
        policy=None,
        fuel=None,
        repeated=False,
        warnings=(),
        id="a1",
        symbol="BTC/USDT",
        final_action="BUY",
        tags={"bot": "alpha"},
    )


def test_a_decision_and_its_budget_are_frozen(router: Router) -> None:
    decision = router.decide(opening(trade_type="pilot"))
    for value, field in ((decision, "side"), (decision.budget, "used"), (decision.policy, "name")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, None)


def test_a_skip_is_a_decision(router: Router) -> None:
    decision = router.decide(opening(final_action=FinalAction.SELL))
    assert (decision.side, decision.reason, decision.is_order) == (Side.SKIP, "shorting_disabled", False)
    assert (decision.quantity, decision.notional, decision.position_side) == (None, None, None)


def test_a_warning_is_read(router: Router) -> None:
    decision = router.decide(
        opening(final_action="CLOSE", position=Position("long", "0.5"), close_quantity="0.8")
    )
    message = "`close_quantity` is `0.8`; it was cut to `0.5`"
    assert decision.warnings == (DecisionWarning("close_quantity_cut", "close_quantity", message),)


@pytest.mark.parametrize(
    "name", sorted(path.name for path in REPOSITORY.glob("tests/data/*.decisions.jsonl"))
)
def test_every_recorded_decision_is_read(name: str) -> None:
    for line in (REPOSITORY / "tests/data" / name).read_text().splitlines():
        answer = json.loads(line)
        if "error" in answer or "side" not in answer:
            continue
        decision = read_decision(line)
        assert decision.side == answer["side"]
        assert decision.is_order == ("quantity" in answer)


def test_every_code_of_a_faulty_line_is_an_error_with_its_field() -> None:
    seen = set()
    for stream in sorted(LINES.glob("*.jsonl")):
        if not stream.name.endswith(".decisions.jsonl"):
            seen |= refusals(stream)
    assert seen == FIELD_CODES | OTHER_CODES


def refusals(stream: Path) -> set[str]:
    seen = set()
    expected = stream.with_suffix("").with_suffix(".decisions.jsonl").read_bytes().splitlines()
    lines = stream.read_bytes().removesuffix(b"\n").split(b"\n")
    assert len(lines) == len(expected)
    with Router() as router:
        for line, answer in zip(lines, expected, strict=True):
            got, wanted = read(router.send_line(line)), json.loads(answer)
            if "error" not in wanted:
                assert "error" not in got
                continue
            assert got["error"] == wanted["error"]
            error = Refused.of_answer(got)
            assert (error.code, error.message) == (wanted["error"]["code"], wanted["error"]["message"])
            assert (error.field is not None) == (error.code in FIELD_CODES), error
            assert (error.request_id, error.symbol) == (wanted.get("id"), wanted.get("symbol"))
            seen.add(error.code)
    return seen


def test_a_line_of_several_lines_is_not_sent(router: Router) -> None:
    with pytest.raises(ValueError, match="a line has no line break in it"):
        router.send_line("{}\n{}")
