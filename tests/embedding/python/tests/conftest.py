"""What the tests share: the program, a policy component, requests.

The program is the one of EXECUTION_ROUTER, else the one that was built in this repository.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from execution_router import Policy, Request, Router

REPOSITORY = Path(__file__).resolve().parents[4]
DEFAULT_POLICY = REPOSITORY / "policies" / "default"


@pytest.fixture(scope="session", autouse=True)
def program() -> str:
    path = os.environ.setdefault("EXECUTION_ROUTER", str(REPOSITORY / "target/release/execution-router"))
    assert Path(path).is_file(), f"build it first: cargo build --release -p execution-router ({path})"
    return path


@pytest.fixture(scope="session")
def component(program: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default policy as a component."""
    path = tmp_path_factory.mktemp("policy") / "default.wasm"
    subprocess.run([program, "build", str(DEFAULT_POLICY), "-o", str(path)], check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def policy(component: Path) -> Policy:
    return Policy(component)


@pytest.fixture
def router() -> Iterator[Router]:
    """In memory, with the default policy."""
    with Router() as router:
        yield router


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'router.db'}"


def opening(**fields: Any) -> Request:
    """A BUY that opens for 500 at 100,000; `fields` are what matters."""
    base: dict[str, Any] = {
        "final_action": "BUY",
        "symbol": "BTC/USDT",
        "strategy": "momentum",
        "position": None,
        "price": "100000",
        "target_notional": "500",
        "equity": "10000",
        "timestamp": "2026-01-05T09:30:00Z",
    }
    return Request(**(base | fields))
