"""One run of the program: its pipes, its threads, and which answer belongs to whom.

Owns the order of the stream: each line in has one answer out, in the same order, so answers are matched by
place and by nothing else. It starts nothing anew and reads no answer; that is the router's.

Standard output is always being read, by a thread of its own, so the program never waits for a full pipe and
neither does whoever writes to it. Standard input is written without blocking, so that a program that takes
no more lines costs a caller no more than its time-out.
"""

import logging
import os
import select
import subprocess
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence

from .errors import RouterClosed, RouterTimeout

_LOG = logging.getLogger("execution_router")

READ_BYTES = 1 << 16
SAID_LINES_MAX = 20
"""Lines of standard error that are kept, to say why the program ended."""


class Waiter:
    """Whoever waits for `expected` answers in a row; `lines` has those that came."""

    __slots__ = ("_done", "abandoned", "expected", "gone", "lines")

    def __init__(self, expected: int = 1) -> None:
        self.expected = expected
        self.lines: list[bytes] = []
        self.gone: str | None = None
        self.abandoned = False
        self._done = threading.Lock()
        self._done.acquire()

    def wait(self, seconds: float) -> bool:
        """Whether all answers came, or none will any more, within `seconds`."""
        return self._done.acquire(timeout=max(seconds, 0))

    def finish(self) -> None:
        """Wakes whoever waits. Called once, by the thread that reads."""
        self._done.release()


class Process:
    """A running program, or one that has ended."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        tell_late: Callable[[bytes], None],
    ) -> None:
        # A session of its own: Ctrl-C in a terminal is for the bot, which may still have orders to settle.
        self._popen = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._popen.stdin is not None
        self._stdin = self._popen.stdin
        os.set_blocking(self._stdin.fileno(), False)
        self._started_by = os.getpid()
        self._tell_late = tell_late
        self._sending = threading.Lock()
        self._unwritten = memoryview(b"")
        # Guards everything below, and whether a waiter is abandoned.
        self._lock = threading.Lock()
        self._pending: deque[Waiter] = deque()
        self._ended: str | None = None
        self._said: deque[str] = deque(maxlen=SAID_LINES_MAX)
        _PROCESSES.add(self)
        self._threads = [
            threading.Thread(target=run, daemon=True, name=f"execution-router {name}")
            for name, run in (("messages", self._read_messages), ("answers", self._read_answers))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The number of the program's process."""
        return self._popen.pid

    @property
    def ended(self) -> str | None:
        """How the program ended; `None` while it runs."""
        return self._ended

    @property
    def said(self) -> str:
        """The last lines of its standard error."""
        return "; ".join(self._said)

    def send(self, data: bytes, waiter: Waiter, lines: int, deadline: float) -> bool:
        """Sends `lines` lines; false where the program has ended.

        Raises `RouterTimeout` with `sent=False` when it took nothing before the deadline. When it took a
        part, the rest goes out ahead of the next lines, and the answer is waited for as usual.
        """
        if os.getpid() != self._started_by:
            raise RouterClosed("a router belongs to the process that made it; make one in each process")
        begun = time.monotonic()
        if not self._sending.acquire(timeout=max(deadline - begun, 0)):
            raise RouterTimeout(None, deadline - begun, sent=False)
        try:
            if not self._flush(deadline):
                raise RouterTimeout(None, deadline - begun, sent=False)
            with self._lock:
                if self._ended is not None:
                    return False
                self._pending.extend([waiter] * lines)
            self._unwritten = memoryview(data)
            self._flush(deadline)
            return True
        finally:
            self._sending.release()

    def abandon(self, waiter: Waiter) -> bool:
        """Gives up waiting; false where the answers are there after all."""
        with self._lock:
            waiter.abandoned = not waiter.wait(0)
            return waiter.abandoned

    def close(self, seconds: float) -> int:
        """Ends the input, which the program answers, journals and ends after; kills it after `seconds`."""
        if os.getpid() != self._started_by:
            return 0
        deadline = time.monotonic() + seconds
        if not self._sending.acquire(timeout=seconds):
            # Whoever sends is stuck on a program that takes nothing; only its end frees them.
            self._kill(seconds)
            self._sending.acquire()
        try:
            self._flush(deadline)
            self._stdin.close()
        finally:
            self._sending.release()
        answers = self._threads[-1]
        answers.join(max(deadline - time.monotonic(), 0))
        if answers.is_alive():
            self._kill(seconds)
        for thread in self._threads:
            thread.join()
        return self._popen.wait()

    def abandon_descriptors(self) -> None:
        """In a forked child: lets go of the pipes, so that the program sees the end when its owner closes."""
        for stream in (self._stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None and not stream.closed:
                stream.close()

    def _kill(self, seconds: float) -> None:
        _LOG.warning("the router's program did not end within %g s, and is killed", seconds)
        self._popen.kill()

    def _flush(self, deadline: float) -> bool:
        while self._unwritten:
            try:
                written = os.write(self._stdin.fileno(), self._unwritten)
                self._unwritten = self._unwritten[written:]
            except BlockingIOError:
                room = select.poll()
                room.register(self._stdin.fileno(), select.POLLOUT)
                left = deadline - time.monotonic()
                if left <= 0 or not room.poll(left * 1_000):
                    return False
            except (BrokenPipeError, ValueError):
                # It has ended, or the router was closed: whoever reads says so to all that wait.
                self._unwritten = memoryview(b"")
        return True

    def _read_answers(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as stdout:
            _read_lines(stdout.fileno(), self._answer)
        # Waited for first: only then has it let go of its store, and may another one be started.
        code = self._popen.wait()
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        with self._lock:
            self._ended = how
            waiters = dict.fromkeys(self._pending)
            self._pending.clear()
            for waiter in waiters:
                waiter.gone = how
                if not waiter.abandoned:
                    waiter.finish()

    def _answer(self, line: bytes) -> None:
        with self._lock:
            waiter = self._pending.popleft() if self._pending else None
            late = waiter is None or waiter.abandoned
            if waiter is not None and not late:
                waiter.lines.append(line)
                if len(waiter.lines) == waiter.expected:
                    waiter.finish()
        if late:
            self._tell_late(line)

    def _read_messages(self) -> None:
        assert self._popen.stderr is not None
        with self._popen.stderr as stderr:
            _read_lines(stderr.fileno(), self._message)

    def _message(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        self._said.append(text)
        _LOG.info("%s", text)


def _read_lines(descriptor: int, take: Callable[[bytes], None]) -> None:
    rest = b""
    while chunk := os.read(descriptor, READ_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            take(line)


_PROCESSES: "weakref.WeakSet[Process]" = weakref.WeakSet()


def _in_forked_child() -> None:
    for process in list(_PROCESSES):
        process.abandon_descriptors()


os.register_at_fork(after_in_child=_in_forked_child)
