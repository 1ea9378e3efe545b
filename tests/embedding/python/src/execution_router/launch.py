"""How a run of the program begins: its command line, and who is told what it says besides answers."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from .decision import read
from .events import call
from .process import Process

_LOG = logging.getLogger("execution_router")


class Launch:
    """Starts the program, each time with the same command line."""

    def __init__(
        self, command: Sequence[str], on_late_answer: Callable[[dict[str, Any]], None] | None
    ) -> None:
        self._command = command
        self._on_late_answer = on_late_answer

    def __call__(self) -> Process:
        """Starts it once more."""
        return Process(self._command, tell_late=self._late)

    def _late(self, line: bytes) -> None:
        _LOG.warning("an answer came after its caller had given up: %s", line.decode(errors="replace"))
        if self._on_late_answer is not None:
            # In a thread of its own: the one that reads must go on, and a callback may ask the router.
            threading.Thread(target=call, args=(self._on_late_answer, read(line)), daemon=True).start()
