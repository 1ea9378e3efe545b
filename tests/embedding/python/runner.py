"""Answers the conformance suite's cases: `runner.py [--time] POLICY.wasm < cases.jsonl > decisions.jsonl`.

Each line in has a request and a state, both as text, and gets the policy's answer as one line, unchanged.
"""

import json
import platform
import sys
import time
from importlib.metadata import version

from execution_router import Policy, PolicyFault

RUNTIME = f"python {platform.python_version()}, wasmtime {version('wasmtime')}"


def main(path: str, is_timed: bool) -> None:
    """Answers every line of standard input; tells the times on standard error."""
    policy = Policy(path)
    times = {"cases": 0, "nanoseconds_total": 0, "load_nanoseconds": policy.load_nanoseconds}
    for line in sys.stdin.buffer:
        case = json.loads(line)
        begun = time.perf_counter_ns()
        try:
            answer = policy.decide_json(case["request"], case["state"])
        except PolicyFault as fault:
            error = {"code": "policy_fault", "message": str(fault)}
            answer = json.dumps({"side": "SKIP", "error": error}, separators=(",", ":"))
        times["nanoseconds_total"] += time.perf_counter_ns() - begun
        times["cases"] += 1
        sys.stdout.buffer.write(answer.encode() + b"\n")
    if is_timed:
        sys.stderr.write(json.dumps(times | {"runtime": RUNTIME}) + "\n")


if __name__ == "__main__":
    main(next(word for word in sys.argv[1:] if word != "--time"), "--time" in sys.argv)
