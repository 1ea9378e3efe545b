"""What happens to the router, as it happens: `host/README.md`, "Events".

Owns the event as a value and who listens. It never holds the router up: a listener that is slow loses its
oldest events, and is told how many.
"""

import json
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .folder import PrivateFolder
from .program import Location

_LOG = logging.getLogger("execution_router")

WAITING_EVENTS_MAX = 1_024
"""Events that wait for one listener; then the oldest go."""

POLL_S = 0.05
"""How often the file is looked at: Python has nothing that waits for a file on every system."""

READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `fields` has all that the program wrote, under its own names."""

    at: str
    event: str
    what: str
    do: str
    fields: Mapping[str, Any]

    @classmethod
    def of_line(cls, line: bytes) -> "Event":
        """Reads a line of `--events`."""
        fields = json.loads(line)
        return cls(fields["at"], fields["event"], fields["what"], fields["do"], fields)


class Listener:
    """Events from the moment that it was made, in order; ends when the router is closed."""

    def __init__(self, forget: Callable[["Listener"], None], begins_at: int) -> None:
        self.begins_at = begins_at
        """Bytes of the file that were written before."""
        self.dropped = 0
        """How many events were lost because nobody took them."""
        self._waiting: deque[Event] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._forget = forget

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = self.next(None)
        if event is None:
            raise StopIteration
        return event

    def next(self, timeout: float | None) -> Event | None:
        """The next event; `None` when none comes in time, or none will."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended, timeout)
            return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """Listens no more."""
        self._forget(self)
        self.end()

    def take(self, event: Event) -> None:
        """Hands it an event."""
        with self._changed:
            if len(self._waiting) == WAITING_EVENTS_MAX:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append(event)
            self._changed.notify()

    def end(self) -> None:
        """Says that no more come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class Events:
    """Everyone who is told of what stands in the program's file of events, from its end on.

    Without a `file` of the bot's, a callback has one in a private folder, which goes when the router does.
    """

    def __init__(self, callback: Callable[[Event], None] | None, file: Location | None) -> None:
        self._callback = callback
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._ended = threading.Event()
        self._folder: PrivateFolder | None = None
        self._follower: threading.Thread | None = None
        if file is None and callback is not None:
            self._folder = PrivateFolder()
            file = self._folder.path / "events.jsonl"
        self.file = None if file is None else Path(file).absolute()
        """Where the program writes them; `None` where nobody asked for events."""
        if self.file is not None:
            descriptor = os.open(self.file, os.O_RDONLY | os.O_CREAT, 0o644)
            end = os.lseek(descriptor, 0, os.SEEK_END)
            self._follower = threading.Thread(
                target=self._follow, args=(descriptor, end), daemon=True, name="execution-router events"
            )
            self._follower.start()

    def listen(self) -> Listener:
        """A new listener."""
        written = 0 if self.file is None else self.file.stat().st_size
        listener = Listener(self._forget, written)
        with self._lock:
            if self._ended.is_set():
                listener.end()
            else:
                self._listeners.append(listener)
        return listener

    def end(self) -> None:
        """Tells what is written by now, and ends every listener."""
        self._ended.set()
        # A callback may close the router: its own thread cannot be waited for.
        if self._follower is not None and self._follower is not threading.current_thread():
            self._follower.join()
        with self._lock:
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.end()
        if self._folder is not None:
            self._folder.remove()

    def _follow(self, descriptor: int, at: int) -> None:
        rest = b""
        try:
            ended = False
            while not ended:
                # Looked at before reading, so that what was written until the end is read after it.
                ended = self._ended.wait(POLL_S)
                while chunk := os.read(descriptor, READ_BYTES):
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        self._tell(line, at)
                        at += len(line) + 1
        finally:
            os.close(descriptor)

    def _tell(self, line: bytes, at: int) -> None:
        try:
            event = Event.of_line(line)
        except (ValueError, KeyError):
            _LOG.exception("an event cannot be read: %r", line)
            return
        with self._lock:
            listeners = [listener for listener in self._listeners if listener.begins_at <= at]
        for listener in listeners:
            listener.take(event)
        if self._callback is not None:
            call(self._callback, event)

    def _forget(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)


def call(callback: Callable[..., None], *arguments: object) -> None:
    """Calls what the bot gave; whatever it throws is logged, because a reading thread must not end of it."""
    try:
        callback(*arguments)
    except Exception:  # noqa: BLE001
        _LOG.exception("a callback failed")
