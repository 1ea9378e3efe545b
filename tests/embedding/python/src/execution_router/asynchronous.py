"""`Router` for asyncio: the same calls, awaited.

Owns nothing but the waiting: lines go out by one thread of its own, in the order of the calls, and any number
of them may be on their way.
"""

import asyncio
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType

from .decision import Decision, read_decision, read_told
from .errors import RouterError, RouterGone, RouterTimeout
from .process import Waiter
from .program import Location
from .report import BudgetReport, Released, Settled, Status, Swapped
from .request import Amount, Request, release_line, settle_line
from .router import Router
from .terms import Side, TradingState


class _AwaitedWaiter(Waiter):
    """Wakes a task instead of a thread."""

    __slots__ = ("_finished", "_loop")

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._finished = asyncio.Event()

    def finish(self) -> None:
        super().finish()
        # A loop that has ended meanwhile has nobody to wake.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._finished.set)

    async def finished(self, seconds: float) -> bool:
        """Whether the answer came within `seconds`, or none will any more."""
        try:
            await asyncio.wait_for(self._finished.wait(), max(seconds, 0))
        except asyncio.TimeoutError:
            return False
        return True


class AsyncRouter:
    """A `Router` whose calls are awaited: `async with AsyncRouter(Router(...)) as router:`.

    A task that is cancelled gives up its answer, as one whose time is over does.
    """

    def __init__(self, router: Router) -> None:
        self.router = router
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="execution-router lines")

    async def __aenter__(self) -> "AsyncRouter":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the router."""
        await asyncio.to_thread(self.router.close)
        self._sender.shutdown(wait=False)

    async def decide(self, request: Request, *, timeout: float | None = None) -> Decision:
        """`Router.decide`."""
        return read_decision(await self._ask(request.to_json(), request.id, timeout))

    async def decide_many(
        self, requests: Iterable[Request], *, timeout: float | None = None
    ) -> list[Decision | RouterError]:
        """`Router.decide_many`."""
        return await asyncio.to_thread(self.router.decide_many, list(requests), timeout=timeout)

    async def settle(
        self,
        reservation: str,
        event_id: str,
        notional: Amount,
        side: Side | str,
        *,
        final: bool = False,
        timeout: float | None = None,
    ) -> Settled:
        """`Router.settle`."""
        line = settle_line(reservation, event_id, notional, side, final)
        return Settled.of(read_told(await self._ask(line, event_id, timeout), "settled"))

    async def release(self, reservation: str, event_id: str, *, timeout: float | None = None) -> Released:
        """`Router.release`."""
        line = release_line(reservation, event_id)
        return Released.of(read_told(await self._ask(line, event_id, timeout), "released"))

    async def status(self) -> Status:
        """`Router.status`."""
        return await asyncio.to_thread(self.router.status)

    async def state(self, state: TradingState | str, *, until: datetime | str | None = None) -> TradingState:
        """`Router.state`."""
        return await asyncio.to_thread(self.router.state, state, until=until)

    async def swap(self, policy: Location, *, profile: str | None = None) -> Swapped:
        """`Router.swap`."""
        return await asyncio.to_thread(self.router.swap, policy, profile=profile)

    async def rollback(self) -> Swapped:
        """`Router.rollback`."""
        return await asyncio.to_thread(self.router.rollback)

    async def budget(self, *, at: str | None = None) -> BudgetReport:
        """`Router.budget`."""
        return await asyncio.to_thread(self.router.budget, at=at)

    async def _ask(self, line: str, request_id: str | None, timeout: float | None) -> bytes:
        seconds = self.router.timeout if timeout is None else timeout
        deadline = time.monotonic() + seconds
        waiter = _AwaitedWaiter()
        loop = asyncio.get_running_loop()
        sent = loop.run_in_executor(
            self._sender, self.router.send, line.encode() + b"\n", waiter, 1, deadline, request_id
        )
        # Shielded: a line that has begun to go out goes out, whoever has given up meanwhile.
        process = await asyncio.shield(sent)
        try:
            in_time = await waiter.finished(deadline - time.monotonic())
        except asyncio.CancelledError:
            process.abandon(waiter)
            raise
        if not in_time and process.abandon(waiter):
            raise RouterTimeout(request_id, seconds)
        if waiter.gone is not None:
            raise RouterGone(request_id, waiter.gone)
        return waiter.lines[0]
