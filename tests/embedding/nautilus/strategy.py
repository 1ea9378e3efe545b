"""A momentum strategy for NautilusTrader of which every order passes through the router.

Owns the signal, and what is told to the router of each order. It decides no side, size or budget: those are
the router's, and what the venue did with an order is the engine's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TypeVar

from execution_router import (
    Decision,
    FinalAction,
    Position,
    PositionSide,
    Refused,
    Request,
    Router,
    Side,
    TradeType,
    Unanswered,
    Working,
)
from nautilus_trader.config import StrategyConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import OrderSide, TimeInForce
from nautilus_trader.model.events import (
    OrderCanceled,
    OrderDenied,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
)
from nautilus_trader.model.identifiers import ClientOrderId, InstrumentId
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.orders import Order
from nautilus_trader.trading.strategy import Strategy

Answer = TypeVar("Answer")
NANOSECONDS = 1_000_000_000
SIGNAL_MIN = 0.30
"""A weaker score is a HOLD."""
SCORE_FULL = 2.5
"""Mean moves that the fast average leads the slow one by, for a score of 1."""
STOP_MOVES = 4
"""The stop is so many mean moves away, and the target is further the stronger the signal is."""


class MomentumConfig(StrategyConfig, frozen=True):
    """What the strategy trades, and how much of it."""

    instrument_id: InstrumentId
    symbol: str
    """The instrument's name in the policy."""
    target_share: Decimal = Decimal("0.06")
    """What an opening aims at with a score of 1, of the equity; the policy's tier makes it smaller."""
    quote_rate: Decimal | None = None
    """Account currency for one unit of the quote currency, where they differ."""
    limit_slack: Decimal | None = None
    """Limit orders, immediate or cancel, at most so far from the price; market orders where not given."""
    fast: int = 3
    slow: int = 16


@dataclass(frozen=True)
class Signal:
    """What the strategy says at a tick."""

    action: FinalAction
    trade_type: TradeType
    score: float
    risk_reward: float
    stop: Decimal
    target: Decimal


