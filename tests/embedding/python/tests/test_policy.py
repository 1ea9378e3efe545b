"""A policy in this process: its decisions, its faults, its bounds."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conftest import REPOSITORY, opening
from execution_router import (
    BudgetUse,
    NotPossible,
    Policy,
    PolicyFault,
    PolicyIdentity,
    PolicyUnusable,
    Refused,
    Router,
    Side,
    State,
    TradingState,
)

INTERFACE = "execution-router:policy/routing-json@0.1.0"

# What it does with a request is the request's first letter: traps, runs on, grows, and so on.
MISBEHAVING = """
(component
  (core module $core
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 8192))
    (data (i32.const 64) "{\\22side\\22:\\22SKIP\\22}")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $top))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func $answer (param $at i32) (param $bytes i32) (result i32)
      (global.set $top (i32.const 8192))
      (i32.store (i32.const 16) (local.get $at))
      (i32.store (i32.const 20) (local.get $bytes))
      (i32.const 16))
    (func (export "decide") (param $at i32) (param i32 i32 i32) (result i32)
      (local $letter i32)
      (local.set $letter (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $letter) (i32.const 84)) (then unreachable))
      (if (i32.eq (local.get $letter) (i32.const 76)) (then (loop $on (br $on))))
      (if (i32.eq (local.get $letter) (i32.const 77)) (then
        ;; 512 pages are 32 MiB; where they are granted, it answers from beyond 16 MiB.
        (drop (memory.grow (i32.const 512)))
        (if (i32.eq (memory.size) (i32.const 1)) (then unreachable))
        (return (call $answer (i32.const 20000000) (i32.const 0)))))
      (if (i32.eq (local.get $letter) (i32.const 66)) (then
        (return (call $answer (i32.const 70000000) (i32.const 10)))))
      (call $answer (i32.const 64) (i32.const 15))))
  (core instance $instance (instantiate $core))
  (func $decide (param "request" string) (param "state" string) (result string)
    (canon lift (core func $instance "decide")
      (memory (core memory $instance "memory")) (realloc (core func $instance "realloc"))))
  (instance $interface (export "decide-json" (func $decide)))
  (export "execution-router:policy/routing-json@0.1.0" (instance $interface)))
