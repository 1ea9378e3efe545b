"""Runs a back-test, and prints what became of it: `python run.py [--picture run.svg] [NAME]`."""

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median

from backtest import BACKTESTS, Run, run
from picture import draw


def summary(result: Run) -> str:
    """What became of it, for people."""
    filled = {fill.order_id for fill in result.fills}
    intents = Counter(result.decisions[order]["decision"]["order_intent"] for order in filled)
    fills = Counter(result.decisions[fill.order_id]["decision"]["order_intent"] for fill in result.fills)
    each, mean = median(result.asked) * 1e6, sum(result.asked) / len(result.asked) * 1e6
    lines = [
        f"{len(result.decisions)} decisions, {len(result.orders)} orders, {len(result.fills)} fills",
        *(
            f"  {intent}: {count} orders filled, {fills[intent]} fills"
            for intent, count in sorted(intents.items())
        ),
        f"a decision takes {each:.0f} µs in the median, {mean:.0f} in the mean, {1e6 / mean:,.0f} a second; "
        f"the back-test took {result.seconds:.2f} s",
    ]
    reasons = Counter((e["decision"]["side"], e["decision"]["reason"]) for e in result.decisions.values())
    lines += [f"{count:>6} {side} {reason}" for (side, reason), count in reasons.most_common()]
    lines += [result.verify.stdout.rstrip(), result.replay.stdout.rstrip()]
    return "\n".join(lines)


def main() -> None:
    """Runs one, and prints what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=BACKTESTS, default="default")
    parser.add_argument("--picture", type=Path, help="draw it into this SVG")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(BACKTESTS[arguments.name], Path(folder))
    print(summary(result))
    if arguments.picture is not None:
        draw(result, arguments.picture)


if __name__ == "__main__":
    main()
