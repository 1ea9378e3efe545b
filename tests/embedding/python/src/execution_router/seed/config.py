"""The bot's configuration as a policy document, made by `execution-router import`.

Owns which of a configuration's keys are handed over. What they mean is the program's to say.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..program import Location, run_command
from .errors import ConfigRefused

EXPLORATION_KEYS = (
    "enabled",
    "budget_pct_per_day",
    "max_forced_per_day",
    "min_score",
    "size_mult_vs_normal",
)


def import_policy(config: Mapping[str, Any] | Location, folder: Path, program: str) -> Path:
    """Makes the policy of a configuration in a folder, and answers where it is.

    Raises `ConfigRefused` with the program's findings.
    """
    if isinstance(config, Mapping):
        source = folder / "bot.yaml"
        # JSON is YAML. Only what is imported goes over: a bot's configuration may hold anything.
        source.write_text(json.dumps(_imported(config)), encoding="utf-8")
    else:
        source = Path(os.fspath(config))
        if not source.is_file():
            raise ConfigRefused(f"there is no configuration at `{source}`")
    policy = folder / "policy.yaml"
    code, _, said = run_command(program, ["import", str(source), "-o", str(policy)])
    if code != 0:
        raise ConfigRefused(said.strip())
    return policy


def _imported(config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that a policy is made of, as they are, so that a switch that is none is told."""
    imported: dict[str, Any] = {}
    risk = config.get("risk")
    if isinstance(risk, Mapping):
        imported["risk"] = {key: risk[key] for key in ("short_enabled",) if key in risk}
        exploration = risk.get("exploration")
        if isinstance(exploration, Mapping):
            imported["risk"]["exploration"] = {
                key: exploration[key] for key in EXPLORATION_KEYS if key in exploration
            }
        elif exploration is not None:
            imported["risk"]["exploration"] = exploration
    elif risk is not None:
        imported["risk"] = risk
    symbols = config.get("symbols")
    if isinstance(symbols, Mapping):
        imported["symbols"] = {str(name): _symbol(symbol) for name, symbol in symbols.items()}
    elif symbols is not None:
        imported["symbols"] = symbols
    return imported


def _symbol(symbol: Any) -> Any:
    if not isinstance(symbol, Mapping):
        return symbol
    return {key: symbol[key] for key in ("allow_short",) if key in symbol}
