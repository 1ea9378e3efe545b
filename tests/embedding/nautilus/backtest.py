"""Back-tests in which the router decides every order, on markets of `tests/data`.

Owns what is run and what is kept of it. Whether that is as it should be is for `checks`.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from execution_router import BudgetReport, Decision, Event, Refused, Request, Router
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.models import FillModel, LatencyModel
from nautilus_trader.common.actor import Actor
from nautilus_trader.common.events import TimeEvent
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.orders import Order

from market import ALTCOINS, BITCOIN, VENUE, Market, ThinBook
from strategy import Momentum, MomentumConfig

POLICIES = Path(__file__).parents[3] / "policies"

Entry: TypeAlias = dict[str, Any]
"""An entry of the journal, as `journal --format json` prints it."""
Finished: TypeAlias = "subprocess.CompletedProcess[str]"


@dataclass(frozen=True)
class Backtest:
    """What is run."""

    market: Market
    shorts: tuple[str, ...] = ()
    """Symbols that may be shorted besides what the default policy says."""
    swap_to: str | None = None
    """The policy that decides from the middle on."""
    limit_slack: Decimal | None = None
    fill_model: Callable[[], FillModel] | None = None
    latency_ms: int = 0
    kills: int = 0
    """How often the router's program is killed, at even distances."""


BACKTESTS = {
    "default": Backtest(BITCOIN),
    # Orders arrive late, at a book that does not hold them whole.
    "partial": Backtest(
        BITCOIN,
        limit_slack=Decimal("0.002"),
        fill_model=lambda: ThinBook(Decimal("0.0015"), Decimal(10)),
        latency_ms=250,
    ),
    "one_short": Backtest(ALTCOINS, shorts=("ETH/BTC",)),
    "swapped": Backtest(BITCOIN, swap_to="long-short"),
    "killed": Backtest(BITCOIN, kills=3),
}


@dataclass(frozen=True)
class Fill:
    """A fill of the engine, in its own order."""

    order_id: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    at: int
    """Nanoseconds since 1970."""

    @property
    def notional(self) -> Decimal:
        """Quote currency."""
        return self.quantity * self.price


@dataclass(frozen=True)
class Run:
    """What came of it: of the engine its orders and fills, of the router its journal."""

    fills: list[Fill]
    orders: dict[str, Order]
    """By the client order id, which is the request's id."""
    open_positions: dict[str, Decimal]
    """What the engine holds at the end, by symbol, negative where it is short."""
    decisions: dict[str, Entry]
    """The journal's decisions, by the request's id."""
    settlements: list[Entry]
    changes: list[Entry]
    why: dict[str, Any]
    budget: BudgetReport
    verify: Finished
    replay: Finished
    refused: list[Refused]
    events: list[Event]
    seconds: float
    """Of the back-test, without reading the journal."""
    asked: list[float]
    """Seconds that each decision took."""


