"""Decides each case with a `wasmtime run` of its own: python3 runner.py [--time] POLICY.wasm < cases > decisions

The program passes and prints strings as WAVE writes them, which escapes other characters than JSON does.
"""

import json
import os
import re
import subprocess
import sys
import time

WASMTIME = os.environ.get("WASMTIME", "wasmtime")
LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def written(text: str) -> str:
    """A text as WAVE writes it."""
    return '"' + re.sub(r'["\\\x00-\x1f\x7f]', lambda found: f"\\u{{{ord(found[0]):x}}}", text) + '"'


def read(wave: str) -> str:
    """What a text in WAVE says."""
    def meant(found: re.Match[str]) -> str:
        code, letter = found.groups()
        return chr(int(code, 16)) if code else LETTERS.get(letter, letter)
    return re.sub(r"\\(?:u\{([0-9a-f]+)\}|(.))", meant, wave.strip()[1:-1])


def decided(policy: str, request: str, state: str) -> str:
    """The answer, or what stands for it after a trap."""
    call = f"decide-json({written(request)}, {written(state)})"
    run = subprocess.run([WASMTIME, "run", "--invoke", call, policy], capture_output=True, encoding="utf-8")
    if run.returncode == 0:
        return read(run.stdout)
    return json.dumps({"side": "SKIP", "error": {"code": "policy_fault", "message": run.stderr}}, separators=(",", ":"))


sys.stdin.reconfigure(encoding="utf-8", newline="\n")
sys.stdout.reconfigure(encoding="utf-8", newline="\n")
policy = [argument for argument in sys.argv[1:] if argument != "--time"][0]
cases, total = 0, 0
for line in sys.stdin:
    case = json.loads(line)
    began = time.perf_counter_ns()
    answer = decided(policy, case["request"], case["state"])
    total += time.perf_counter_ns() - began
    cases += 1
    print(answer)
if "--time" in sys.argv:
    version = subprocess.run([WASMTIME, "--version"], capture_output=True, encoding="utf-8").stdout.strip()
    times = {"cases": cases, "nanoseconds_total": total, "load_nanoseconds": 0, "runtime": version}
    print(json.dumps(times), file=sys.stderr)
