"""The original: a plain `route_action` and `can_explore`, with the answers that its description
gives. It knows no trading state, tiers, working orders, minimums or decimals.

    peers cells | python3 route_action.py prove    every cell that it covers, beside the component
    python3 route_action.py time                   nanoseconds a call, as JSON
"""

import json
import sys
import timeit

CONFIG = {
    "risk": {"short_enabled": False},
    "symbols": {"BTC/USDT": {"allow_short": False}, "ETH/USDT": {"allow_short": False}},
}


class ExecutionRouter:
    def __init__(self, config):
        self.short_enabled = config["risk"]["short_enabled"]
        self.symbols = config["symbols"]

    def shorting_allowed(self, symbol):
        return self.short_enabled and self.symbols.get(symbol, {}).get("allow_short", False)

    def route_action(self, final_action, symbol, has_position, position_side, is_pilot, is_exploration):
        intent = "pilot" if is_pilot else "explore" if is_exploration else "normal"
        if final_action == "BUY":
            if has_position and position_side == "short":
                return "BUY", "exit", "close_short"
            return "BUY", intent, "open_long"
        if final_action == "SELL":
            if has_position and position_side == "long":
                return "SELL", "exit", "close_long"
            if not self.shorting_allowed(symbol):
                return "SKIP", intent, "shorting_disabled"
            return "SELL", intent, "open_short"
        return "SKIP", intent, "hold_signal"


def can_explore(need, limit, used):
    return need <= limit - used


def routed(router, action, symbol, side, trade_type, need, limit, used):
    answer = router.route_action(
        action, symbol, side != "flat", side, trade_type == "pilot", trade_type == "exploration"
    )
    if answer[2].startswith("open_") and trade_type != "normal" and not can_explore(need, limit, used):
        return "SKIP", answer[1], "exploration_limit"
    return answer


def prove():
    router = ExecutionRouter(CONFIG)
    equal, different = 0, []
    for line in sys.stdin:
        cell = json.loads(line)
        wanted = tuple(cell.pop("answer"))
        found = routed(router, **cell)
        if found == wanted:
            equal += 1
        else:
            different.append((cell, wanted, found))
    print(f"route_action: {equal} cells equal, {len(different)} different")
    for one in different[:5]:
        print(" ", *one)
    return 1 if different else 0


def time():
    router = ExecutionRouter(CONFIG)
    count = 20_000
    runs = timeit.repeat(
        lambda: routed(router, "BUY", "BTC/USDT", "flat", "normal", 230.6, 3e6, 0.0), number=count, repeat=15
    )
    print(json.dumps(sorted(run / count * 1e9 for run in runs)))
    return 0


if __name__ == "__main__":
    sys.exit({"prove": prove, "time": time}[sys.argv[1]]())
