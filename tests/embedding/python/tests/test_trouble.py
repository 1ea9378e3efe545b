"""What goes wrong between two processes: kills, stops, full pipes, many threads, forks.

Each test says what must not be lost or doubled.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conftest import opening
from execution_router import (
    Decision,
    Request,
    Router,
    RouterClosed,
    RouterError,
    RouterGone,
    RouterTimeout,
    StartFailed,
)

THREADS = 8
EACH = 2_000
PIPELINED = 100_000


def pid_of(router: Router) -> int:
    assert router.pid is not None
    return router.pid


@contextmanager
def stopped(router: Router) -> Iterator[None]:
    """A program that takes no time at all."""
    os.kill(pid_of(router), signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid_of(router), signal.SIGCONT)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_killed_program_loses_nothing_that_was_acknowledged(store: str) -> None:
    """Killed six times while four threads charge a budget: each id is charged once, whoever answered it."""
    acknowledged: dict[str, Decision] = {}
    gone: list[str | None] = []
    with Router(store=store, timeout=60) as router:

        def charge(thread: int) -> None:
            for number in range(90):
                request = small_pilot(f"{thread}-{number}")
                while request.id not in acknowledged:
                    try:
                        acknowledged[str(request.id)] = router.decide(request)
                    except RouterGone as error:
                        gone.append(error.request_id)

        threads = [threading.Thread(target=charge, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for kill in range(1, 7):
            until(lambda kill=kill: len(acknowledged) >= kill * 50)  # type: ignore[misc]
            os.kill(pid_of(router), signal.SIGKILL)
        for thread in threads:
            thread.join()
        # Not one kill found nothing on its way.
        assert len(gone) >= 6
        assert len({decision.reservation for decision in acknowledged.values()}) == 360
        for name, decision in acknowledged.items():
            again = router.decide(small_pilot(name))
            assert (again.repeated, again.reservation) == (True, decision.reservation)
        (part,) = router.budget().budgets["exploration"].parts
    assert (part.reserved, part.orders) == (Decimal(3_600), 360)


def small_pilot(request_id: str) -> Request:
    """Charges 10 of 300,000."""
    return opening(id=request_id, trade_type="pilot", target_notional=25, equity=10_000_000)


def test_what_was_on_its_way_says_its_id_and_what_to_do(store: str) -> None:
    with Router(store=store) as router:
        caught: list[BaseException] = []

        def ask() -> None:
            try:
                router.decide(opening(id="a1"))
            except RouterError as error:
                caught.append(error)

        with stopped(router):
            asking = threading.Thread(target=ask)
            asking.start()
            time.sleep(0.1)
            os.kill(pid_of(router), signal.SIGKILL)
            asking.join()
        (gone,) = caught
        assert isinstance(gone, RouterGone)
        assert isinstance(gone, ConnectionError)
        assert (gone.request_id, gone.how) == ("a1", "signal 9")
        assert str(gone) == (
            "request `a1` has no answer: the router's program ended (signal 9); send it again with the same "
            "id: what was decided is answered, and nothing is charged twice"
        )
        assert router.decide(opening(id="a1")).is_order


def test_a_restart_on_a_store_knows_the_ids_and_the_budget(store: str) -> None:
    with Router(store=store) as router:
        first = router.decide(opening(id="a1", trade_type="pilot"))
        os.kill(pid_of(router), signal.SIGKILL)
        again = retried(router, opening(id="a1", trade_type="pilot"))
        assert (again.repeated, again.reservation) == (True, first.reservation)
        other = router.decide(opening(id="a2", trade_type="pilot", target_notional=250))
        assert other.budget is not None
        assert other.budget.reserved == 200
        assert router.settle("R1", "fill", 200, "BUY", final=True).used == 200


def test_a_restart_without_a_store_begins_anew(router: Router) -> None:
    router.decide(opening(id="a1", trade_type="pilot"))
    os.kill(pid_of(router), signal.SIGKILL)
    assert not retried(router, opening(id="a1", trade_type="pilot")).repeated


def retried(router: Router, request: Request) -> Decision:
    for _ in range(2):
        try:
            return router.decide(request)
        except RouterGone:
            continue
    return router.decide(request)


def test_restarts_wait_longer_each_time_and_no_longer_than_their_caller(tmp_path: Path, program: str) -> None:
    """A program that starts once and never again."""
    flag = tmp_path / "flag"
    flag.touch()
    script = tmp_path / "router"
    script.write_text(f'#!/bin/sh\n[ -e {flag} ] || exit 7\nrm {flag}\nexec {program} "$@"\n')
    script.chmod(0o755)
    with Router(program=script, timeout=0.4) as router:
        os.kill(pid_of(router), signal.SIGKILL)
        errors: list[RouterError] = []
        begun = time.monotonic()
        while not (errors and "started again in" in str(errors[-1])):
            try:
                router.decide(opening(id="a1"))
            except (StartFailed, RouterGone, RouterTimeout) as error:
                errors.append(error)
            assert time.monotonic() - begun < 10
        starts = [error for error in errors if isinstance(error, StartFailed)]
        assert 2 <= len(starts) <= 6
        assert starts[0].how == "exit code 7"
        flag.touch()
        assert router.decide(opening(), timeout=10).is_order


def test_a_start_that_takes_long_costs_no_more_than_the_time_out(tmp_path: Path, program: str) -> None:
    """It goes on, and serves whoever asks later."""
    flag = tmp_path / "flag"
    script = tmp_path / "router"
    script.write_text(f'#!/bin/sh\n[ -e {flag} ] && sleep 1\nexec {program} "$@"\n')
    script.chmod(0o755)
    with Router(program=script) as router:
        flag.touch()
        os.kill(pid_of(router), signal.SIGKILL)
        errors: list[type[BaseException]] = []
        begun = time.monotonic()
        while not errors or errors[-1] is not RouterTimeout:
            try:
                router.decide(opening(), timeout=0.1)
            except RouterError as error:
                errors.append(type(error))
        assert time.monotonic() - begun < 0.9
        assert router.decide(opening(), timeout=20).is_order


def test_closing_ends_a_start(tmp_path: Path, program: str) -> None:
    flag = tmp_path / "flag"
    script = tmp_path / "router"
    script.write_text(f'#!/bin/sh\n[ -e {flag} ] && exec sleep 60\nexec {program} "$@"\n')
    script.chmod(0o755)
    router = Router(program=script)
    flag.touch()
    os.kill(pid_of(router), signal.SIGKILL)
    while True:
        try:
            router.decide(opening(), timeout=0.2)
        except RouterTimeout:
            break
        except RouterGone:
            continue
    pid = pid_of(router)
    begun = time.monotonic()
    router.close()
    assert time.monotonic() - begun < 5
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(RouterClosed):
        router.decide(opening())


def test_an_endless_time_out_is_a_day(router: Router) -> None:
    assert router.decide(opening(), timeout=float("inf")).is_order
    assert len(router.decide_many([opening()] * 3, timeout=float("inf"))) == 3


def test_an_interrupt_while_waiting_leaves_the_stream_in_order(router: Router) -> None:
    interrupted = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    with stopped(router):
        interrupted.start()
        with pytest.raises(KeyboardInterrupt):
            router.decide(opening(id="interrupted"), timeout=30)
    assert router.decide(opening(id="next")).id == "next"


def test_a_time_out_is_told_and_the_late_answer_goes_to_nobody_else(store: str) -> None:
    late: list[dict[str, Any]] = []
    with Router(store=store, on_late_answer=late.append) as router:
        with stopped(router):
            with pytest.raises(RouterTimeout) as told:
                router.decide(opening(id="a1", trade_type="pilot"), timeout=0.05)
            assert isinstance(told.value, TimeoutError)
            assert (told.value.request_id, told.value.seconds, told.value.sent) == ("a1", 0.05, True)
            assert str(told.value).startswith("request `a1` has no answer: none within 0.05 s; send it again")
        # The next in the stream gets its own answer, not the one that was waited for in vain.
        assert router.decide(opening(id="a2", symbol="ETH/USDT")).id == "a2"
        again = router.decide(opening(id="a1", trade_type="pilot"))
        assert (again.id, again.repeated, again.reservation) == ("a1", True, "R1")
        until(lambda: len(late) == 1)
    assert (late[0]["id"], late[0]["reservation"]) == ("a1", "R1")


def test_a_time_out_without_an_id_warns_of_repeating(router: Router) -> None:
    with stopped(router), pytest.raises(RouterTimeout, match="it had no id, so a repeat is another order"):
        router.decide(opening(), timeout=0.05)


def test_many_time_outs_keep_the_order(router: Router, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(20):
        with stopped(router), pytest.raises(RouterTimeout):
            router.decide(opening(id=f"late-{number}"), timeout=0.005)
        assert router.decide(opening(id=f"now-{number}")).id == f"now-{number}"
    assert caplog.text.count("an answer came after its caller had given up") == 20


def test_a_pipeline_that_times_out_keeps_what_came(router: Router) -> None:
    with stopped(router):
        answers = router.decide_many([opening(id=str(number)) for number in range(5_000)], timeout=0.3)
    assert {type(answer) for answer in answers} == {RouterTimeout}
    sent = [answer.sent for answer in answers if isinstance(answer, RouterTimeout)]
    # More than the pipe holds: what it did not take was never sent, and says so.
    assert sent == sorted(sent, reverse=True)
    assert set(sent) == {True, False}
    assert router.decide(opening(id="after")).id == "after"


def test_a_program_that_takes_no_lines_costs_no_more_than_the_time_out(router: Router) -> None:
    with stopped(router):
        with pytest.raises(RouterTimeout) as first:
            router.send_line(opening(tags={"fill": "x" * 900}).to_json() + " " * 200_000, timeout=0.05)
        assert first.value.sent
        begun = time.monotonic()
        with pytest.raises(RouterTimeout) as second:
            router.decide(opening(id="a2"), timeout=0.05)
        assert not second.value.sent
        assert "the router took no line for 0.05 s" in str(second.value)
        assert time.monotonic() - begun < 1
    # The half that was written is finished first: the stream is whole again.
    assert router.decide(opening(id="a3")).id == "a3"


def test_a_hundred_thousand_requests_fill_no_pipe(store: str) -> None:
    with Router(store=store) as router:
        requests = [opening(id=str(number), tags={"n": str(number)}) for number in range(PIPELINED)]
        answers = router.decide_many(requests, timeout=120)
        wrong = [
            number
            for number, answer in enumerate(answers)
            if not isinstance(answer, Decision) or answer.tags["n"] != str(number)
        ]
    assert (len(answers), wrong) == (PIPELINED, [])


def test_threads_share_a_router_and_each_gets_its_own_answers() -> None:
    with Router() as router:
        results: list[list[str | None]] = [[] for _ in range(THREADS)]

        def ask(thread: int) -> None:
            for number in range(EACH):
                if number % 500 == 0:
                    block = [opening(id=f"{thread}-many-{number}-{item}") for item in range(50)]
                    answers = router.decide_many(block)
                    assert [getattr(answer, "id", None) for answer in answers] == [item.id for item in block]
                results[thread].append(router.decide(opening(id=f"{thread}-{number}"), timeout=60).id)

        threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [[f"{thread}-{number}" for number in range(EACH)] for thread in range(THREADS)]


def test_threads_never_get_more_than_the_budget(store: str) -> None:
    with Router(store=store, timeout=60) as router:
        granted: list[Decimal] = []

        def ask(thread: int) -> None:
            for number in range(40):
                decision = router.decide(
                    opening(id=f"{thread}-{number}", trade_type="exploration", target_notional=20)
                )
                if decision.is_order:
                    assert decision.budget is not None
                    granted.append(decision.budget.need)

        threads = [threading.Thread(target=ask, args=(thread,)) for thread in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (part,) = router.budget().budgets["exploration"].parts
    assert sum(granted) == part.reserved == Decimal(300)


def test_closing_waits_for_the_journal(store: str) -> None:
    """Decisions that charge nothing are on disk within 50 ms; a router that is closed leaves none behind."""
    with Router(store=store) as router:
        router.decide_many([opening(id=str(number)) for number in range(2_000)])
    with Router(store=store) as router:
        assert all(router.decide(opening(id=str(number))).repeated for number in range(0, 2_000, 97))


def test_closing_a_stopped_program_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    router = Router(close_timeout=0.2)
    pid = pid_of(router)
    os.kill(pid, signal.SIGSTOP)
    with caplog.at_level(logging.WARNING):
        router.close()
    assert "did not end within 0.2 s, and is killed" in caplog.text
    assert not Path(f"/proc/{pid}").exists()


def test_closing_frees_whoever_waits(store: str) -> None:
    router = Router(store=store, close_timeout=0.2)
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            router.decide(opening(id="a1"), timeout=30)
        except RouterError as error:
            caught.append(error)

    os.kill(pid_of(router), signal.SIGSTOP)
    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.1)
    router.close()
    asking.join(10)
    assert [type(error) for error in caught] == [RouterGone]


def test_an_interrupt_of_the_terminal_is_the_bots_alone(router: Router) -> None:
    assert os.getsid(pid_of(router)) != os.getsid(0)


def test_a_forked_child_has_no_router_and_holds_none_open(store: str) -> None:
    router = Router(store=store, close_timeout=5)
    read_end, write_end = os.pipe()
    child = fork()
    if child == 0:
        try:
            router.decide(opening())
        except RouterClosed as closed:
            os.write(write_end, str(closed).encode())
        finally:
            signal.pause()
            os._exit(0)
    os.close(write_end)
    try:
        expected = b"a router belongs to the process that made it; make one in each process"
        assert os.read(read_end, 200) == expected
        begun = time.monotonic()
        router.close()
        # With the child alive, and none of the pipes in its hands.
        assert time.monotonic() - begun < 4
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read_end)


def fork() -> int:
    import warnings

    with warnings.catch_warnings():
        # Newer Pythons warn of forks beside threads, which is what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
