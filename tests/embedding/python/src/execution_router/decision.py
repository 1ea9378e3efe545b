"""What is answered: a decision line as a frozen value, amounts as `Decimal`.

Owns the reading of answers. It computes nothing: every figure is the program's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

from .errors import Refused
from .terms import OrderIntent, PositionEffect, PositionSide, Side, Word

MetadataValue: TypeAlias = str | bool | float | Decimal
"""`strategy` and `order_intent` are text, the three flags `bool`, scores `float`, amounts `Decimal`."""


@dataclass(frozen=True)
class BudgetView:
    """How the budget stood before this decision, in account currency; `used` is settled, `reserved` held."""

    name: str
    need: Decimal
    used: Decimal
    reserved: Decimal
    limit: Decimal | None
    remaining: Decimal | None
    orders: int | None
    orders_limit: int | None


@dataclass(frozen=True, slots=True)
class PolicyIdentity:
    """The one policy that decided. `Policy`, in process, knows no digest and no generation."""

    name: str
    version: str
    digest: str | None
    generation: int | None


@dataclass(frozen=True, slots=True)
class DecisionWarning:
    """What was dropped or cut, so that a close could go out all the same."""

    code: str
    field: str | None
    message: str


@dataclass(frozen=True)
class Decision:
    """At most one order, under the contract's names (`host/README.md`, "Decisions")."""

    side: Side
    order_intent: OrderIntent
    reason: str
    rule: str
    position_effect: PositionEffect
    position_side: PositionSide | None
    reduce_only: bool
    quantity: Decimal | None
    notional: Decimal | None
    budget: BudgetView | None
    reservation: str | None
    metadata: Mapping[str, MetadataValue]
    policy: PolicyIdentity | None
    fuel: int | None
    repeated: bool
    warnings: tuple[DecisionWarning, ...]
    id: str | None
    symbol: str
    final_action: str
    tags: Mapping[str, str]

    @property
    def is_order(self) -> bool:
        """Whether an order goes out."""
        return self.side is not Side.SKIP


def read(line: bytes | str) -> dict[str, Any]:
    """An answered line as a dictionary, its number literals exactly as they stand."""
    answer = _DECODER.decode(line if isinstance(line, str) else line.decode())
    if not isinstance(answer, dict):
        raise ValueError(f"the answer is no object: {line!r}")
    return answer


def read_decision(line: bytes | str) -> Decision:
    """The decision of a line; `Refused` where the line says so."""
    answer = read(line)
    if "error" in answer:
        raise Refused.of_answer(answer)
    get = answer.get
    effect = answer["position_effect"]
    return _made(
        Decision,
        side=_SIDES[answer["side"]],
        order_intent=_INTENTS[answer["order_intent"]],
        reason=answer["reason"],
        rule=answer["rule"],
        position_effect=_EFFECTS[effect],
        position_side=None if effect == "none" else _POSITION_SIDES[answer["position_side"]],
        reduce_only=answer["reduce_only"],
        quantity=decimal(get("quantity")),
        notional=decimal(get("notional")),
        budget=_budget(get("budget")),
        reservation=get("reservation"),
        metadata=_metadata(answer["metadata"]),
        policy=policy_identity(get("policy")),
        fuel=get("fuel"),
        repeated=get("repeated", False),
        warnings=tuple(map(_warning, answer["warnings"])) if "warnings" in answer else (),
        id=get("id"),
        symbol=answer["symbol"],
        final_action=answer["final_action"],
        tags=get("tags") or {},
    )


def read_told(line: bytes | str, key: str) -> dict[str, Any]:
    """What a line says under `key`; `Refused` where it says why not."""
    answer = read(line)
    if "error" in answer:
        raise Refused.of_answer(answer)
    told = answer[key]
    if not isinstance(told, dict):
        raise ValueError(f"the answer's `{key}` is no object: {line!r}")
    return told


def decimal(value: str | int | Decimal | None) -> Decimal | None:
    """An amount of an answer; absent stays absent."""
    return None if value is None else Decimal(value)


def policy_identity(policy: dict[str, Any] | None) -> PolicyIdentity | None:
    """Whose word it was; the fail-safe has no policy."""
    if policy is None:
        return None
    return PolicyIdentity(policy["name"], policy["version"], policy.get("digest"), policy.get("generation"))


_DECODER = json.JSONDecoder(parse_float=Decimal)

_Any = TypeVar("_Any")
_AnyWord = TypeVar("_AnyWord", bound=Word)


def _by_word(words: type[_AnyWord]) -> dict[str, _AnyWord]:
    # A look-up in a dictionary is a fifth of a call of the enum, and there are four a decision.
    return {word.value: word for word in words}


_SIDES = _by_word(Side)
_INTENTS = _by_word(OrderIntent)
_EFFECTS = _by_word(PositionEffect)
_POSITION_SIDES = _by_word(PositionSide)
_AMOUNT_KEYS = ("stop_loss", "take_profit")
_SCORE_KEYS = ("signal_score", "confidence", "risk_reward_ratio")


def _made(kind: type[_Any], **fields: object) -> _Any:
    # A frozen dataclass sets each field by a call; filling its dictionary is 3 µs of 15 a decision less.
    made = object.__new__(kind)
    made.__dict__.update(fields)
    return made


def _budget(budget: dict[str, Any] | None) -> BudgetView | None:
    if budget is None:
        return None
    get = budget.get
    return _made(
        BudgetView,
        name=budget["name"],
        need=Decimal(budget["need"]),
        used=Decimal(budget["used"]),
        reserved=Decimal(budget["reserved"]),
        limit=decimal(get("limit")),
        remaining=decimal(get("remaining")),
        orders=get("orders"),
        orders_limit=get("orders_limit"),
    )


def _metadata(metadata: dict[str, Any]) -> dict[str, MetadataValue]:
    for key in _AMOUNT_KEYS:
        if key in metadata:
            metadata[key] = Decimal(metadata[key])
    for key in _SCORE_KEYS:
        if key in metadata:
            metadata[key] = float(metadata[key])
    return metadata


def _warning(warning: dict[str, Any]) -> DecisionWarning:
    return DecisionWarning(warning["code"], warning.get("field"), warning["message"])
