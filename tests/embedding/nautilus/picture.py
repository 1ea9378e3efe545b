"""A run as a picture: the price with the fills, and below it what of the budget was used.

The same run gives the same bytes. Everything drawn is the engine's or the journal's; nothing is smoothed.
"""

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import matplotlib as mpl
from matplotlib import dates
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from backtest import Entry, Fill, Run
from checks import BUDGET_SHARE, BUDGETED, day, decision_of, normal_when_exhausted
from market import NANOSECONDS

# Okabe and Ito's colours, which are told apart by everyone; the shapes say the same once more.
QUIET = "#a0a0a0"
INTENTS = {
    "normal": ("opened, normal", "^", "#0072b2"),
    "pilot": ("opened, pilot", "D", "#009e73"),
    "explore": ("opened, exploration", "o", "#e69f00"),
    "exit": ("closed", "v", "#d55e00"),
}
SETTINGS = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    # Names within the file come from this instead of a random number.
    "svg.hashsalt": "execution-router",
    "svg.fonttype": "path",
}


def draw(run: Run, path: Path) -> None:
    """Draws a run of one symbol."""
    with mpl.rc_context(SETTINGS):
        figure, (above, below) = plt.subplots(
            2, 1, sharex=True, figsize=(11, 6.6), height_ratios=(2, 1), layout="constrained"
        )
        orders = len({fill.order_id for fill in run.fills})
        first, last = (_asked(run)[end][0] for end in (0, -1))
        figure.suptitle(
            f"{first:%-d} to {last:%-d %B %Y}: {len(run.decisions):,} signals, {orders} orders let through",
            x=0.01,
            ha="left",
            fontsize=13,
            fontweight="bold",
        )
        _prices(above, run)
        _budget(below, run)
        drawn = StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
        plt.close(figure)
    path.write_text(re.sub(r' (d|x|y)="[^"]*"', _rounded, drawn.getvalue()))


def _rounded(coordinates: re.Match[str]) -> str:
    """Coordinates to a tenth of a point, which is more than anyone sees, and half of the file."""
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.1f}", coordinates[0])


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at // NANOSECONDS, UTC)


def _asked(run: Run) -> list[tuple[datetime, Entry]]:
    entries = [entry["request"] for entry in run.decisions.values()]
    return [(datetime.fromisoformat(request["timestamp"]), request) for request in entries]


def _prices(axes: Axes, run: Run) -> None:
    asked = _asked(run)
    axes.plot(
        [time for time, _ in asked], [float(request["price"]) for _, request in asked], lw=0.7, color=QUIET
    )
    for intent, (label, marker, colour) in INTENTS.items():
        fills = [fill for fill in run.fills if decision_of(run, fill)["decision"]["order_intent"] == intent]
        axes.scatter(
            [_time(fill.at) for fill in fills],
            [float(fill.price) for fill in fills],
            s=26,
            marker=marker,
            color=colour,
            edgecolors="white",
            linewidths=0.5,
            zorder=3,
            label=f"{label} ({len(fills)} fills)",
        )
    symbol = asked[0][1]["symbol"]
    axes.set_ylabel(f"price of {symbol}, USDT")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend(loc="upper right", frameon=False, ncols=2)


def _budget(axes: Axes, run: Run) -> None:
    asked = _asked(run)
    limits = [(time, float(BUDGET_SHARE * Decimal(request["equity"]))) for time, request in asked]
    axes.plot(
        [time for time, _ in limits],
        [limit for _, limit in limits],
        color="#000000",
        lw=1,
        ls="--",
        label="limit: 3 % of equity a day",
    )
    times, used = _used(run)
    axes.fill_between(
        times,
        used,
        step="post",
        color="#e69f00",
        alpha=0.45,
        lw=0,
        label="used by pilot and exploration fills",
    )
    refused = [
        datetime.fromisoformat(entry["request"]["timestamp"])
        for entry in run.decisions.values()
        if entry["decision"]["reason"] == "exploration_limit"
    ]
    top = max(limit for _, limit in limits)
    axes.scatter(
        refused,
        [top * 1.10] * len(refused),
        marker="|",
        s=30,
        lw=0.8,
        color="#d55e00",
        label=f"exploration refused for it ({len(refused)})",
    )
    through = normal_when_exhausted(run)
    axes.scatter(
        [_time(fill.at) for fill in through],
        [top * 1.22] * len(through),
        marker="^",
        s=22,
        color="#0072b2",
        edgecolors="white",
        linewidths=0.5,
        label=f"normal fill on a day on which it was used up ({len(through)})",
    )
    axes.set_ylim(0, top * 1.75)
    axes.set_yticks([0, 100, 200, 300])
    axes.set_ylabel("exploration budget, USDT")
    axes.set_xlabel("time, UTC")
    axes.xaxis.set_major_locator(dates.DayLocator(interval=3))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%-d %b %Y"))
    axes.legend(loc="upper right", frameon=False, ncols=2)
    axes.set_xlim(asked[0][0] - timedelta(hours=4), asked[-1][0] + timedelta(hours=4))


def _used(run: Run) -> tuple[list[datetime], list[float]]:
    """What was used after each fill; with midnight it starts again at zero."""
    spent: dict[str, list[Fill]] = defaultdict(list)
    for fill in run.fills:
        if decision_of(run, fill)["decision"]["order_intent"] in BUDGETED:
            spent[day(fill)].append(fill)
    times: list[datetime] = []
    used: list[float] = []
    for date, fills in spent.items():
        total = Decimal(0)
        for fill in fills:
            total += fill.notional
            times.append(_time(fill.at))
            used.append(float(total))
        times.append(datetime.fromisoformat(date).replace(tzinfo=UTC) + timedelta(days=1))
        used.append(0.0)
    return times, used
