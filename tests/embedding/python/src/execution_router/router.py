"""The whole router as an object: budgets, journal, invariants, gate, in a program of its own.

Owns the calls that a bot makes. It decides nothing and keeps nothing that a restart could lose: each call is
a line to the program, or a command of it.
"""

import json
import os
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any

from .block import Block, cut
from .decision import Decision, read_decision, read_told
from .errors import (
    CommandFailed,
    NotPossible,
    RouterError,
    RouterGone,
    RouterTimeout,
)
from .events import Event, Events, Listener
from .launch import Launch
from .process import Process, Waiter
from .program import COMMAND_SECONDS_MAX, Location, find_program, run_command
from .report import BudgetReport, Released, Settled, Status, Swapped
from .request import Amount, Request, release_line, settle_line, write
from .supervisor import Supervisor
from .terms import Clock, Durability, Side, TradingState

SECONDS_MAX = 86_400.0
"""The longest that a call waits, whatever it is told: what the system's own waits take."""


class Router:
    """Routes requests through `execution-router route`, which it starts, restarts and ends.

    - `store`: `sqlite:router.db`. With it budgets, ids and decisions survive both processes; without it they
      end with the program, and a restart begins with empty budgets.
    - `policy`: a `policy.yaml`, a folder that holds one, or a component; the default policy when not given.
    - `timeout`: seconds for one answer, waiting for a restart included.
    - `events_file`, `on_event`, `events()`: what happens to it (`host/src/router/README.md`, "Events").
    - `on_late_answer`: answers whose caller had given up; decisions that hold budget may be among them.
    - `arguments`: further arguments of `route`, such as `["--reservation-ttl", "1h"]`.

    Threads share a router; each call waits for its own answer. Use it in `with`, or `close` it.
    """

    def __init__(
        self,
        *,
        store: str | None = None,
        policy: Location | None = None,
        allow_control: bool = False,
        clock: Clock | str = Clock.REQUEST,
        durability: Durability | str | None = None,
        program: Location | None = None,
        arguments: Sequence[str] = (),
        timeout: float = 5.0,
        start_timeout: float = 60.0,
        close_timeout: float = 10.0,
        on_event: Callable[[Event], None] | None = None,
        events_file: Location | None = None,
        on_late_answer: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.program = find_program(program)
        self.store = store
        self.timeout = timeout
        self._controls = allow_control
        self._events = Events(on_event, events_file)
        line = [self.program, "route", "--clock", str(clock)]
        line += [] if store is None else ["--store", store]
        line += [] if policy is None else ["--policy", os.fspath(policy)]
        line += [] if durability is None else ["--durability", str(durability)]
        line += ["--allow-control"] if allow_control else []
        line += [] if self._events.file is None else ["--events", str(self._events.file)]
        launch = Launch([*line, *arguments], on_late_answer)
        try:
            self._supervisor = Supervisor(launch, start_seconds=start_timeout, close_seconds=close_timeout)
        except BaseException:
            self._events.end()
            raise
        # Also at the interpreter's end, and when a router is dropped unclosed: no process stays behind.
        self._finalizer = weakref.finalize(self, _close, self._supervisor, self._events)

    def __enter__(self) -> "Router":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the program once it has answered and journaled what it was sent. Twice does nothing more."""
        self._finalizer()

    @property
    def pid(self) -> int | None:
        """The number of the program's process; `None` once closed."""
        return self._supervisor.pid

    def decide(self, request: Request, *, timeout: float | None = None) -> Decision:
        """Decides a request.

        Raises `Refused` where the line is, `RouterTimeout`, `RouterGone` where no answer came: with an `id`,
        ask again, and nothing is charged twice.
        """
        return read_decision(self._ask(request.to_json(), request.id, timeout))

    def decide_many(
        self, requests: Iterable[Request], *, timeout: float | None = None
    ) -> list[Decision | RouterError]:
        """Decides requests in order without waiting for each; what `decide` raises stands in its place.

        `timeout` is for all of them together; when not given, the router's for each 1,000.
        """
        asked = list(requests)
        seconds = self.timeout * (1 + len(asked) // 1_000) if timeout is None else timeout
        deadline = time.monotonic() + min(seconds, SECONDS_MAX)
        blocks: list[Block] = []
        for block in cut(asked):
            blocks.append(block)
            try:
                block.process = self.send(block.data, block.waiter, len(block.requests), deadline, None)
            except RouterError as error:
                block.unsent = error
        return [answer for block in blocks for answer in block.collect(deadline, seconds)]

    def settle(
        self,
        reservation: str,
        event_id: str,
        notional: Amount,
        side: Side | str,
        *,
        final: bool = False,
        timeout: float | None = None,
    ) -> Settled:
        """Says what was filled since the last event, in quote currency; `final`: no more fills come."""
        line = settle_line(reservation, event_id, notional, side, final)
        return Settled.of(read_told(self._ask(line, event_id, timeout), "settled"))

    def release(self, reservation: str, event_id: str, *, timeout: float | None = None) -> Released:
        """Says that nothing more is filled, and gives back what is held."""
        line = release_line(reservation, event_id)
        return Released.of(read_told(self._ask(line, event_id, timeout), "released"))

    def status(self) -> Status:
        """Which policy decides, how much is let through, who is kept out."""
        return Status.of(self._operate({"control": "status"}, ["status"], "status"))

    def state(self, state: TradingState | str, *, until: datetime | str | None = None) -> TradingState:
        """Sets how much is let through, until a time where one is given; answers what holds now."""
        end = until.isoformat() if isinstance(until, datetime) else until
        control: dict[str, Any] = {"control": "trading_state", "state": str(state)}
        command = ["state", str(state)]
        if end is not None:
            control["until"] = end
            command += ["--until", end]
        return TradingState(self._operate(control, command, "trading_state")["state"])

    def swap(self, policy: Location, *, profile: str | None = None) -> Swapped:
        """Has another policy decide from now on, once it passes the gate; `Refused` where it does not."""
        control = {"control": "swap", "policy": os.fspath(policy)}
        command = ["swap", os.fspath(policy)]
        if profile is not None:
            control["profile"] = profile
            command += ["--profile", profile]
        return Swapped.of(self._operate(control, command, "swapped"))

    def rollback(self) -> Swapped:
        """Makes the policy live again that was before."""
        return Swapped.of(self._operate({"control": "rollback"}, ["rollback"], "rolled_back"))

    def budget(self, *, at: str | None = None) -> BudgetReport:
        """What is used and held of each budget. Needs a store.

        Windows are taken at the latest time that the router has counted by, or at `at`: RFC 3339, a day, or
        an age (`0s` is now).
        """
        if self.store is None:
            raise NotPossible("budgets are read from a store: give one, as `store='sqlite:router.db'`")
        command = ["budget", "--format", "json", "--store", self.store]
        command += [] if at is None else ["--at", at]
        code, output, said = run_command(self.program, command)
        if code != 0:
            raise CommandFailed("budget", code, said.strip())
        return BudgetReport.of(json.loads(output))

    def events(self) -> Listener:
        """An iterator over what happens to the router from now on; it ends when the router is closed.

        Needs an `events_file`, or a callback.
        """
        if self._events.file is None:
            raise NotPossible("events are read from a file: give the router an `events_file`, or `on_event`")
        return self._events.listen()

    def send_line(self, line: str | bytes, *, timeout: float | None = None) -> str:
        """Sends a line as it is, and answers the line that comes back, refusals too."""
        content = line.encode() if isinstance(line, str) else line
        if b"\n" in content:
            raise ValueError("a line has no line break in it")
        return self._ask(content, None, timeout).decode()

    def _operate(self, control: dict[str, Any], command: list[str], key: str) -> dict[str, Any]:
        if self._controls:
            return read_told(self._ask(write(control), control["control"], COMMAND_SECONDS_MAX), key)
        if self.store is None:
            raise NotPossible(
                f"`{command[0]}` needs a router with `allow_control=True`, or one on a store, "
                "which is asked from outside"
            )
        code, output, said = run_command(self.program, [*command, "--format", "json", "--store", self.store])
        if not output.strip():
            raise CommandFailed(command[0], code, said.strip())
        return read_told(output, key)

    def _ask(self, line: str | bytes, request_id: str | None, timeout: float | None) -> bytes:
        seconds = self.timeout if timeout is None else timeout
        deadline = time.monotonic() + min(seconds, SECONDS_MAX)
        waiter = Waiter()
        content = line.encode() if isinstance(line, str) else line
        process = self.send(content + b"\n", waiter, 1, deadline, request_id)
        try:
            in_time = waiter.wait(deadline - time.monotonic())
        except BaseException:
            # Ctrl-C while it waits: the answer goes to nobody, and is told as a late one.
            process.abandon(waiter)
            raise
        if not in_time and process.abandon(waiter):
            raise RouterTimeout(request_id, seconds)
        if waiter.gone is not None:
            raise RouterGone(request_id, waiter.gone)
        return waiter.lines[0]

    def send(
        self, data: bytes, waiter: Waiter, lines: int, deadline: float, request_id: str | None
    ) -> Process:
        """Sends whole lines for a waiter of the caller's own, and answers the process that will answer it."""
        # Once more where it ended between the look and the sending: nothing went out then.
        for _ in range(2):
            process = self._supervisor.live(deadline, request_id)
            try:
                if process.send(data, waiter, lines, deadline):
                    return process
            except RouterTimeout as error:
                raise RouterTimeout(request_id, error.seconds, sent=False) from None
        raise RouterGone(request_id, process.ended or "it ended")


def _close(supervisor: Supervisor, events: Events) -> None:
    supervisor.close()
    events.end()
