import json
import sys

from wasmtime import Engine, Store, WasmtimeError
from wasmtime.component import Component, Linker

engine = Engine()
component = Component.from_file(engine, sys.argv[1])


def instance():
    store = Store(engine)
    made = Linker(engine).instantiate(store, component)
    interface = made.get_export_index(store, "execution-router:policy/routing-json@0.1.0")
    return store, made.get_func(store, made.get_export_index(store, "decide-json", interface))


store, decide_json = instance()
for line in sys.stdin.buffer:
    case = json.loads(line)
    try:
        answer = decide_json(store, case["request"], case["state"])
    except WasmtimeError as fault:
        answer = json.dumps({"side": "SKIP", "error": {"code": "policy_fault", "message": str(fault)}}, separators=(",", ":"))
        store, decide_json = instance()
    sys.stdout.buffer.write(answer.encode() + b"\n")
