"""Measures what a decision costs from Python: `bench.py [POLICY.wasm]`, a Markdown table on standard output.

Times are of one call as a bot makes it, request to `Decision`; the least and the median of many.
"""

import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from execution_router import Policy, Request, Router, State, find_program
from execution_router.program import run_command

CALLS = 20_000
DURABLE_CALLS = 1_000
PIPELINED = 100_000
REPOSITORY = Path(__file__).resolve().parents[3]


def request(number: int, trade_type: str) -> Request:
    """A BUY with what a bot knows of it."""
    return Request(
        id=f"{trade_type}-{number}",
        timestamp="2026-01-05T09:30:00Z",
        final_action="BUY",
        symbol="BTC/USDT",
        strategy="trend",
        trade_type=trade_type,
        position=None,
        price="100000",
        target_notional="0.5",
        equity="10000000",
        signal_score=0.58,
        risk_reward_ratio=1.2,
        stop_loss="97500",
        tags={"bot": "alpha"},
    )


def microseconds(call: Callable[[Request], object], requests: list[Request]) -> str:
    """Least and median of one call each."""
    taken = []
    for asked in requests:
        begun = time.perf_counter_ns()
        call(asked)
        taken.append(time.perf_counter_ns() - begun)
    taken.sort()
    return f"{taken[0] / 1_000:.1f} µs | {taken[len(taken) // 2] / 1_000:.1f} µs"


def pipelined(router: Router) -> str:
    """Requests a second, each of them read as a `Decision`."""
    requests = [request(number, "normal") for number in range(PIPELINED)]
    begun = time.perf_counter()
    answers = router.decide_many(requests, timeout=600)
    seconds = time.perf_counter() - begun
    assert len(answers) == PIPELINED
    return f"{PIPELINED / seconds:,.0f} a second | |"


def main(folder: Path) -> None:
    """Prints the table."""
    component = Path(sys.argv[1]) if len(sys.argv) > 1 else folder / "default.wasm"
    if not component.exists():
        run_command(find_program(), ["build", str(REPOSITORY / "policies/default"), "-o", str(component)])
    normal = [request(number, "normal") for number in range(CALLS)]
    pilots = [request(number, "pilot") for number in range(DURABLE_CALLS)]
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.platform()}\n")
    print("| call | least | median |\n| --- | --- | --- |")
    with Router() as router:
        print(f"| `Router.decide`, round trip, in memory | {microseconds(router.decide, normal)} |")
    with Router(store=f"sqlite:{folder / 'router.db'}") as router:
        print(f"| the same on a store | {microseconds(router.decide, normal)} |")
        held = microseconds(router.decide, pilots)
        print(f"| `Router.decide` of a pilot on a store, on disk before it is answered | {held} |")
    with Router() as router:
        print(f"| `Router.decide_many` of {PIPELINED:,} | {pipelined(router)}")
    policy = Policy(component)
    print(f"| `Policy.decide` | {microseconds(policy.decide, normal)} |")
    state = State().to_json()
    texts = {asked.id: asked.to_json() for asked in normal}
    as_text = microseconds(lambda asked: policy.decide_json(texts[asked.id], state), normal)
    print(f"| `Policy.decide_json`, text to text | {as_text} |")
    print(f"| loading a `Policy` | {policy.load_nanoseconds / 1e6:.0f} ms | |")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))