class TimedRouter(Router):
    """A router that notes how long each decision takes, as the strategy sees it."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.asked: list[float] = []

    def decide(self, request: Request, *, timeout: float | None = None) -> Decision:
        """`Router.decide`."""
        began = time.perf_counter()
        decision = super().decide(request, timeout=timeout)
        self.asked.append(time.perf_counter() - began)
        return decision


class Operator(Actor):
    """Does things to the router at times of the back-test, while positions and reservations are open."""

    def __init__(self, errands: list[tuple[int, Callable[[], object]]]) -> None:
        super().__init__()
        self.errands = errands
        """Each with its time, in nanoseconds."""

    def on_start(self) -> None:
        """Sets its alarms."""
        for number, (at, _) in enumerate(self.errands):
            self.clock.set_time_alert_ns(str(number), at, self._run)

    def _run(self, alarm: TimeEvent) -> None:
        _, errand = self.errands[int(alarm.name)]
        errand()


def run(backtest: Backtest, folder: Path) -> Run:
    """Runs a back-test on a store in `folder`."""
    store = f"sqlite:{folder / 'router.db'}"
    ticks = list(backtest.market.ticks())
    events: list[Event] = []
    with TimedRouter(
        store=store,
        policy=_policy(backtest, folder),
        allow_control=True,
        # What is killed must have written down all that it answered.
        durability="full" if backtest.kills else None,
        on_event=events.append,
    ) as router:
        engine = _engine(backtest)
        strategies = [
            Momentum(_config(backtest, symbol, instrument.id), router)
            for symbol, instrument in backtest.market.instruments().items()
        ]
        engine.add_data(ticks)
        engine.add_strategies(strategies)
        engine.add_actor(Operator(_errands(backtest, router, [tick.ts_event for tick in ticks])))
        began = time.perf_counter()
        engine.run()
        seconds = time.perf_counter() - began
        budget = router.budget()
    symbols = {instrument.id: symbol for symbol, instrument in backtest.market.instruments().items()}
    orders = engine.cache.orders()
    entries = [json.loads(line) for line in _ask(router, store, "journal", "--format", "json").splitlines()]
    result = Run(
        fills=_fills(orders, symbols),
        orders={order.client_order_id.value: order for order in orders},
        open_positions={
            symbols[position.instrument_id]: position.signed_decimal_qty()
            for position in engine.cache.positions_open()
        },
        decisions={entry["request"]["id"]: entry for entry in entries if "decision" in entry},
        settlements=[entry for entry in entries if "settle" in entry or "release" in entry],
        changes=[entry for entry in entries if "change" in entry],
        why=json.loads(_ask(router, store, "journal", "why", "--format", "json")),
        budget=budget,
        verify=_command(router, store, "journal", "verify"),
        replay=_command(router, store, "replay"),
        refused=[refused for strategy in strategies for refused in strategy.refused],
        events=events,
        seconds=seconds,
        asked=router.asked,
    )
    engine.dispose()
    return result


def _errands(backtest: Backtest, router: Router, times: list[int]) -> list[tuple[int, Callable[[], object]]]:
    """What is done to the router, and when."""

    def kill() -> None:
        assert router.pid is not None
        os.kill(router.pid, signal.SIGKILL)

    errands: list[tuple[int, Callable[[], object]]] = [
        (times[len(times) * part // (backtest.kills + 1)], kill) for part in range(1, backtest.kills + 1)
    ]
    if backtest.swap_to is not None:
        policy = POLICIES / backtest.swap_to
        errands.append((times[len(times) // 2], lambda: router.swap(policy)))
    return errands


def _policy(backtest: Backtest, folder: Path) -> Path:
    """The default policy, with shorts for the symbols of the back-test."""
    if not backtest.shorts:
        return POLICIES / "default"
    text = (POLICIES / "default" / "policy.yaml").read_text()
    listed = "symbols:\n" + "".join(f"  {symbol}: {{ allow_short: true }}\n" for symbol in backtest.shorts)
    for old, new in [("short_enabled: false", "short_enabled: true"), ("symbols:\n", listed)]:
        if text.count(old) != 1:
            raise ValueError(f"the default policy does not have `{old.strip()}` once")
        text = text.replace(old, new)
    policy = folder / "policy.yaml"
    policy.write_text(text)
    return policy


def _engine(backtest: Backtest) -> BacktestEngine:
    market = backtest.market
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(log_level="ERROR")))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        # An account that may go short, at a venue that takes no notice of `reduce_only`: nothing but the
        # router keeps a SELL from being too large.
        account_type=AccountType.MARGIN,
        use_reduce_only=False,
        base_currency=None,
        starting_balances=[market.balance],
        fill_model=backtest.fill_model() if backtest.fill_model else None,
        latency_model=LatencyModel(backtest.latency_ms * 1_000_000) if backtest.latency_ms else None,
    )
    for instrument in market.instruments().values():
        engine.add_instrument(instrument)
    return engine


def _config(backtest: Backtest, symbol: str, instrument_id: InstrumentId) -> MomentumConfig:
    return MomentumConfig(
        strategy_id=f"momentum-{symbol.replace('/', '')}",
        order_id_tag=symbol.replace("/", ""),
        instrument_id=instrument_id,
        symbol=symbol,
        quote_rate=backtest.market.quote_rate,
        limit_slack=backtest.limit_slack,
    )


def _fills(orders: list[Order], symbols: dict[InstrumentId, str]) -> list[Fill]:
    events = [event for order in orders for event in order.events if isinstance(event, OrderFilled)]
    events.sort(key=lambda event: (event.ts_event, event.ts_init))
    return [
        Fill(
            event.client_order_id.value,
            symbols[event.instrument_id],
            "BUY" if event.order_side == OrderSide.BUY else "SELL",
            event.last_qty.as_decimal(),
            event.last_px.as_decimal(),
            event.ts_event,
        )
        for event in events
    ]


def _command(router: Router, store: str, *command: str) -> Finished:
    arguments = [router.program, *command, "--store", store]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def _ask(router: Router, store: str, *command: str) -> str:
    done = _command(router, store, *command)
    done.check_returncode()
    return done.stdout
