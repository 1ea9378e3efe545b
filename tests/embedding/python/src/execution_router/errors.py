"""Everything that can go wrong, as one tree under `RouterError`.

A SKIP is a decision and is never raised. What is raised says who must act: `Refused` the bot that
wrote the request, `RouterTimeout` and `RouterGone` whoever waits for the answer, `StartFailed` and
`ProgramNotFound` whoever set the router up.
"""

import re
from typing import Any

_NAMED_FIRST = re.compile(r"`([^`]*)`")

# Of these codes the message begins with the field; others begin with a reservation or a budget.
_FIELD_CODES = frozenset(
    {
        "bad_escape",
        "bad_timestamp",
        "duplicate_field",
        "empty",
        "field_missing",
        "field_overflow",
        "negative",
        "not_a_decimal",
        "not_finite",
        "not_positive",
        "overlong",
        "position_missing",
        "too_long",
        "unknown_field",
        "unknown_side",
        "unknown_trade_type",
        "wrong_type",
    }
)


class RouterError(Exception):
    """Whatever the router, the program behind it or a policy did not do."""


class Refused(RouterError):
    """The line was not routed: `code` for programs, `message` for people, `field` where one is at fault.

    Nothing was charged or recorded for it. Codes are listed in `host/README.md`, "Refused lines".
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        request_id: str | None = None,
        symbol: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field
        self.request_id = request_id
        self.symbol = symbol

    @classmethod
    def of_answer(cls, answer: dict[str, Any]) -> "Refused":
        """The error that an answered line carries."""
        error = answer["error"]
        named = _NAMED_FIRST.match(error["message"]) if error["code"] in _FIELD_CODES else None
        return cls(
            error["code"],
            error["message"],
            field=named.group(1) if named else None,
            request_id=answer.get("id"),
            symbol=answer.get("symbol"),
        )


class Unanswered(RouterError):
    """No answer came. What became of the request is not known; repeating its id finds out."""

    def __init__(self, what: str, request_id: str | None) -> None:
        whose = f"request `{request_id}`" if request_id is not None else "the request"
        advice = (
            "send it again with the same id: what was decided is answered, and nothing is charged twice"
            if request_id is not None
            else "it had no id, so a repeat is another order; give requests ids"
        )
        super().__init__(f"{whose} has no answer: {what}; {advice}")
        self.request_id = request_id


class RouterTimeout(Unanswered, TimeoutError):
    """The answer did not come in time. It may still come, and is then told as a late answer.

    `sent` is false where not even the request went out, because the router did not take it.
    """

    def __init__(self, request_id: str | None, seconds: float, *, sent: bool = True) -> None:
        what = f"none within {seconds:.3g} s" if sent else f"the router took no line for {seconds:.3g} s"
        super().__init__(what, request_id)
        self.seconds = seconds
        self.sent = sent


class RouterGone(Unanswered, ConnectionError):
    """The program ended while the request was on its way. The next call starts it again."""

    def __init__(self, request_id: str | None, how: str) -> None:
        super().__init__(f"the router's program ended ({how})", request_id)
        self.how = how


class StartFailed(RouterError):
    """The program could not run: what it said on standard error, and its exit code."""

    def __init__(self, how: str, said: str) -> None:
        super().__init__(f"the router's program did not start ({how}): {said or 'it said nothing'}")
        self.how = how
        self.said = said


class RouterClosed(RouterError):
    """The router was closed, or belongs to the process that this one was forked from."""


class ProgramNotFound(RouterError, FileNotFoundError):
    """There is no program `execution-router` where it was looked for."""


class CommandFailed(RouterError):
    """A command of the program could not run, or nobody could be asked."""

    def __init__(self, command: str, exit_code: int, said: str) -> None:
        super().__init__(f"`execution-router {command}` ended with {exit_code}: {said or 'it said nothing'}")
        self.command = command
        self.exit_code = exit_code
        self.said = said


class NotPossible(RouterError):
    """The router was set up without what this call needs; the message says which argument gives it."""


class PolicyUnusable(RouterError):
    """The component is none, imports something, or has no `routing-json`."""


class PolicyFault(RouterError):
    """The policy trapped, ran out of fuel or memory, or answered no JSON. Its instance was replaced."""