class Momentum(Strategy):
    """Buys what rises and sells what falls: two moving averages, in units of the mean move."""

    def __init__(self, config: MomentumConfig, router: Router) -> None:
        super().__init__(config)
        self.router = router
        self.refused: list[Refused] = []
        self._fast = ExponentialMovingAverage(config.fast)
        self._slow = ExponentialMovingAverage(config.slow)
        self._move = ExponentialMovingAverage(config.slow)
        self._last: float | None = None
        self._stop_price: Decimal | None = None
        # What each order holds of a budget, until the venue has said its last word.
        self._reservations: dict[ClientOrderId, str] = {}

    def on_start(self) -> None:
        """Listens to the market."""
        self.instrument = self.cache.instrument(self.config.instrument_id)
        self.subscribe_quote_ticks(self.config.instrument_id)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        """Asks the router about the signal, and sends what it approves."""
        signal = self._signal(tick)
        if signal is None:
            return
        order_id = self.order_factory.generate_client_order_id()
        price = self._price(signal, tick)
        request = self._request(order_id, tick, signal, price)
        try:
            decision, asked_again = _answered(lambda: self.router.decide(request))
        except Refused as refused:
            self.refused.append(refused)
            self.log.error(str(refused))
            return
        # A repeat that was not asked for went out when it was first decided.
        if not decision.is_order or (decision.repeated and not asked_again):
            return
        if decision.reservation is not None:
            self._reservations[order_id] = decision.reservation
        if not decision.reduce_only:
            self._stop_price = signal.stop
        self.submit_order(self._order(order_id, decision, price))

    def on_order_filled(self, event: OrderFilled) -> None:
        """Settles what was really filled, which may be less than was held, and at another price."""
        reservation = self._reservations.get(event.client_order_id)
        if reservation is None:
            return
        paid = event.last_qty.as_decimal() * event.last_px.as_decimal()
        side = Side.BUY if event.order_side == OrderSide.BUY else Side.SELL
        is_last = self.cache.order(event.client_order_id).is_closed
        _answered(lambda: self.router.settle(reservation, event.trade_id.value, paid, side, final=is_last))

    def on_order_canceled(self, event: OrderCanceled) -> None:
        """Gives back what no fill used."""
        self._release(event, "canceled")

    def on_order_expired(self, event: OrderExpired) -> None:
        """Gives back what no fill used."""
        self._release(event, "expired")

    def on_order_rejected(self, event: OrderRejected) -> None:
        """Gives back what was held: the venue did not take the order."""
        self._release(event, "rejected")

    def on_order_denied(self, event: OrderDenied) -> None:
        """Gives back what was held: the engine's own risk checks did not let the order out."""
        self._release(event, "denied")

    def _release(self, event: OrderEvent, event_id: str) -> None:
        reservation = self._reservations.get(event.client_order_id)
        if reservation is not None:
            _answered(lambda: self.router.release(reservation, event_id))

    def _signal(self, tick: QuoteTick) -> Signal | None:
        price = float(tick.bid_price)
        if self._last is not None:
            self._move.update_raw(abs(price - self._last))
        self._last = price
        self._fast.update_raw(price)
        self._slow.update_raw(price)
        if not (self._slow.initialized and self._move.initialized and self._move.value > 0):
            return None
        lead = (self._fast.value - self._slow.value) / self._move.value
        score = max(-1.0, min(1.0, lead / SCORE_FULL))
        risk_reward = 1 + abs(score)
        action = FinalAction.HOLD
        if abs(score) >= SIGNAL_MIN:
            action = FinalAction.BUY if score > 0 else FinalAction.SELL
        trade_type = TradeType.AUTO
        if self._is_stopped(tick):
            action, trade_type = FinalAction.CLOSE, TradeType.EXIT
        away = STOP_MOVES * self._move.value * (-1 if score < 0 else 1)
        stop, target = price - away, price + away * risk_reward
        return Signal(action, trade_type, score, risk_reward, self._decimal(stop), self._decimal(target))

    def _is_stopped(self, tick: QuoteTick) -> bool:
        net = self._net()
        if net == 0 or self._stop_price is None:
            return False
        bid, ask = tick.bid_price.as_decimal(), tick.ask_price.as_decimal()
        return bid <= self._stop_price if net > 0 else ask >= self._stop_price

    def _decimal(self, price: float) -> Decimal:
        """A price that was computed, on the instrument's ticks."""
        tick: Decimal = self.instrument.price_increment.as_decimal()
        return max(Decimal(repr(price)).quantize(tick), tick)

    def _net(self) -> Decimal:
        net: Decimal = self.portfolio.net_position(self.config.instrument_id)
        return net

    def _price(self, signal: Signal, tick: QuoteTick) -> Decimal:
        """What an order is filled at at worst; the router sizes openings by it."""
        buys = signal.action is FinalAction.BUY or (signal.action is FinalAction.CLOSE and self._net() < 0)
        price: Decimal = (tick.ask_price if buys else tick.bid_price).as_decimal()
        slack = self.config.limit_slack or Decimal(0)
        worst = price * (1 + slack if buys else 1 - slack)
        return worst.quantize(self.instrument.price_increment.as_decimal(), ROUND_DOWN if buys else ROUND_UP)

    def _request(self, order_id: ClientOrderId, tick: QuoteTick, signal: Signal, price: Decimal) -> Request:
        equity = self._equity()
        share = self.config.target_share * Decimal(repr(abs(signal.score)))
        target = equity * share / (self.config.quote_rate or 1)
        return Request(
            id=order_id.value,
            timestamp=datetime.fromtimestamp(tick.ts_event // NANOSECONDS, UTC),
            final_action=signal.action,
            symbol=self.config.symbol,
            strategy="momentum",
            trade_type=signal.trade_type,
            position=self._position(),
            working=self._working(),
            price=price,
            target_notional=target.quantize(Decimal("1E-8"), ROUND_DOWN) or None,
            equity=equity,
            quote_rate=self.config.quote_rate,
            signal_score=signal.score,
            risk_reward_ratio=signal.risk_reward,
            stop_loss=signal.stop,
            take_profit=signal.target,
        )

    def _equity(self) -> Decimal:
        account = self.portfolio.account(self.config.instrument_id.venue)
        balance: Decimal = account.balance_total(self.instrument.quote_currency).as_decimal()
        return balance * (self.config.quote_rate or 1)

    def _position(self) -> Position | None:
        net = self._net()
        if net == 0:
            return None
        return Position(PositionSide.LONG if net > 0 else PositionSide.SHORT, abs(net))

    def _working(self) -> Working:
        opening = closing = Decimal(0)
        for order in self._resting():
            if order.is_reduce_only:
                closing += order.leaves_qty.as_decimal()
            else:
                opening += order.leaves_qty.as_decimal()
        return Working(opening, closing)

    def _resting(self) -> Iterator[Order]:
        instrument_id = self.config.instrument_id
        yield from self.cache.orders_open(instrument_id=instrument_id, strategy_id=self.id)
        yield from self.cache.orders_inflight(instrument_id=instrument_id, strategy_id=self.id)

    def _order(self, order_id: ClientOrderId, decision: Decision, price: Decimal) -> Order:
        side = OrderSide.BUY if decision.side is Side.BUY else OrderSide.SELL
        # From text: `make_qty` would take the decimal through a float. The engine denies an order whose
        # quantity has not just as many places as the instrument.
        quantity = Quantity.from_str(f"{decision.quantity:.{self.instrument.size_precision}f}")
        if self.config.limit_slack is None:
            return self.order_factory.market(
                self.config.instrument_id,
                side,
                quantity,
                reduce_only=decision.reduce_only,
                client_order_id=order_id,
            )
        return self.order_factory.limit(
            self.config.instrument_id,
            side,
            quantity,
            Price.from_str(f"{price:f}"),
            time_in_force=TimeInForce.IOC,
            reduce_only=decision.reduce_only,
            client_order_id=order_id,
        )


def _answered(call: Callable[[], Answer]) -> tuple[Answer, bool]:
    """The answer, and whether it had to be asked for again, because none came the first time.

    What is asked has an id of its own, so that nothing is decided, settled or released twice.
    """
    try:
        return call(), False
    except Unanswered:
        return call(), True
