"""The market that the engine plays back: instruments, and quotes made of the recorded prices.

Owns the way from `tests/data` to ticks. Prices are the recorded ones, none is made up: the bid is the
recorded price, the ask one tick above it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from nautilus_trader.backtest.models import FillModel
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.currencies import BTC, ETH, LTC, USDT, XMR
from nautilus_trader.model.data import BookOrder, QuoteTick
from nautilus_trader.model.enums import BookType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair, Instrument
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.model.orders import Order

DATA = Path(__file__).parents[2] / "data"
VENUE = Venue("SIM")
FEE = Decimal("0.0005")
SIZE_PRECISION = 8
"""As many places as the router gives a quantity where a policy knows no step."""
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Market:
    """A recorded stream, and the account that trades on it."""

    stream: str
    pairs: dict[str, tuple[Currency, Currency]]
    """By the symbol of the stream and of the policy."""
    price_precision: int
    balance: Money
    quote_rate: Decimal | None = None

    def instruments(self) -> dict[str, Instrument]:
        """The engine's instruments, by symbol."""
        return {symbol: self._instrument(symbol, *pair) for symbol, pair in self.pairs.items()}

    def ticks(self) -> Iterator[QuoteTick]:
        """A quote for each recorded price, in order of time."""
        instruments = self.instruments()
        size = Quantity.from_str(f"{1_000_000:.{SIZE_PRECISION}f}")
        for line in (DATA / self.stream).read_text().splitlines():
            request = json.loads(line)
            instrument = instruments[request["symbol"]]
            bid = Decimal(request["price"])
            ask = bid + instrument.price_increment.as_decimal()
            time = int(datetime.fromisoformat(request["timestamp"]).timestamp()) * NANOSECONDS
            yield QuoteTick(
                instrument.id,
                Price.from_str(f"{bid:.{self.price_precision}f}"),
                Price.from_str(f"{ask:.{self.price_precision}f}"),
                size,
                size,
                time,
                time,
            )

    def _instrument(self, symbol: str, base: Currency, quote: Currency) -> Instrument:
        name = Symbol(symbol.replace("/", ""))
        return CurrencyPair(
            instrument_id=InstrumentId(name, VENUE),
            raw_symbol=name,
            base_currency=base,
            quote_currency=quote,
            price_precision=self.price_precision,
            size_precision=SIZE_PRECISION,
            price_increment=Price.from_str(f"{Decimal(1).scaleb(-self.price_precision):f}"),
            size_increment=Quantity.from_str(f"{Decimal(1).scaleb(-SIZE_PRECISION):f}"),
            maker_fee=FEE,
            taker_fee=FEE,
            ts_event=0,
            ts_init=0,
        )


BITCOIN = Market("btc_usdt_2022-01.jsonl", {"BTC/USDT": (BTC, USDT)}, 2, Money(10_000, USDT))
# The recorded stream counts a bitcoin as 14,000 dollars throughout.
ALTCOINS = Market(
    "altcoins_2018-01.jsonl",
    {"ETH/BTC": (ETH, BTC), "LTC/BTC": (LTC, BTC), "XMR/BTC": (XMR, BTC)},
    8,
    Money(1, BTC),
    Decimal(14_000),
)


class ThinBook(FillModel):
    """A book of three levels and nothing behind them: larger orders are filled in part."""

    def __init__(self, depth: Decimal, spacing: Decimal) -> None:
        super().__init__()
        self.depth = depth
        """Base quantity on each level."""
        self.spacing = spacing
        """Between two levels, quote currency."""

    def get_orderbook_for_fill_simulation(
        self,
        instrument: Instrument,
        order: Order,  # noqa: ARG002
        best_bid: Price,
        best_ask: Price,
    ) -> OrderBook:
        """The book that the order meets."""
        book = OrderBook(instrument.id, BookType.L2_MBP)
        size = Quantity.from_str(f"{self.depth:.{instrument.size_precision}f}")
        for level in range(3):
            away = level * self.spacing
            for number, (side, price) in enumerate(
                [
                    (OrderSide.BUY, best_bid.as_decimal() - away),
                    (OrderSide.SELL, best_ask.as_decimal() + away),
                ]
            ):
                at = Price.from_str(f"{price:.{instrument.price_precision}f}")
                book.add(BookOrder(side, at, size, 2 * level + number + 1), 0, 0)
        return book
