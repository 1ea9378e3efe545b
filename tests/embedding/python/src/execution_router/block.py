"""Requests that are sent together, and what becomes of each."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .decision import Decision, read_decision
from .errors import Refused, RouterError, RouterGone, RouterTimeout
from .process import Process, Waiter
from .request import Request

BLOCK_BYTES = 1 << 16
"""A block has about so many; between two of them, other threads get a turn."""


@dataclass
class Block:
    """A stretch of requests that goes out by one write."""

    data: bytes
    requests: Sequence[Request]
    waiter: Waiter
    process: Process | None = None
    unsent: RouterError | None = None

    def collect(self, deadline: float, seconds: float) -> Iterator[Decision | RouterError]:
        """What became of each request, waited for until the deadline."""
        if self.process is None:
            for request in self.requests:
                yield self._unsent_of(request)
            return
        answered_all = self.waiter.wait(deadline - time.monotonic()) or not self.process.abandon(self.waiter)
        # What came is used, also of a block that did not get to its end.
        lines = list(self.waiter.lines)
        for line in lines:
            try:
                yield read_decision(line)
            except Refused as refused:
                yield refused
        for request in self.requests[len(lines) :]:
            if answered_all:
                yield RouterGone(request.id, self.waiter.gone or "it ended")
            else:
                yield RouterTimeout(request.id, seconds)

    def _unsent_of(self, request: Request) -> RouterError:
        if isinstance(self.unsent, RouterTimeout):
            return RouterTimeout(request.id, self.unsent.seconds, sent=False)
        if isinstance(self.unsent, RouterGone):
            return RouterGone(request.id, self.unsent.how)
        assert self.unsent is not None
        return self.unsent


def cut(requests: Sequence[Request]) -> Iterator[Block]:
    """Cuts requests into blocks, in order."""
    data = bytearray()
    begin = 0
    for end, request in enumerate(requests, 1):
        data += request.to_json().encode() + b"\n"
        if len(data) >= BLOCK_BYTES or end == len(requests):
            block = requests[begin:end]
            yield Block(bytes(data), block, Waiter(len(block)))
            data = bytearray()
            begin = end
