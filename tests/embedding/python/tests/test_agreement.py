"""The two hosts of this package agree: a router in memory and a policy in process, on generated requests.

Each request meets a budget of its own making in both: the router's use is read from its answer, and shown to
the policy. So a figure that one of them reads or writes otherwise is found.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from execution_router import BudgetUse, Policy, Position, Request, Router, State, Working

GOOD_AMOUNTS = st.one_of(
    st.decimals(min_value="0.00000001", max_value=10**9, places=8),
    st.floats(min_value=1e-6, max_value=1e9),
    st.integers(min_value=1, max_value=10**12),
    st.sampled_from([0.1, 1e-7, 1e22, "0.5", "1e-3", 0.1 + 0.2]),
)
ODD_AMOUNTS = st.sampled_from([0, "1e400", "-1", -0.0, float("nan"), float("inf"), "ten", "", 10**30])
GOOD_SCORES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(-2, 2), st.decimals(-2, 2, places=3)
)
ODD_SCORES = st.sampled_from([float("nan"), float("inf"), float("-inf"), "0.6"])
NAMES = st.one_of(
    st.sampled_from(["BTC/USDT", "ETH/USDT", "LTC/USDT", "ETH/BTC", "比特币/USDT"]),
    st.text(min_size=1, max_size=15),
    st.text(max_size=70),
)


def mostly(good: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One in twenty is odd: a request has a dozen fields, and the first faulty one is all that is seen."""
    return st.integers(0, 19).flatmap(lambda number: odd if number == 0 else good)


AMOUNTS = mostly(GOOD_AMOUNTS, ODD_AMOUNTS)
SCORES = mostly(GOOD_SCORES, ODD_SCORES)
CLOSING = st.one_of(st.just(0), AMOUNTS)
SIDES = mostly(st.sampled_from(["long", "short"]), st.just("both"))
POSITIONS = st.one_of(st.none(), st.builds(Position, side=SIDES, quantity=AMOUNTS))
TYPES = ["normal", "pilot", "exploration", "exit", "risk", "auto"]


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


def requests(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Request]:
    """Requests of any fields but those that are given."""
    any_fields: dict[str, st.SearchStrategy[Any]] = {
        "final_action": st.sampled_from(["BUY", "SELL", "HOLD", "SKIP", "CLOSE", "buy", "short it"]),
        "symbol": NAMES,
        "strategy": st.sampled_from(["momentum", "scout"]),
        "position": POSITIONS,
        "trade_type": maybe(mostly(st.sampled_from(TYPES), st.just("odd"))),
        "timestamp": st.just("2026-01-05T09:30:00Z"),
        "close_quantity": maybe(AMOUNTS),
        "working": maybe(st.builds(Working, opening=st.sampled_from([0, 0, 1]), closing=CLOSING)),
        "price": AMOUNTS,
        "target_notional": AMOUNTS,
        "sized": maybe(st.booleans()),
        "equity": AMOUNTS,
        "quote_rate": maybe(AMOUNTS),
        "signal_score": maybe(SCORES),
        "confidence": maybe(SCORES),
        "risk_reward_ratio": maybe(SCORES),
        "stop_loss": maybe(AMOUNTS),
        "take_profit": maybe(AMOUNTS),
        "tags": maybe(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3)),
    }
    return st.builds(Request, **(any_fields | fields))


# Left to chance, one request in a hundred asks a budget.
ASKING_A_BUDGET = requests(
    final_action=st.just("BUY"),
    position=st.none(),
    working=st.none(),
    trade_type=st.sampled_from(["pilot", "exploration", "auto"]),
    target_notional=st.decimals(1, 100, places=2),
    equity=st.sampled_from([100, 2_000, "1e5", 123456.789]),
)


@pytest.fixture(scope="module")
def one_router() -> Iterator[Router]:
    with Router() as router:
        yield router


# What only a router can say no to: its ledger's bounds, not the policy's.
OF_THE_LEDGER = {"need_too_large"}


SEEN: Counter[str] = Counter()


@settings(
    max_examples=1_500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(request_=st.one_of(requests(), ASKING_A_BUDGET))
def test_router_and_policy_agree(one_router: Router, policy: Policy, request_: Request) -> None:
    line = request_.to_json()
    routed = json.loads(one_router.send_line(line))
    budget = routed.get("budget", {"used": "0", "reserved": "0"})
    state = State(budgets=[BudgetUse(budget["used"], budget["reserved"])])
    decided = json.loads(policy.decide_json(line, state.to_json()))
    if routed.get("error", {}).get("code") in OF_THE_LEDGER:
        return
    for answer in (routed, decided):
        for key in ("line", "reservation", "fuel"):
            answer.pop(key, None)
        answer.get("policy", {}).pop("digest", None)
        answer.get("policy", {}).pop("generation", None)
    # A policy that is asked alone is shown budgets for every type, and says nothing of `timestamp`.
    assert decided == routed
    SEEN[routed.get("error", {}).get("code") or routed["reason"]] += 1


def test_the_generated_requests_came_to_something() -> None:
    """Not only to refusals; follows the test above."""
    for word in (
        "open_long",
        "close_long",
        "close_short",
        "exploration_limit",
        "field_missing",
        "not_finite",
    ):
        assert SEEN[word] >= 3, (word, str(SEEN))
    assert len(SEEN) >= 25, str(SEEN)
