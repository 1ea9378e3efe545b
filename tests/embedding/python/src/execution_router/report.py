"""What is answered besides decisions: settlements, releases, the router's status, budgets.

Owns the reading of these answers, as the pages of `host/` have them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .decision import PolicyIdentity, decimal, policy_identity
from .terms import TradingState


@dataclass(frozen=True, slots=True)
class Settled:
    """What a fill changed, in account currency."""

    reservation: str
    event_id: str
    used: Decimal
    released: Decimal
    reserved: Decimal
    overrun: Decimal | None
    side_mismatch: bool
    repeated: bool

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Settled":
        """Reads `settled`."""
        return cls(
            reservation=answer["reservation"],
            event_id=answer["event_id"],
            used=Decimal(answer["used"]),
            released=Decimal(answer["released"]),
            reserved=Decimal(answer["reserved"]),
            overrun=decimal(answer.get("overrun")),
            side_mismatch=answer.get("side_mismatch", False),
            repeated=answer.get("repeated", False),
        )


@dataclass(frozen=True, slots=True)
class Released:
    """What a release gave back, in account currency."""

    reservation: str
    event_id: str
    released: Decimal
    repeated: bool

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Released":
        """Reads `released`."""
        return cls(
            reservation=answer["reservation"],
            event_id=answer["event_id"],
            released=Decimal(answer["released"]),
            repeated=answer.get("repeated", False),
        )


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A policy that is not let in."""

    digest: str
    why: str
    since: str


@dataclass(frozen=True, slots=True)
class Status:
    """Which policy decides, how much is let through, who is kept out; `fields` has all that was answered."""

    policy: PolicyIdentity
    last_good: PolicyIdentity | None
    trading_state: TradingState
    until: str | None
    quarantined: tuple[Quarantined, ...]
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Status":
        """Reads `status`."""
        policy = policy_identity(answer["policy"])
        assert policy is not None
        state = answer["trading_state"]
        return cls(
            policy=policy,
            last_good=policy_identity(answer.get("last_good")),
            trading_state=TradingState(state["state"]),
            until=state.get("until"),
            quarantined=tuple(
                Quarantined(entry["digest"], entry["why"], entry["since"]) for entry in answer["quarantined"]
            ),
            fields=answer,
        )


@dataclass(frozen=True, slots=True)
class Swapped:
    """The policy that is live now; `unchanged` where it was before."""

    policy: PolicyIdentity
    unchanged: bool

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Swapped":
        """Reads `swapped` and `rolled_back`."""
        policy = policy_identity(dict(answer))
        assert policy is not None
        return cls(policy, answer.get("unchanged", False))


@dataclass(frozen=True, slots=True)
class BudgetPart:
    """A part of a budget: of one symbol or strategy (`of`) where that is its scope, else all of it."""

    of: str | None
    used: Decimal
    reserved: Decimal
    remaining: Decimal | None
    orders: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What is used and held of a budget in its window, in account currency.

    `limit` is that of the last decision that consulted it, `limit_at`; `percent` is of a request's equity.
    A budget of which nothing was used has no parts.
    """

    name: str
    amount: Decimal | None
    percent: Decimal | None
    limit: Decimal | None
    limit_at: str | None
    orders_limit: int | None
    start: str | None
    end: str | None
    parts: tuple[BudgetPart, ...]
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "Budget":
        """Reads a budget of `budget --format json`."""
        return cls(
            name=answer["name"],
            amount=decimal(answer["amount"]),
            percent=decimal(answer["percent"]),
            limit=decimal(answer["limit"]),
            limit_at=answer["limit_at"],
            orders_limit=answer["orders_limit"],
            start=answer["start"],
            end=answer["end"],
            parts=tuple(
                BudgetPart(
                    part["of"],
                    Decimal(part["used"]),
                    Decimal(part["reserved"]),
                    decimal(part["remaining"]),
                    part["orders"],
                )
                for part in answer["parts"]
            ),
            fields=answer,
        )


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """The budgets of the live policy, summed under its windows and scopes."""

    account_currency: str
    at: str
    budgets: Mapping[str, Budget]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "BudgetReport":
        """Reads `budget --format json`."""
        budgets = [Budget.of(budget) for budget in answer["budgets"]]
        return cls(answer["account_currency"], answer["at"], {budget.name: budget for budget in budgets})
