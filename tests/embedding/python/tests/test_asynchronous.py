"""`AsyncRouter`: the calls awaited, many at once, given up and gone."""

import asyncio
import os
import signal
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from conftest import opening
from execution_router import (
    AsyncRouter,
    Decision,
    Refused,
    Router,
    RouterClosed,
    RouterGone,
    RouterTimeout,
    TradingState,
)

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(asyncio.wait_for(work, 60))


def test_a_thousand_tasks_get_their_own_answers() -> None:
    async def work() -> list[str | None]:
        async with AsyncRouter(Router()) as router:
            decisions = await asyncio.gather(
                *(router.decide(opening(id=str(number)), timeout=30) for number in range(1_000))
            )
            return [decision.id for decision in decisions]

    assert run(work()) == [str(number) for number in range(1_000)]


def test_every_call_is_there(store: str) -> None:
    async def work() -> None:
        async with AsyncRouter(Router(store=store, allow_control=True)) as router:
            decision = await router.decide(opening(id="a1", trade_type="pilot"))
            assert decision.reservation == "R1"
            assert (await router.settle("R1", "f1", 50, "BUY")).reserved == Decimal(150)
            assert (await router.release("R1", "c1")).released == Decimal(150)
            assert (await router.budget()).budgets["exploration"].parts[0].used == Decimal(50)
            assert (await router.status()).policy.generation == 1
            assert await router.state("REDUCING") is TradingState.REDUCING
            with pytest.raises(Refused, match="nothing_earlier"):
                await router.rollback()
            with pytest.raises(Refused, match="swap_refused"):
                await router.swap("/no/such/policy.yaml")
            with pytest.raises(Refused, match="not_finite"):
                await router.decide(opening(price=float("nan")))
            many = await router.decide_many([opening(id="m1"), opening(price=-1)])
            assert [type(answer) for answer in many] == [Decision, Refused]
        with pytest.raises(RouterClosed):
            await asyncio.to_thread(router.router.decide, opening())

    run(work())


def test_a_time_out_and_a_cancelled_task_give_up_their_answer_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with AsyncRouter(Router()) as router:
            pid = router.router.pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            try:
                with pytest.raises(RouterTimeout, match="request `late` has no answer"):
                    await router.decide(opening(id="late"), timeout=0.05)
                task = asyncio.create_task(router.decide(opening(id="cancelled"), timeout=30))
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                waiting = asyncio.create_task(router.decide(opening(id="waiting"), timeout=30))
                await asyncio.sleep(0.05)
            finally:
                os.kill(pid, signal.SIGCONT)
            assert (await waiting).id == "waiting"
            assert (await router.decide(opening(id="next"))).id == "next"

    run(work())
    assert caplog.text.count("an answer came after its caller had given up") == 2


def test_what_was_on_its_way_is_gone(store: str) -> None:
    async def work() -> None:
        async with AsyncRouter(Router(store=store)) as router:
            pid = router.router.pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            asked = [asyncio.create_task(router.decide(opening(id=str(number)))) for number in range(5)]
            await asyncio.sleep(0.1)
            os.kill(pid, signal.SIGKILL)
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert [getattr(result, "request_id", None) for result in results] == ["0", "1", "2", "3", "4"]
            assert {type(result) for result in results} == {RouterGone}
            assert (await router.decide(opening(id="0"))).id == "0"

    run(work())
