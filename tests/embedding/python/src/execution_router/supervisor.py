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
BACKOFF_MAX_S = 2.0
"""Below a router's own time-out, so that a call as it is made waits for the next start."""

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
        # Guards all below; told when a start came to an end, and when the router is closed.
        self._changed = threading.Condition()
        self._closed = False
        self._failures = 0
        self._started_at = 0.0
        self._launched: Process | None = None
        self._starter: threading.Thread | None = None
        self._failed: StartFailed | None = None
        self._process: Process | None = self._start()

    def live(self, deadline: float, request_id: str | None) -> Process:
        """The running process, started again where it has ended.

        Raises `RouterGone` where it may not be started before the deadline, `StartFailed` where it could not,
        `RouterTimeout` where that takes longer; the start goes on all the same.
        """
        process = self._process
        if process is not None and process.ended is None:
            return process
        with self._changed:
            if self._starter is None:
                self._begin(deadline, request_id)
            seconds = deadline - time.monotonic()
            if not self._changed.wait_for(lambda: self._closed or self._starter is None, max(seconds, 0)):
                raise RouterTimeout(request_id, seconds, sent=False)
            if self._closed:
                raise RouterClosed("the router is closed")
            if self._process is not None:
                return self._process
            assert self._failed is not None
            raise StartFailed(self._failed.how, self._failed.said)

    def close(self) -> None:
        """Ends the process; it answers and journals what it was sent."""
        if os.getpid() != self._made_by:
            # A forked child at its end. Its parent's locks may be held by threads that it does not have.
            return
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            starter, process, self._process = self._starter, self._process, None
            if starter is not None and self._launched is not None:
                self._launched.kill()
        if starter is not None:
            starter.join()
        if process is not None:
            process.close(self._close_seconds)

    @property
    def pid(self) -> int | None:
        """The number of the latest process, be it running or not; `None` once closed."""
        return None if self._closed or self._launched is None else self._launched.pid

    def _begin(self, deadline: float, request_id: str | None) -> None:
        """Has it started again, where that may be before the deadline and nobody did meanwhile."""
        ended = self._process
        if self._closed or (ended is not None and ended.ended is None):
            return
        if ended is not None:
            _LOG.warning("the router's program ended (%s); it is started again", ended.ended)
            short = time.monotonic() - self._started_at < SHORT_RUN_S
            self._failures = self._failures + 1 if short else 0
            self._process = None
        pause = self._started_at + self._backoff() - time.monotonic()
        if pause > 0 and time.monotonic() + pause > deadline:
            raise RouterGone(request_id, f"it is started again in {pause:.2f} s")
        self._starter = threading.Thread(
            target=self._start_again, args=(ended, pause), daemon=True, name="execution-router start"
        )
        self._starter.start()

    def _start_again(self, ended: Process | None, pause: float) -> None:
        if ended is not None:
            ended.close(0)
        with self._changed:
            self._changed.wait_for(lambda: self._closed, max(pause, 0))
            # Closed meanwhile: nothing is started that nobody would end.
            if self._closed:
                return
        process, failed = None, None
        try:
            process = self._start()
        except StartFailed as error:
            failed = error
        with self._changed:
            self._failures += failed is not None
            self._failed = failed
            self._starter = None
            if not self._closed:
                self._process, process = process, None
            self._changed.notify_all()
        if process is not None:
            process.close(self._close_seconds)

    def _backoff(self) -> float:
        if self._failures == 0:
            return 0.0
        # Twenty doublings are far past the maximum already.
        return min(BACKOFF_FIRST_S * float(2 ** min(self._failures, 20)), BACKOFF_MAX_S)

    def _start(self) -> Process:
        self._started_at = time.monotonic()
        try:
            process = self._launch()
        except OSError as error:
            raise StartFailed("it cannot be run", str(error)) from error
        self._launched = process
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
