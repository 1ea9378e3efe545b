"""What the compatibility class raises besides the errors of `Router`."""

from ..decision import Decision
from ..errors import RouterError


class ConfigRefused(RouterError):
    """The configuration cannot be made into a policy; the message has what is wrong, line by line."""


class NothingRouted(RouterError):
    """`commit` was called where no pilot or exploration opening was routed before, in this thread or task."""


class CommitRefused(RouterError):
    """The charge was not granted, and no order may go out: `reason` says why, `decision` has all of it."""

    def __init__(self, decision: Decision, message: str) -> None:
        super().__init__(message)
        self.decision = decision
        self.reason = decision.reason


class ExplorationLimit(CommitRefused):
    """The exploration budget does not hold what the order needs."""

    def __init__(self, decision: Decision) -> None:
        budget = decision.budget
        left = "" if budget is None else f": it needs {budget.need}, and {budget.remaining} are left"
        super().__init__(decision, f"{decision.symbol} is over the exploration budget{left}")
