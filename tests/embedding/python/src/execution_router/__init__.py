"""The routing and budget policy of a trading bot, from Python.

`Router` has everything: it runs the program `execution-router` on a store. `Policy` makes pure decisions in
process. `execution_router.seed` keeps older bots running.
"""

from .asynchronous import AsyncRouter
from .decision import BudgetView, Decision, DecisionWarning, PolicyIdentity
from .errors import (
    CommandFailed,
    NotPossible,
    PolicyFault,
    PolicyUnusable,
    ProgramNotFound,
    Refused,
    RouterClosed,
    RouterError,
    RouterGone,
    RouterTimeout,
    StartFailed,
    Unanswered,
)
from .events import Event, Listener
from .policy import BudgetUse, Policy, State
from .program import find_program
from .report import Budget, BudgetPart, BudgetReport, Released, Settled, Status, Swapped
from .request import Amount, Position, Request, Score, Working
from .router import Router
from .terms import (
    Clock,
    Durability,
    FinalAction,
    OrderIntent,
    PositionEffect,
    PositionSide,
    Side,
    TradeType,
    TradingState,
)

__all__ = [
    "Amount",
    "AsyncRouter",
    "Budget",
    "BudgetPart",
    "BudgetReport",
    "BudgetUse",
    "BudgetView",
    "Clock",
    "CommandFailed",
    "Decision",
    "DecisionWarning",
    "Durability",
    "Event",
    "FinalAction",
    "Listener",
    "NotPossible",
    "OrderIntent",
    "Policy",
    "PolicyFault",
    "PolicyIdentity",
    "PolicyUnusable",
    "Position",
    "PositionEffect",
    "PositionSide",
    "ProgramNotFound",
    "Refused",
    "Released",
    "Request",
    "Router",
    "RouterClosed",
    "RouterError",
    "RouterGone",
    "RouterTimeout",
    "Score",
    "Settled",
    "Side",
    "StartFailed",
    "State",
    "Status",
    "Swapped",
    "TradeType",
    "TradingState",
    "Unanswered",
    "Working",
    "find_program",
]
