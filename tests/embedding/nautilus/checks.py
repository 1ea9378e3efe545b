"""What must hold of a run, whatever the strategy asked for: each rule as the fills that break it.

Everything is computed from the engine's own fills and from the requests that the router journaled. Of the
router's figures none is believed: they are what is checked.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from backtest import Entry, Fill, Run
from market import NANOSECONDS

BUDGET_SHARE = Decimal("0.03")
"""Of the equity, a day: what the policies of these runs give to pilot and exploration trades."""
BUDGETED = ("pilot", "explore")
NO_DECISION: Entry = {"request": {}, "decision": {"side": "SKIP", "order_intent": "none"}}


def decision_of(run: Run, fill: Fill) -> Entry:
    """The journal's entry of the order that was filled; that of a SKIP where it has none."""
    return run.decisions.get(fill.order_id, NO_DECISION)


def day(fill_or_entry: Fill | Entry) -> str:
    """The day in UTC that a fill or a request falls in."""
    if isinstance(fill_or_entry, Fill):
        return datetime.fromtimestamp(fill_or_entry.at // NANOSECONDS, UTC).date().isoformat()
    return str(fill_or_entry["request"]["timestamp"])[:10]


def fills_on_another_side(run: Run) -> list[Fill]:
    """Fills on another side than was decided or signalled, of orders that were skipped, or too large."""
    filled: dict[str, Decimal] = defaultdict(Decimal)
    wrong = []
    for fill in run.fills:
        entry = decision_of(run, fill)
        decision = entry["decision"]
        filled[fill.order_id] += fill.quantity
        is_decided = fill.side == decision["side"] and filled[fill.order_id] <= Decimal(decision["quantity"])
        opposite = {"BUY": "SELL", "SELL": "BUY"}[fill.side]
        if not is_decided or entry["request"]["final_action"] == opposite:
            wrong.append(fill)
    return wrong


def positions(run: Run) -> Iterator[tuple[Fill, Decimal, Decimal]]:
    """Each fill with the net position of its symbol before and after, negative where it is short."""
    net: dict[str, Decimal] = defaultdict(Decimal)
    for fill in run.fills:
        before = net[fill.symbol]
        net[fill.symbol] += fill.quantity if fill.side == "BUY" else -fill.quantity
        yield fill, before, net[fill.symbol]


def shorts(run: Run) -> list[Fill]:
    """Fills that open a short, or make one larger."""
    return [fill for fill, before, after in positions(run) if after < min(before, 0)]


def closes_too_large(run: Run) -> list[Fill]:
    """Fills of closes that go beyond the position, or away from flat."""
    return [
        fill
        for fill, before, after in positions(run)
        if decision_of(run, fill)["decision"].get("reduce_only")
        and not (min(before, 0) <= after <= max(before, 0))
    ]


def over_budget(run: Run) -> list[str]:
    """Exploration orders with which the fills of a day, up to them, are more than the budget was then."""
    spent: dict[str, Decimal] = defaultdict(Decimal)
    over = []
    for order_id, entry in exploration_orders(run):
        request = entry["request"]
        rate = Decimal(request.get("quote_rate", "1"))
        fills = (fill.notional for fill in run.fills if fill.order_id == order_id)
        spent[day(entry)] += sum(fills, Decimal(0)) * rate
        if spent[day(entry)] > BUDGET_SHARE * Decimal(request["equity"]):
            over.append(order_id)
    return over


def exploration_orders(run: Run) -> Iterator[tuple[str, Entry]]:
    """Openings of type pilot and explore, in the order of their decisions."""
    for order_id, entry in run.decisions.items():
        decision = entry["decision"]
        if decision["position_effect"] == "open" and decision["order_intent"] in BUDGETED:
            yield order_id, entry


def normal_when_exhausted(run: Run) -> list[Fill]:
    """Fills of normal openings on a day on which the budget had refused an exploration before."""
    exhausted: set[str] = set()
    normal: set[str] = set()
    for order_id, entry in run.decisions.items():
        decision = entry["decision"]
        if decision["reason"] == "exploration_limit":
            exhausted.add(day(entry))
        elif decision["order_intent"] == "normal" and day(entry) in exhausted:
            normal.add(order_id)
    return [fill for fill in run.fills if fill.order_id in normal]


def wrongly_settled(run: Run) -> list[str]:
    """Exploration orders of which the router was told something else than what the engine filled."""
    told: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for entry in run.settlements:
        if "settle" in entry:
            settle = entry["settle"]
            told[settle["reservation"]].append((settle["side"], Decimal(settle["notional"])))
    return [
        order_id
        for order_id, entry in exploration_orders(run)
        if told[entry["decision"]["reservation"]]
        != [(fill.side, fill.notional) for fill in run.fills if fill.order_id == order_id]
    ]
