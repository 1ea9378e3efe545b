"""`ExecutionRouter` as the seed has it, on a `Router` of its own.

Owns what the seed's calls leave out: quantities and prices that they do not give, and the link from a routed
signal to its charge. It routes nothing and counts no budget itself.
"""

import contextvars
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import TracebackType
from typing import Any

from ..decision import Decision
from ..errors import Refused, Unanswered
from ..folder import PrivateFolder
from ..program import Location, find_program
from ..request import Amount, Position, Request
from ..router import Router
from ..terms import Clock, PositionSide, Side, TradeType
from . import lines
from .budget import BUDGET, Commitment, exact, peek
from .config import import_policy
from .errors import CommitRefused, ExplorationLimit, NothingRouted
from .order import OrderIntent, OrderSideAction, metadata

ATTEMPTS = 3
"""How often a line is sent until it is answered; all with one id, so that it is decided once."""

PLACEHOLDER = 1
"""Stands for what the seed's calls do not say; the journal's tag `placeholders` names where."""

# A route of these fields' absence is one that would open: all that skips or closes asks for none of them.
_FIGURES = frozenset({"price", "target_notional", "equity", "quote_rate"})


@dataclass(frozen=True)
class _Route:
    """A pilot or exploration opening that waits for its charge."""

    id: str
    final_action: str
    symbol: str
    strategy: str
    trade_type: TradeType
    intent: OrderIntent


