"""How Python's values become JSON, and what the program makes of them."""

import json
import math
from collections import UserDict
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from conftest import opening
from execution_router import (
    FinalAction,
    Position,
    PositionSide,
    Refused,
    Request,
    Router,
    Side,
    TradeType,
    Working,
)


class OddlyPrinted(float):
    """As numbers of other libraries print themselves."""

    def __repr__(self) -> str:
        return f"other.float64({float(self)})"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (1e22, "1e+22"),
        (0.1 + 0.2, "0.30000000000000004"),
        (OddlyPrinted(0.1), "0.1"),
        (7, "7"),
        (Decimal("1.10"), '"1.10"'),
        (Decimal("1E+2"), '"1E+2"'),
        (Decimal("0.1234567890123456789012345678"), '"0.1234567890123456789012345678"'),
        ("0.5", '"0.5"'),
        (Fraction(1, 3), '"1/3"'),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (Decimal("NaN"), "NaN"),
        (Decimal("sNaN"), "NaN"),
        (Decimal("-Infinity"), "-Infinity"),
        (Decimal("Infinity"), "Infinity"),
        (10**200, '"an integer of 665 bits"'),
        (True, "true"),
    ],
)
def test_an_amount_is_written_as_it_stands(value: Any, written: str) -> None:
    assert f'"price":{written}' in opening(price=value).to_json()


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.1, "0.1"), (1, "1"), (Decimal("0.65"), "0.65"), (Decimal("NaN"), "NaN"), (Fraction(1, 2), "0.5")],
)
def test_a_score_is_a_number(value: Any, written: str) -> None:
    assert f'"signal_score":{written}' in opening(signal_score=value).to_json()


def test_every_field_is_written_under_its_name() -> None:
    request = Request(
        id="a1",
        timestamp=datetime(2026, 1, 5, 9, 30, tzinfo=timezone(timedelta(hours=1))),
        final_action=FinalAction.SELL,
        symbol="BTC/USDT",
        strategy="trend",
        trade_type=TradeType.RISK,
        position=Position(PositionSide.LONG, Decimal("0.5")),
        close_quantity=0.25,
        working=Working(opening=0, closing=0.1),
        price=1,
        target_notional=2,
        sized=True,
        equity=3,
        quote_rate=4,
        signal_score=5,
        confidence=6,
        risk_reward_ratio=7,
        stop_loss=8,
        take_profit=9,
        tags={"bot": "alpha"},
    )
    assert json.loads(request.to_json()) == {
        "id": "a1",
        "timestamp": "2026-01-05T09:30:00+01:00",
        "final_action": "SELL",
        "symbol": "BTC/USDT",
        "strategy": "trend",
        "trade_type": "risk",
        "position": {"side": "long", "quantity": "0.5"},
        "close_quantity": 0.25,
        "working": {"opening": 0, "closing": 0.1},
        "price": 1,
        "target_notional": 2,
        "sized": True,
        "equity": 3,
        "quote_rate": 4,
        "signal_score": 5,
        "confidence": 6,
        "risk_reward_ratio": 7,
        "stop_loss": 8,
        "take_profit": 9,
        "tags": {"bot": "alpha"},
    }


def test_what_is_not_given_is_not_written_but_a_flat_position_is() -> None:
    request = Request(final_action="HOLD", symbol="BTC/USDT", strategy="trend", position=None)
    assert json.loads(request.to_json()) == {
        "final_action": "HOLD",
        "symbol": "BTC/USDT",
        "strategy": "trend",
        "position": None,
    }


def test_a_position_must_be_said() -> None:
    with pytest.raises(TypeError, match="position"):
        Request(final_action="BUY", symbol="BTC/USDT", strategy="trend")  # type: ignore[call-arg]


