"""What the exploration budget holds, looked at; and a charge to it, as a value.

Owns the arithmetic of a peek, which is the program's own: needs round up and limits down at 12 places.
"""

import uuid
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_UP, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ..report import Budget, Released, Settled
from ..request import Amount, amount_text
from ..terms import Side

if TYPE_CHECKING:
    from ..router import Router

BUDGET = "exploration"
PLACES = Decimal("1e-12")
# Room for any product of two amounts of 28 digits, so that nothing is rounded but where it is said.
_EXACT = Context(prec=80)


@dataclass(frozen=True)
class Commitment:
    """A charge that was granted: `need` is held until it is settled or released, or its window passes."""

    reservation: str
    notional: Decimal
    need: Decimal
    side: Side
    router: "Router"

    def settle(self, notional: Amount, *, final: bool = True, event_id: str | None = None) -> Settled:
        """Says what was filled, in quote currency; what is held beyond it is given back when it is final."""
        return self.router.settle(
            self.reservation, event_id or uuid.uuid4().hex, notional, self.side, final=final
        )

    def release(self, *, event_id: str | None = None) -> Released:
        """Says that nothing was filled."""
        return self.router.release(self.reservation, event_id or uuid.uuid4().hex)


@dataclass(frozen=True)
class Peek:
    """A look at the budget; `limit` is `None` where only orders are limited."""

    need: Decimal
    taken: Decimal
    limit: Decimal | None
    orders_left: bool

    @property
    def left(self) -> Decimal:
        """What is left, never below 0."""
        return Decimal(0) if self.limit is None else max(self.limit - self.taken, Decimal(0))

    @property
    def holds(self) -> bool:
        """Whether the need would be granted now."""
        return self.orders_left and (self.limit is None or self.need <= self.left)


def peek(budget: Budget, notional: Decimal, quote_rate: Decimal, equity: Decimal) -> Peek:
    """How the budget stands towards an order."""
    taken = sum((part.used + part.reserved for part in budget.parts), Decimal(0))
    orders = sum(part.orders for part in budget.parts)
    limits = [] if budget.amount is None else [budget.amount]
    if budget.percent is not None:
        share = _EXACT.divide(_EXACT.multiply(equity, budget.percent), Decimal(100))
        limits.append(share.quantize(PLACES, ROUND_DOWN, _EXACT))
    return Peek(
        need=_EXACT.multiply(notional, quote_rate).quantize(PLACES, ROUND_UP, _EXACT),
        taken=taken,
        limit=min(limits) if limits else None,
        orders_left=budget.orders_limit is None or orders < budget.orders_limit,
    )


def exact(name: str, value: Amount) -> Decimal:
    """An amount as it is written; `ValueError` with its name where it is none."""
    try:
        amount = Decimal(amount_text(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"`{name}` is `{value}`; it must be a decimal of 0 or more")
    return amount
