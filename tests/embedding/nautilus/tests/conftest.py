"""Runs each back-test once, for all tests."""

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from backtest import BACKTESTS, Run, run  # noqa: E402


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """What came of the back-test of a name."""
    built = HERE.parents[2] / "target/release/execution-router"
    program = os.environ.setdefault("EXECUTION_ROUTER", str(built))
    assert Path(program).is_file(), f"build it first: cargo build --release ({program})"
    return cache(lambda name: run(BACKTESTS[name], tmp_path_factory.mktemp(name)))
