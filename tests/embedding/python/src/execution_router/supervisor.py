"""Keeps one run of the program going: starts it, and starts it again after it ended.

Owns when. A start that fails, and a run that was short, make the next one wait longer; callers wait no
longer than their own time-outs.
"""

import logging
import os
import threading
import time
from collections.abc import Callable

from .errors import RouterClosed, RouterGone, RouterTimeout, StartFailed
from .process import Process, Waiter

_LOG = logging.getLogger("execution_router")

BACKOFF_FIRST_S = 0.05
BACKOFF_MAX_S = 5.0
SHORT_RUN_S = 1.0
"""A run that ended sooner is a failure to start, as far as waiting is concerned."""

# Every line has an answer, so an empty one shows that policy and store were opened. Nothing is recorded.
PING = b"\n"


class Supervisor:
    """The live process of a router."""

    def __init__(self, launch: Callable[[], Process], *, start_seconds: float, close_seconds: float) -> None:
        self._launch = launch
        self._start_seconds = start_seconds
        self._close_seconds = close_seconds
        self._made_by = os.getpid()
        self._starting = threading.Lock()
        self._closed = False
        self._failures = 0
        self._started_at = 0.0
        self._process: Process | None = self._start()

    def live(self, deadline: float, request_id: str | None) -> Process:
        """The running process, started again where it has ended.

        Raises `RouterGone` where it may not be started before the deadline, `StartFailed` where it could not.
        """
        process = self._process
        if process is not None and process.ended is None:
            return process
        wait = deadline - time.monotonic()
        if not self._starting.acquire(timeout=max(wait, 0)):
            raise RouterTimeout(request_id, wait, sent=False)
        try:
            return self._again(deadline, request_id)
        finally:
            self._starting.release()

    def close(self) -> None:
        """Ends the process; it answers and journals what it was sent."""
        if os.getpid() != self._made_by:
            # A forked child at its end. Its parent's locks may be held by threads that it does not have.
            return
        with self._starting:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            process.close(self._close_seconds)

    @property
    def pid(self) -> int | None:
        """The number of the latest process, be it running or not; `None` once closed."""
        return None if self._closed else self._pid

    def _again(self, deadline: float, request_id: str | None) -> Process:
        if self._closed:
            raise RouterClosed("the router is closed")
        process = self._process
        if process is not None:
            if process.ended is None:
                return process
            _LOG.warning("the router's program ended (%s); it is started again", process.ended)
            process.close(0)
            self._process = None
            short = time.monotonic() - self._started_at < SHORT_RUN_S
            self._failures = self._failures + 1 if short else 0
        pause = self._started_at + self._backoff() - time.monotonic()
        if pause > 0:
            if time.monotonic() + pause > deadline:
                raise RouterGone(request_id, f"it is started again in {pause:.2f} s")
            time.sleep(pause)
        try:
            self._process = self._start()
        except StartFailed:
            self._failures += 1
            raise
        return self._process

    def _backoff(self) -> float:
        if self._failures == 0:
            return 0.0
        # Twenty doublings are far past the maximum already.
        return min(BACKOFF_FIRST_S * float(2 ** min(self._failures, 20)), BACKOFF_MAX_S)

    def _start(self) -> Process:
        self._started_at = time.monotonic()
        process = self._launch()
        self._pid = process.pid
        waiter = Waiter()
        try:
            sent = process.send(PING, waiter, 1, time.monotonic() + self._start_seconds)
            # Where it was not sent, the program has ended already.
            in_time = not sent or waiter.wait(self._start_seconds)
        except RouterTimeout:
            in_time = False
        if in_time and waiter.lines:
            return process
        process.close(self._close_seconds if in_time else 0)
        raise StartFailed(
            process.ended or "it was ended" if in_time else f"no answer within {self._start_seconds:g} s",
            process.said,
        )
