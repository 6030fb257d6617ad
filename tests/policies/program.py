"""The project's own stacks as the policy pack sees them."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from pulumi_policy.deserialize import deserialize_properties

from policies.testing import Declared
from tests.recording import Engine
from tests.stacks import platform_of


class _References(Engine):
    """Records which resource each property came from, too."""

    def __init__(self) -> None:
        super().__init__()
        self.references: dict[str, dict[str, list[str]]] = {}

    def record(self, request: Any, urn: str) -> None:
        self.references[urn] = {
            key: list(dependencies.urns)
            for key, dependencies in request.propertyDependencies.items()
        }
        super().record(request, urn)


@cache
def declared(stack: str, changes: str = "{}") -> list[Declared]:
    """Every resource of a stack, with its options, its provider and its references.

    Changes to its configuration are JSON, so that the same ones are known again.
    """
    return declared_by(stack, lambda: platform_of(stack, json.loads(changes)))


def declared_by(stack: str, program: Callable[[], object]) -> list[Declared]:
    """Every resource that a program makes on a stack."""
    engine = _References()
    engine.attach(stack=stack)
    engine.build(program)
    # As the SDK does before a rule sees them: a secret is what it holds.
    inputs = {each.urn: deserialize_properties(each.inputs) for each in engine.registered}
    return [
        Declared(
            type=each.typ,
            props=inputs[each.urn],
            name=each.name,
            protect=each.protect,
            parent=each.parent or None,
            provider=inputs.get(each.provider.rpartition("::")[0]),
            recorded_urn=each.urn,
            references=engine.references[each.urn],
        )
        for each in engine.registered
    ]
