"""JSON that travels inside a property: policy documents and container definitions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast


def parsed(value: object) -> Any:
    """A property that is JSON as text, or already the thing itself; None if it is neither."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return None
    return value


def listed(value: object) -> list[Any]:
    """What IAM lets one write as one thing or as a list of them."""
    if value is None:
        return []
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(cast(Sequence[Any], value))
    return [value]


@dataclass(frozen=True)
class Statement:
    """One statement of an IAM or resource policy."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    condition: Mapping[str, Mapping[str, Any]]
    excludes: bool  # written with NotAction or NotResource

    @property
    def allows(self) -> bool:
        return self.effect == "Allow"

    def anyone(self) -> bool:
        """Whether every AWS principal, or everybody, is meant."""
        return "*" in self.principals


def statements(document: object) -> Iterator[Statement]:
    """The statements of a policy document, as text or as an object."""
    content = parsed(document)
    if not isinstance(content, Mapping):
        return
    for statement in listed(cast(Mapping[str, Any], content).get("Statement")):
        if isinstance(statement, Mapping):
            yield _statement(cast(Mapping[str, Any], statement))


def _statement(statement: Mapping[str, Any]) -> Statement:
    return Statement(
        effect=str(statement.get("Effect", "")),
        actions=tuple(map(str, listed(statement.get("Action")))),
        resources=tuple(map(str, listed(statement.get("Resource")))),
        principals=tuple(_principals(statement.get("Principal"))),
        condition=cast(Mapping[str, Mapping[str, Any]], statement.get("Condition") or {}),
        excludes="NotAction" in statement or "NotResource" in statement,
    )


def _principals(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for named in cast(Mapping[str, Any], value).values():
            yield from map(str, listed(named))
    else:
        yield from map(str, listed(value))


def containers(task_definition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The container definitions of an ECS task definition."""
    return [
        cast(Mapping[str, Any], container)
        for container in listed(parsed(task_definition.get("containerDefinitions")))
        if isinstance(container, Mapping)
    ]