class ExecutionRouter:
    """The seed's router: routing by policy, and one exploration budget that cannot be overspent.

    - `config`: the bot's configuration, a dictionary or the path of its YAML (`risk.short_enabled`,
      `risk.exploration`, `symbols.<SYMBOL>.allow_short`).
    - `equity`: called for each look at the budget and each charge; in account currency, USDT.
    - `strategy`: called for each route; the strategy's name.
    - `quote_rate`: called with a symbol; USDT for one unit of its quote currency. Needed for symbols that
      are not quoted in USDT.
    - `store`: `sqlite:router.db`, so that budget and journal survive a restart; else they end with `close`.

    Threads share it. What a route waits for is kept for each thread, and each task of asyncio: `commit` in
    the one that called `route_action`.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | Location,
        equity: Callable[[], Amount],
        strategy: Callable[[], str],
        *,
        quote_rate: Callable[[str], Amount] | None = None,
        store: str | None = None,
        program: Location | None = None,
        **options: Any,
    ) -> None:
        self._equity = equity
        self._strategy = strategy
        self._quote_rate = quote_rate
        self._folder = PrivateFolder()
        self._waiting: contextvars.ContextVar[_Route | None] = contextvars.ContextVar("route", default=None)
        self._counting = threading.Lock()
        self._routes: Counter[tuple[str, OrderSideAction, OrderIntent, str]] = Counter()
        self._commits: Counter[bool] = Counter()
        folder = self._folder.path
        try:
            policy = import_policy(config, folder, find_program(program))
            self.router = Router(
                store=store or f"sqlite:{folder / 'router.db'}",
                policy=policy,
                clock=Clock.SYSTEM,
                program=program,
                **options,
            )
        except BaseException:
            self._folder.remove()
            raise

    def __enter__(self) -> "ExecutionRouter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the router's program; without a `store`, its budget and journal too."""
        self.router.close()
        self._folder.remove()

    def route_action(
        self,
        final_action: str,
        symbol: str,
        has_position: bool,
        position_side: str | PositionSide | None,
        is_pilot: bool = False,
        is_exploration: bool = False,
        *,
        position_quantity: Amount | None = None,
        price: Amount | None = None,
        target_notional: Amount | None = None,
    ) -> tuple[OrderSideAction, OrderIntent, str]:
        """Routes a signal: side, intent, reason.

        Nothing is charged. For a pilot or exploration trade that would open, the answer says what it would
        be; the order goes out once `commit` has granted it.

        `has_position` without `position_quantity` says that there is something to close, and not how much:
        the answer EXIT then has no quantity, the order's quantity is the caller's affair, and so is to send
        it reduce-only. `has_position=True` needs a `position_side`: an unknown position must not read as
        flat.
        """
        action = str(getattr(final_action, "value", final_action))
        position = _position(has_position, position_side, position_quantity)
        trade_type, intent = _kind(is_pilot, is_exploration)
        route = _Route(uuid.uuid4().hex, action, symbol, self._strategy(), trade_type, intent)
        request = Request(
            id=route.id,
            final_action=action,
            symbol=symbol,
            strategy=route.strategy,
            trade_type=trade_type,
            position=position,
        )
        self._waiting.set(None)
        missing = ["position.quantity"] if position is not None and position_quantity is None else []
        decision: Decision | None
        if intent is OrderIntent.NORMAL:
            decision = self._decided(_with_figures(request, price, target_notional, missing))
        else:
            decision = self._unless_it_opens(_tagged(request, missing))
        if decision is None:
            self._waiting.set(route)
            return self._answer(route, _opening_side(action), intent, _opening_reason(action))
        side = OrderSideAction(decision.side.value)
        return self._answer(route, side, OrderIntent.of(decision.order_intent), decision.reason)

    def create_order_metadata(
        self, intent: OrderIntent, strategy: str, signal_data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        """The metadata of an order: `strategy`, `order_intent`, the three flags, and what was given of
        `signal_score`, `confidence`, `stop_loss`, `take_profit`, `risk_reward_ratio`.
        """
        return metadata(intent, strategy, signal_data, kwargs)

    def can_explore(self, notional: Amount) -> bool:
        """Whether the exploration budget would hold an order of this size, sized already, now.

        It only looks: the next moment another thread may charge the same money. `commit` decides.
        """
        route = self._waiting.get()
        budget = self.router.budget(at="0s").budgets[BUDGET]
        asked = exact("notional", notional)
        rate = Decimal(1)
        if route is not None and self._quote_rate is not None:
            rate = exact("quote_rate", self._quote_rate(route.symbol))
        seen = peek(budget, asked, rate, exact("equity", self._equity()))
        if route is not None:
            lines.sized(route.intent, asked)
        if seen.holds:
            lines.passed(seen.need, seen.left)
        else:
            lines.exhausted(seen.taken, seen.limit)
            if route is not None:
                lines.skipped(route.final_action, route.symbol, route.intent, "exploration_limit")
        return seen.holds

    def commit(self, notional: Amount, *, price: Amount | None = None) -> Commitment:
        """Charges the exploration budget for the opening that this thread routed last, and approves it.

        Looking, deciding and holding are one step: of two threads that want the last of the budget, one gets
        it. Raises `ExplorationLimit` where it is not held, `CommitRefused` where the policy skips the order
        for another reason; then no order may go out. Where no answer came (`Unanswered`), call it again: the
        charge is made once.
        """
        route = self._waiting.get()
        if route is None:
            raise NothingRouted(
                "`commit` follows a `route_action` of a pilot or exploration trade that opens"
            )
        request = Request(
            id=route.id,
            final_action=route.final_action,
            symbol=route.symbol,
            strategy=route.strategy,
            trade_type=route.trade_type,
            position=None,
            target_notional=notional,
            sized=True,
            equity=self._equity(),
            quote_rate=None if self._quote_rate is None else self._quote_rate(route.symbol),
            price=PLACEHOLDER if price is None else price,
        )
        decision = self._decided(_tagged(request, ["price"] if price is None else []))
        with self._counting:
            self._commits[decision.is_order] += 1
        if decision.reservation is None or decision.budget is None:
            # A SKIP is recorded under its id, so another try needs another one.
            self._waiting.set(replace(route, id=uuid.uuid4().hex))
            raise self._not_granted(route, decision)
        self._waiting.set(None)
        return Commitment(
            decision.reservation,
            decision.notional or Decimal(0),
            decision.budget.need,
            decision.side,
            self.router,
        )

    def get_routing_summary(self) -> dict[str, Any]:
        """What was routed by this object: counts by side, intent, reason and whole route."""
        with self._counting:
            routes, commits = Counter(self._routes), Counter(self._commits)
        by: dict[str, Counter[str]] = {"by_side": Counter(), "by_intent": Counter(), "by_reason": Counter()}
        whole: Counter[str] = Counter()
        for (action, side, intent, reason), count in sorted(routes.items(), key=str):
            by["by_side"][side.value] += count
            by["by_intent"][intent.value] += count
            by["by_reason"][reason] += count
            whole[f"{action} → {side.value} (intent={intent.value}, reason={reason})"] += count
        return {
            "total": routes.total(),
            **{key: dict(counts) for key, counts in by.items()},
            "routes": dict(whole),
            "committed": commits[True],
            "commits_refused": commits[False],
        }

    def _answer(
        self, route: _Route, side: OrderSideAction, intent: OrderIntent, reason: str
    ) -> tuple[OrderSideAction, OrderIntent, str]:
        with self._counting:
            self._routes[(route.final_action, side, intent, reason)] += 1
        lines.routed(route.final_action, route.symbol, side, intent, reason)
        return side, intent, reason

    def _unless_it_opens(self, request: Request) -> Decision | None:
        """The decision of a request that gives no figures; `None` where it would open, and so needs them.

        A refused line is neither charged nor recorded, so the same id can be committed afterwards.
        """
        try:
            return self._decided(request)
        except Refused as refused:
            if refused.code == "field_missing" and refused.field in _FIGURES:
                return None
            raise

    def _decided(self, request: Request) -> Decision:
        for _ in range(ATTEMPTS - 1):
            try:
                return self.router.decide(request)
            except Unanswered:
                continue
        return self.router.decide(request)

    def _not_granted(self, route: _Route, decision: Decision) -> CommitRefused:
        budget = decision.budget
        if decision.reason == "exploration_limit" and budget is not None:
            lines.exhausted(budget.used + budget.reserved, budget.limit)
            lines.skipped(route.final_action, route.symbol, route.intent, decision.reason)
            return ExplorationLimit(decision)
        lines.skipped(route.final_action, route.symbol, route.intent, decision.reason)
        return CommitRefused(decision, f"{decision.symbol} is not approved: {decision.reason}")


def _position(
    has_position: bool, side: str | PositionSide | None, quantity: Amount | None
) -> Position | None:
    if not has_position:
        return None
    word = str(getattr(side, "value", side)).lower()
    if word not in (PositionSide.LONG.value, PositionSide.SHORT.value):
        raise ValueError(f"`position_side` is `{side}`; with `has_position` it must be `long` or `short`")
    return Position(word, PLACEHOLDER if quantity is None else quantity)


def _kind(is_pilot: bool, is_exploration: bool) -> tuple[TradeType, OrderIntent]:
    if is_pilot and is_exploration:
        raise ValueError("`is_pilot` and `is_exploration` are both true; a trade is one of them")
    if is_pilot:
        return TradeType.PILOT, OrderIntent.PILOT
    if is_exploration:
        return TradeType.EXPLORATION, OrderIntent.EXPLORE
    return TradeType.NORMAL, OrderIntent.NORMAL


def _with_figures(
    request: Request, price: Amount | None, target_notional: Amount | None, missing: list[str]
) -> Request:
    given = {"price": price, "target_notional": target_notional}
    missing = [name for name, value in given.items() if value is None] + missing
    priced = replace(
        request,
        price=PLACEHOLDER if price is None else price,
        target_notional=PLACEHOLDER if target_notional is None else target_notional,
    )
    return _tagged(priced, missing)


def _tagged(request: Request, missing: list[str]) -> Request:
    return replace(request, tags={"placeholders": ",".join(missing)}) if missing else request


def _opening_side(action: str) -> OrderSideAction:
    return OrderSideAction.BUY if action.upper() == Side.BUY else OrderSideAction.SELL


def _opening_reason(action: str) -> str:
    return "open_long" if action.upper() == Side.BUY else "open_short"
