"""A policy component in this process, through the package `wasmtime`.

Owns the sandbox: fuel for each call, memory, no imports. It holds no answer to anything: who needs that asks
`Router`.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .decision import Decision, read_decision
from .errors import NotPossible, PolicyFault, PolicyUnusable
from .program import Location
from .request import Amount, Request, amount_text, write
from .terms import TradingState

if TYPE_CHECKING:
    from wasmtime import Engine, Store
    from wasmtime.component import Component, Func, Instance

INTERFACE = "execution-router:policy/routing-json@0.1.0"
DECIDE = "decide-json"

# The bounds of the program's profile `strict` (`host/README.md`, "Sandbox"), as far as they are known here.
FUEL_OF_A_DECISION = 10_000_000
FUEL_OF_A_START = 100_000_000
MEMORY_BYTES = 16 << 20
TABLE_ELEMENTS = 10_000
TABLES = 2
CORE_INSTANCES = 8
STACK_BYTES = 256 << 10
COMPONENT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What a budget has spent, in account currency; in this process nobody counts it but the caller."""

    used: Amount = 0
    reserved: Amount = 0
    orders: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """What a policy is shown besides the request: a use for each budget of its manifest, in order."""

    trading_state: TradingState | str = TradingState.ACTIVE
    budgets: Sequence[BudgetUse] | None = (BudgetUse(),)

    def to_json(self) -> str:
        """The state as JSON."""
        fields: dict[str, object] = {"trading_state": self.trading_state}
        if self.budgets is not None:
            fields["budgets"] = [
                {
                    "used": amount_text(use.used),
                    "reserved": amount_text(use.reserved),
                    "orders": use.orders,
                }
                for use in self.budgets
            ]
        return write(fields)


class Policy:
    """Pure decisions, in process: no budget ledger, no journal, no invariants, no gate, no ids.

    What it answers is what the policy says of this request in this state, and nothing more: two pilots that
    are asked about in the same state both get the same money. For orders that go out, use `Router`.

    `source` is a component that `execution-router build` made: its file, or its bytes. It is compiled in this
    process without bounds on time and memory, so load only what you built or verified. Threads may share a
    policy; they take turns.
    """

    def __init__(
        self,
        source: Location | bytes,
        *,
        fuel: int = FUEL_OF_A_DECISION,
        memory_bytes: int = MEMORY_BYTES,
        component_bytes: int = COMPONENT_BYTES,
    ) -> None:
        begun = time.perf_counter_ns()
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        if len(content) > component_bytes:
            size = len(content)
            raise PolicyUnusable(f"the component has {size} bytes, and {component_bytes} are the bound")
        self._fuel = fuel
        self._memory_bytes = memory_bytes
        self._engine = _engine()
        self._component = _compile(self._engine, content)
        self._faults = _faults()
        self._lock = threading.Lock()
        self._store, self._decide = self._instance()
        self.load_nanoseconds = time.perf_counter_ns() - begun
        """What reading, compiling and the first instance took."""

    def decide(self, request: Request, state: State | None = None) -> Decision:
        """Decides a request; `Refused` where the policy refuses it, `PolicyFault` where it fails.

        Without a `state`, trading is ACTIVE and the one budget, if the policy has one, is untouched.
        """
        text = self.decide_json(request.to_json(), _FRESH if state is None else state.to_json())
        try:
            return read_decision(text)
        except (ValueError, KeyError, TypeError) as error:
            raise PolicyFault(f"the policy answered what is no decision: {text[:200]!r}") from error

    def decide_json(self, request: str, state: str) -> str:
        """The same with text in and out, as the component has it: refusals are text too."""
        with self._lock:
            try:
                self._store.set_fuel(self._fuel)
                answer = self._decide(self._store, request, state)
            except self._faults as fault:
                # After a trap an instance is dead. What it had in memory is nobody's loss.
                self._store, self._decide = self._instance()
                raise PolicyFault(f"the policy did not answer: {_cause(fault)}") from fault
        if not isinstance(answer, str):
            raise PolicyFault("the policy answered no text")
        return answer

    def _instance(self) -> "tuple[Store, Func]":
        from wasmtime import Store
        from wasmtime.component import Linker

        store = Store(self._engine)
        store.set_limits(
            memory_size=self._memory_bytes,
            table_elements=TABLE_ELEMENTS,
            instances=CORE_INSTANCES,
            tables=TABLES,
            memories=1,
        )
        store.set_fuel(FUEL_OF_A_START)
        try:
            instance = Linker(self._engine).instantiate(store, self._component)
        except self._faults as error:
            raise PolicyUnusable(f"the component cannot be started: {_cause(error)}") from error
        return store, _function(store, instance)


_FRESH = State().to_json()


class _Signature:
    """A function's type, looked up once: asking the engine for it is half of what a call costs."""

    def __init__(self, function: "Func", store: "Store") -> None:
        signature = function.type(store)
        self.params = signature.params
        self.result = signature.result


def _function(store: "Store", instance: "Instance") -> "Func":
    interface = instance.get_export_index(store, INTERFACE)
    index = None if interface is None else instance.get_export_index(store, DECIDE, interface)
    function = None if index is None else instance.get_func(store, index)
    if function is None:
        raise PolicyUnusable(
            f"the component does not export `{DECIDE}` of `{INTERFACE}`; policies made of a document do, "
            "others need `Router`"
        )
    signature = _Signature(function, store)
    function.type = lambda _store: signature  # type: ignore[method-assign, assignment, return-value]
    return function


def _faults() -> tuple[type[Exception], ...]:
    """What a call throws where the policy fails."""
    from wasmtime import Trap, WasmtimeError

    return (WasmtimeError, Trap)


def _engine() -> "Engine":
    try:
        from wasmtime import Config, Engine
    except ImportError:
        raise NotPossible(
            "`Policy` needs the package `wasmtime`: `pip install 'execution-router[policy]'`"
        ) from None
    config = Config()
    config.consume_fuel = True
    config.max_wasm_stack = STACK_BYTES
    config.cranelift_nan_canonicalization = True
    # Whatever could tell machines apart, or pass a bound.
    for feature in (
        "wasm_threads",
        "wasm_memory64",
        "wasm_multi_memory",
        "wasm_relaxed_simd",
        "wasm_tail_call",
        "wasm_exceptions",
    ):
        setattr(config, feature, False)
    return Engine(config)


def _compile(engine: "Engine", content: bytes) -> "Component":
    from wasmtime import WasmtimeError
    from wasmtime.component import Component

    try:
        component = Component(engine, content)
    except WasmtimeError as error:
        raise PolicyUnusable(f"this is no component that can be loaded: {_cause(error)}") from error
    imports: dict[str, Any] = dict(component.type.imports(engine))
    if imports:
        raise PolicyUnusable(f"the component imports `{next(iter(imports))}`, and a policy imports nothing")
    return component


def _cause(error: Exception) -> str:
    """The last line of the engine's message; the lines above are a backtrace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
