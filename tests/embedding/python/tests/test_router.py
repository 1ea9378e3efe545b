"""A router at work: decisions, settlements, operation, events, the program itself."""

import logging
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest

from conftest import DEFAULT_POLICY, REPOSITORY, opening
from execution_router import (
    Event,
    NotPossible,
    ProgramNotFound,
    Refused,
    Router,
    RouterClosed,
    Side,
    StartFailed,
    TradingState,
)


def test_a_grant_is_settled_and_released(router: Router) -> None:
    decision = router.decide(opening(id="a1", trade_type="pilot"))
    assert decision.reservation == "R1"
    filled = router.settle("R1", "fill-1", 120.5, Side.BUY)
    assert (filled.used, filled.reserved, filled.released) == (Decimal("120.5"), Decimal("79.5"), Decimal(0))
    assert (filled.overrun, filled.side_mismatch, filled.repeated) == (None, False, False)
    again = router.settle("R1", "fill-1", 120.5, Side.BUY)
    assert (again.used, again.reserved, again.repeated) == (Decimal(0), Decimal("79.5"), True)
    assert router.release("R1", "cancel-1").released == Decimal("79.5")
    assert router.release("R1", "cancel-1").repeated


def test_a_fill_beyond_what_was_held_is_told(router: Router) -> None:
    router.decide(opening(trade_type="pilot"))
    filled = router.settle("R1", "fill-1", "250", "SELL", final=True)
    assert (filled.used, filled.overrun, filled.side_mismatch) == (Decimal(250), Decimal(50), True)


@pytest.mark.parametrize(
    ("arguments", "code", "field"),
    [
        (("R9", "f", "1", "BUY"), "unknown_reservation", None),
        (("R1", "", "1", "BUY"), "empty", "settle.event_id"),
        (("R1", "f", float("nan"), "BUY"), "not_finite", "settle.notional"),
        (("R1", "f", "1", "HOLD"), "unknown_side", "settle.side"),
    ],
)
def test_a_faulty_settlement_is_refused(
    router: Router, arguments: tuple[str, str, str, str], code: str, field: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        router.settle(*arguments)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_many_are_answered_in_order_and_a_refused_one_in_its_place(router: Router) -> None:
    answers = router.decide_many(
        [
            opening(id="a", trade_type="pilot", target_notional=750),
            opening(id="b", price=-1),
            opening(id="c", trade_type="pilot"),
            opening(id="d"),
        ]
    )
    told = [answer.code if isinstance(answer, Refused) else answer for answer in answers]
    assert told[1] == "negative"
    assert [getattr(answer, "reason", None) for answer in told] == [
        "open_long",
        None,
        "exploration_limit",
        "open_long",
    ]
    assert router.decide_many([]) == []


@pytest.mark.parametrize("controls", [True, False])
def test_a_router_on_a_store_is_operated(store: str, tmp_path: Path, controls: bool) -> None:
    cautious = REPOSITORY / "policies" / "cautious"
    with Router(store=store, allow_control=controls, policy=DEFAULT_POLICY) as router:
        status = router.status()
        assert (status.policy.name, status.policy.generation) == ("default", 1)
        assert (status.trading_state, status.quarantined, status.last_good) == ("ACTIVE", (), None)
        with pytest.raises(Refused) as refused:
            router.rollback()
        assert refused.value.code == "nothing_earlier"
        swapped = router.swap(cautious)
        assert (swapped.policy.name, swapped.policy.generation, swapped.unchanged) == ("cautious", 2, False)
        assert router.swap(cautious).unchanged
        assert router.rollback().policy.name == "default"
        assert router.state("HALTED", until="2099-01-01T00:00:00Z") is TradingState.HALTED
        assert router.status().until == "2099-01-01T00:00:00Z"
        assert router.decide(opening()).reason == "trading_halted"
        assert router.state(TradingState.ACTIVE) is TradingState.ACTIVE
        bad = tmp_path / "policy.yaml"
        bad.write_text("name: bad\n")
        with pytest.raises(Refused) as refused:
            router.swap(bad)
        assert refused.value.code == "swap_refused"


def test_without_control_and_store_nothing_is_operated(router: Router) -> None:
    with pytest.raises(
        NotPossible, match="`status` needs a router with `allow_control=True`, or one on a store"
    ):
        router.status()
    with pytest.raises(NotPossible, match="budgets are read from a store"):
        router.budget()
    with pytest.raises(NotPossible, match="events are read from a file"):
        router.events()


def test_the_budget_of_a_store(store: str) -> None:
    with Router(store=store) as router:
        router.decide(opening(id="a1", trade_type="pilot"))
        router.settle("R1", "f1", 50, "BUY")
        report = router.budget()
    budget = report.budgets["exploration"]
    assert (report.account_currency, budget.percent, budget.limit) == ("USDT", Decimal(3), Decimal(300))
    (part,) = budget.parts
    assert (part.used, part.reserved, part.remaining, part.orders) == (
        Decimal(50),
        Decimal(150),
        Decimal(100),
        1,
    )


def test_events_are_told_to_callback_iterator_and_file(tmp_path: Path) -> None:
    told: list[Event] = []
    file = tmp_path / "events.jsonl"
    with Router(on_event=told.append, events_file=file, allow_control=True) as router:
        listener = router.events()
        router.state("HALTED")
        router.state("ACTIVE")
        first = listener.next(10)
        assert first is not None
        assert (first.event, first.fields["from"], first.fields["to"]) == (
            "state_changed",
            "ACTIVE",
            "HALTED",
        )
        assert (first.what, first.do) == (
            "the trading state is HALTED, after ACTIVE",
            "nothing, when it was meant",
        )
        assert next(listener).fields["to"] == "ACTIVE"
        quiet = router.events()
        quiet.close()
        assert list(quiet) == []
    assert list(listener) == []
    assert [event.event for event in told] == ["activated", "state_changed", "state_changed"]
    assert [line.count('"event":') for line in file.read_text().splitlines()] == [1, 1, 1]


def test_a_callback_that_fails_or_asks_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    answered = threading.Event()

    def ask(event: Event) -> None:
        if event.event == "state_changed":
            # From the thread of the events, so that answers still come.
            assert router.decide(opening()).reason == "trading_halted"
            answered.set()
            raise RuntimeError("of the callback")

    with Router(on_event=ask, allow_control=True) as router:
        router.state("HALTED")
        assert answered.wait(10)
        router.state("ACTIVE")
        assert router.decide(opening()).is_order
    assert "of the callback" in caplog.text


def test_a_slow_listener_loses_the_oldest(tmp_path: Path) -> None:
    with Router(events_file=tmp_path / "events.jsonl") as router:
        listener = router.events()
        for number in range(1_030):
            listener.take(Event("now", str(number), "what", "do", {}))
        assert listener.dropped == 6
        assert next(listener).event == "6"


def test_events_of_before_are_not_told_again(tmp_path: Path) -> None:
    """The file is appended to, and may be shared."""
    file = tmp_path / "events.jsonl"
    for starts in (1, 2):
        told: list[Event] = []
        with Router(events_file=file, on_event=told.append):
            pass
        assert [event.event for event in told] == ["activated"]
        assert len(file.read_text().splitlines()) == starts


def test_a_callback_may_close_the_router() -> None:
    closed = threading.Event()

    def close(event: Event) -> None:
        if event.event == "state_changed":
            router.close()
            closed.set()

    router = Router(on_event=close, allow_control=True)
    router.state("HALTED")
    assert closed.wait(20)
    with pytest.raises(RouterClosed):
        router.decide(opening())


def test_a_closed_router_says_so(store: str) -> None:
    router = Router(store=store)
    pid = router.pid
    router.close()
    router.close()
    assert router.pid is None
    with pytest.raises(RouterClosed, match="the router is closed"):
        router.decide(opening())
    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()


def test_the_program_is_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str) -> None:
    monkeypatch.delenv("EXECUTION_ROUTER")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramNotFound, match="there is no `execution-router` on the PATH; install it with"):
        Router()
    (tmp_path / "execution-router").symlink_to(program)
    with Router() as router:
        assert router.program == str(tmp_path / "execution-router")
    monkeypatch.setenv("EXECUTION_ROUTER", "/nowhere/at/all")
    expected = (
        "the environment variable EXECUTION_ROUTER says `/nowhere/at/all`, and there is no program there"
    )
    with pytest.raises(ProgramNotFound, match=expected):
        Router()
    with pytest.raises(ProgramNotFound, match="the argument `program` says `/not/here`"):
        Router(program="/not/here")
    with Router(program=program) as router:
        assert router.program == program


