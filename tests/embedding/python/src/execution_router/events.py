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
from typing import Any

_LOG = logging.getLogger("execution_router")

WAITING_EVENTS_MAX = 1_024
"""Events that wait for one listener; then the oldest go."""


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

    def __init__(self, forget: Callable[["Listener"], None]) -> None:
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
    """Everyone who is told: a callback, listeners, a file."""

    def __init__(
        self, callback: Callable[[Event], None] | None, file: "str | os.PathLike[str] | None"
    ) -> None:
        self._callback = callback
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._ended = False
        self._file = None if file is None else os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def listen(self) -> Listener:
        """A new listener."""
        listener = Listener(self._forget)
        with self._lock:
            if self._ended:
                listener.end()
            else:
                self._listeners.append(listener)
        return listener

    def tell(self, line: bytes) -> None:
        """Tells an event to everyone."""
        with self._lock:
            listeners = list(self._listeners)
            if self._file is not None:
                # One write, as the program does it, so that a reader at the end never sees a half.
                os.write(self._file, line + b"\n")
        try:
            event = Event.of_line(line)
        except (ValueError, KeyError):
            _LOG.exception("an event cannot be read: %r", line)
            return
        for listener in listeners:
            listener.take(event)
        if self._callback is not None:
            call(self._callback, event)

    def end(self) -> None:
        """Ends every listener."""
        with self._lock:
            self._ended = True
            listeners, self._listeners = self._listeners, []
            if self._file is not None:
                os.close(self._file)
                self._file = None
        for listener in listeners:
            listener.end()

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
