"""What the engine would change in a stack, as its preview says."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from commands.engine import PREVIEW_FAILED, Engine
from commands.error import CommandError
from commands.progress import under_way

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Step:
    """What the engine would do to one resource."""

    operation: str
    kind: str
    name: str
    parent: str
    """URN of the component that it is in."""


def previewed(engine: Engine) -> list[Step]:
    """What would change, judged by the policy pack; CommandError where it may not."""
    with under_way("previewing"):
        code, text = engine.try_read("preview", "--json", *engine.policy_pack)
    if code:
        # In words for a person this time: as JSON the engine leaves out what the rules say.
        engine.show("preview", *engine.policy_pack)
        raise CommandError(PREVIEW_FAILED)
    told: dict[str, Any] = json.loads(text)
    return [
        Step(step["op"], *kind_and_name(step["urn"]), parent=_parent(step))
        for step in told.get("steps", [])
        if step["op"] != "same" and kind_and_name(step["urn"])[0] != STACK_TYPE
    ]


def kind_and_name(urn: str) -> tuple[str, str]:
    """Of the resource that a URN names; both empty where it names none."""
    if urn.count("::") < 3:
        return "", ""
    _, _, kinds, name = urn.split("::", 3)
    return kinds.rpartition("$")[2], name


def _parent(step: dict[str, Any]) -> str:
    state = cast(dict[str, Any], step.get("newState") or step.get("oldState") or {})
    return str(state.get("parent", ""))


def listed(steps: Sequence[Step]) -> str:
    """A line each; of many, the first twenty and how many more."""
    lines = [f"  {step.operation} {step.kind} {step.name}" for step in steps[:20]]
    more = [f"  … and {len(steps) - 20} more"] if len(steps) > 20 else []
    return "\n".join([*lines, *more])