"""


@pytest.fixture(scope="module")
def misbehaving() -> Policy:
    return Policy(assembled(MISBEHAVING), fuel=1_000_000)


def assembled(text: str) -> bytes:
    import wasmtime

    return bytes(wasmtime.wat2wasm(text))


def test_its_docstring_begins_with_what_it_does_not_have() -> None:
    assert Policy.__doc__ is not None
    assert Policy.__doc__.startswith(
        "Pure decisions, in process: no budget ledger, no journal, no invariants, no gate, no ids.\n"
    )


def test_a_pure_decision(policy: Policy) -> None:
    request = opening(id="a1", trade_type="pilot", tags={"bot": "alpha"})
    decision = policy.decide(request)
    assert (decision.side, decision.reason, decision.quantity) == (Side.BUY, "open_long", Decimal("0.002"))
    assert (decision.id, decision.tags) == ("a1", {"bot": "alpha"})
    assert decision.budget is not None
    assert (decision.budget.need, decision.budget.limit) == (Decimal(200), Decimal(300))
    assert (decision.reservation, decision.fuel) == (None, None)
    assert decision.policy == PolicyIdentity("default", "1", digest=None, generation=None)
    # It keeps nothing: the same money, to whoever asks.
    assert policy.decide(request) == decision


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State(budgets=[BudgetUse(used=100.0, reserved="0.01")]), "exploration_limit"),
        (State(budgets=[BudgetUse(used=Decimal("99.99"), reserved="0.01", orders=3)]), "open_long"),
        (State(TradingState.HALTED), "trading_halted"),
        (State("REDUCING"), "reducing_only"),
    ],
)
def test_the_state_is_the_callers(policy: Policy, state: State, reason: str) -> None:
    assert policy.decide(opening(trade_type="pilot"), state).reason == reason


@pytest.mark.parametrize(
    ("fields", "state", "code"),
    [
        ({"price": -1}, State(), "negative"),
        ({"price": float("nan")}, State(), "not_finite"),
        ({"trade_type": "pilot"}, State(budgets=None), "budgets_missing"),
        ({"trade_type": "pilot"}, State(budgets=[]), "budgets_missing"),
        ({}, State("ASLEEP"), "unknown_trading_state"),
        ({"trade_type": "pilot", "equity": None}, State(), "field_missing"),
    ],
)
def test_what_it_refuses(policy: Policy, fields: dict[str, Any], state: State, code: str) -> None:
    with pytest.raises(Refused) as refused:
        policy.decide(opening(**fields), state)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        ("T", "wasm trap: wasm `unreachable` instruction executed"),
        ("L", "wasm trap: all fuel consumed by WebAssembly"),
        ("M", "wasm trap: wasm `unreachable` instruction executed"),
        ("B", "string pointer/length out of bounds of memory"),
    ],
)
def test_a_fault_is_told_and_the_next_request_has_a_new_instance(
    misbehaving: Policy, request_: str, cause: str
) -> None:
    for _ in range(3):
        with pytest.raises(PolicyFault, match="the policy did not answer: ") as fault:
            misbehaving.decide_json(request_, "{}")
        assert cause in str(fault.value)
        assert misbehaving.decide_json("O", "{}") == '{"side":"SKIP"}'


def test_memory_is_what_it_is_given() -> None:
    large = Policy(assembled(MISBEHAVING), memory_bytes=64 << 20)
    assert large.decide_json("M", "{}") == ""


def test_an_answer_that_is_no_decision_is_the_policys_fault(misbehaving: Policy) -> None:
    with pytest.raises(PolicyFault, match="the policy answered what is no decision"):
        misbehaving.decide(opening())


def test_fuel_is_of_each_call_and_not_of_all(component: Path) -> None:
    policy = Policy(component, fuel=100_000)
    for _ in range(100):
        assert policy.decide(opening()).is_order
    starved = Policy(component, fuel=500)
    for _ in range(3):
        with pytest.raises(PolicyFault, match="all fuel consumed"):
            starved.decide(opening())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "this is no component that can be loaded: "),
        (b"\0asm\x0d\0\1\0nonsense", "this is no component that can be loaded: "),
        (b"x" * 101, "the component has 101 bytes, and 100 are the bound"),
    ],
)
def test_what_is_no_component(content: bytes, message: str) -> None:
    with pytest.raises(PolicyUnusable, match=message):
        Policy(content, component_bytes=100)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(component)", f"the component does not export `decide-json` of `{INTERFACE}`; policies made of a"),
        (
            '(component (import "clock" (func)))',
            "imports `clock`, and a policy imports nothing",
        ),
        (
            "(component (core module $m (memory 1000)) (core instance (instantiate $m)))",
            "the component cannot be started: ",
        ),
        (
            "(component (core module $m (func $run unreachable) (start $run)) "
            "(core instance (instantiate $m)))",
            "the component cannot be started: wasm trap: wasm `unreachable` instruction executed",
        ),
        (
            "(component (core module $m (func $run (loop $on (br $on))) (start $run)) "
            "(core instance (instantiate $m)))",
            "the component cannot be started: wasm trap: all fuel consumed by WebAssembly",
        ),
    ],
)
def test_what_is_no_policy(text: str, message: str) -> None:
    with pytest.raises(PolicyUnusable) as unusable:
        Policy(assembled(text))
    assert message in str(unusable.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        Policy("/no/such/policy.wasm")


def test_threads_take_turns(policy: Policy) -> None:
    def ask(number: int) -> str | None:
        return policy.decide(opening(id=str(number))).id

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(2_000))) == [str(number) for number in range(2_000)]


@pytest.mark.parametrize("stream", ["btc_usdt_2022-01", "altcoins_2018-01"])
def test_a_recorded_stream_is_decided_as_the_router_does(policy: Policy, stream: str) -> None:
    """With the budget's use that the router's own answer tells; all but what a router alone adds."""
    lines = (REPOSITORY / "tests/data" / f"{stream}.jsonl").read_text().splitlines()
    decided = 0
    with Router() as router:
        for line in lines:
            answer = json.loads(router.send_line(line))
            if "error" in answer or "side" not in answer or answer.get("repeated"):
                continue
            budget = answer.get("budget", {"used": "0", "reserved": "0"})
            use = BudgetUse(budget["used"], budget["reserved"], 0)
            alone = json.loads(policy.decide_json(line, State(budgets=[use]).to_json()))
            for key in ("reservation", "fuel"):
                answer.pop(key, None)
            for key in ("digest", "generation"):
                del answer["policy"][key]
            assert alone == answer
            decided += 1
    assert decided > 1_000


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    with pytest.raises(NotPossible, match=r"`pip install 'execution-router\[policy\]'`"):
        Policy(b"")
