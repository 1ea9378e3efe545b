"""For bots that were written against the in-process `ExecutionRouter`: the same calls, on a `Router`.

`SEED.md` walks through the three places where such a bot calls it, before and after.
"""

from .budget import Commitment
from .errors import CommitRefused, ConfigRefused, ExplorationLimit, NothingRouted
from .order import OrderIntent, OrderSideAction
from .router import ExecutionRouter

__all__ = [
    "CommitRefused",
    "Commitment",
    "ConfigRefused",
    "ExecutionRouter",
    "ExplorationLimit",
    "NothingRouted",
    "OrderIntent",
    "OrderSideAction",
]