@pytest.mark.parametrize(("value", "price"), [(0.1, 1), (1e-7, 1), (1e22, 1e10), (0.1 + 0.2, 0.1)])
def test_floats_arrive_as_they_print(router: Router, value: float, price: float) -> None:
    assert router.decide(opening(target_notional=value, price=price)).notional == Decimal(repr(value))


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"price": math.nan}, "not_finite", "price"),
        ({"price": Decimal("NaN")}, "not_finite", "price"),
        ({"target_notional": math.inf}, "not_finite", "target_notional"),
        ({"equity": Decimal("-Infinity")}, "not_finite", "equity"),
        ({"confidence": math.nan}, "not_finite", "confidence"),
        ({"signal_score": Decimal("Infinity")}, "not_finite", "signal_score"),
        ({"price": Fraction(1, 3)}, "not_a_decimal", "price"),
        ({"price": 10**5000}, "not_a_decimal", "price"),
        ({"confidence": 10**5000}, "wrong_type", "confidence"),
        ({"price": True}, "wrong_type", "price"),
        ({"price": object()}, "not_a_decimal", "price"),
        ({"signal_score": "0.6"}, "wrong_type", "signal_score"),
        ({"stop_loss": Decimal("-1")}, "negative", "stop_loss"),
        ({"target_notional": 0.0}, "not_positive", "target_notional"),
        ({"price": Decimal(10) ** 28}, "overlong", "price"),
        ({"timestamp": datetime(2026, 1, 5)}, "bad_timestamp", "timestamp"),
        ({"trade_type": "pilots"}, "unknown_trade_type", "trade_type"),
        ({"position": Position("both", 1)}, "unknown_side", "position.side"),
        ({"position": Position("long", math.nan)}, "not_finite", "position.quantity"),
        ({"working": Working(opening=math.nan)}, "not_finite", "working.opening"),
        ({"symbol": ""}, "empty", "symbol"),
        ({"symbol": "B\ud800TC"}, "bad_escape", "symbol"),
        ({"strategy": "x" * 65}, "too_long", "strategy"),
        ({"tags": {"note": "x" * 1100}}, "too_long", "tags"),
        ({"price": None}, "field_missing", "price"),
    ],
)
def test_a_faulty_field_is_refused_by_its_name(
    router: Router, fields: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        router.decide(opening(id="a1", **fields))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert field in refused.value.message
    assert str(refused.value) == f"{code}: {refused.value.message}"


@pytest.mark.parametrize(
    "fields",
    [
        {"confidence": math.nan},
        {"stop_loss": Decimal("NaN")},
        {"price": "a lot"},
        {"tags": {"note": "x" * 2000}},
        {"signal_score": object()},
        {"equity": 10**5000},
        {"timestamp": "yesterday"},
        {"trade_type": 7},
        {"working": Working(closing=-1)},
        {"working": {"closing": "all"}},
        {"tags": ["no", "object"]},
    ],
)
def test_a_fault_that_a_close_may_do_without_does_not_hold_it_up(
    router: Router, fields: dict[str, Any]
) -> None:
    decision = router.decide(
        opening(final_action="SELL", position=Position(PositionSide.LONG, 0.5), **fields)
    )
    assert (decision.side, decision.quantity, decision.reduce_only) == (Side.SELL, Decimal("0.5"), True)
    assert [warning.field for warning in decision.warnings] == [
        {"working": "working.closing"}.get(name, name) for name in fields
    ]


@pytest.mark.parametrize(
    "symbol", ["ÄÖ/USDT", "比特币/USDT", "🚀/USDT", 'a"b\\/USDT', "tab\t/USDT", "\u2028/USDT"]
)
def test_names_come_back_as_they_went(router: Router, symbol: str) -> None:
    decision = router.decide(opening(symbol=symbol, strategy=symbol, tags={symbol: symbol}))
    assert (decision.symbol, decision.metadata["strategy"], decision.tags) == (
        symbol,
        symbol,
        {symbol: symbol},
    )


def test_tags_of_other_mappings_are_written(router: Router) -> None:
    assert router.decide(opening(tags=UserDict(bot="alpha"))).tags == {"bot": "alpha"}