@pytest.mark.parametrize(
    ("options", "how", "said"),
    [
        ({"policy": "/no/such/policy.yaml"}, "exit code 2", "/no/such/policy.yaml"),
        ({"arguments": ["--no-such-argument"]}, "exit code 2", "--no-such-argument"),
        ({"store": "redis:somewhere"}, "exit code 2", "`redis:somewhere` is no store"),
        ({"clock": "sundial"}, "exit code 2", "sundial"),
    ],
)
def test_a_start_that_fails_says_why(options: dict[str, str], how: str, said: str) -> None:
    with pytest.raises(StartFailed) as failed:
        Router(**options)  # type: ignore[arg-type]
    assert failed.value.how == how
    assert said in str(failed.value)


def test_a_second_router_on_a_store_does_not_start(store: str) -> None:
    with Router(store=store), pytest.raises(StartFailed, match=r"a router runs on .* already: process"):
        Router(store=store)


def test_a_program_that_is_none_does_not_start() -> None:
    with pytest.raises(StartFailed, match="exit code 0"):
        Router(program="/bin/true")
    with pytest.raises(StartFailed, match="it cannot be run"):
        Router(program=Path(__file__).parent / "no_program.txt")
    with pytest.raises(StartFailed, match=r"no answer within 0\.2 s"):
        Router(program=Path(__file__).parent / "silent.sh", start_timeout=0.2)


def test_what_the_program_says_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "execution_router"), Router(allow_control=True) as router:
        router.state("HALTED")
    assert "execution-router: the trading state is HALTED, after ACTIVE" in caplog.text


def test_an_interpreter_that_ends_leaves_no_process() -> None:
    code = "import execution_router as e, sys; r = e.Router(); print(r.pid); sys.exit(3)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert not Path(f"/proc/{int(done.stdout)}").exists()


def test_a_killed_bot_leaves_no_process() -> None:
    code = (
        "import execution_router as e, os; r = e.Router(); print(r.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    for _ in range(1_000):
        if has_ended(int(done.stdout)):
            return
        time.sleep(0.01)
    pytest.fail("the program runs on without its bot")


def has_ended(pid: int) -> bool:
    """Whether it ended; that nobody took note of it yet (`Z`) is the machine's first process's affair."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
