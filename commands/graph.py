"""What a stack is made of, as its state has it: the resource graph, without its secrets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from commands.engine import Engine

SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of an encrypted value


@dataclass(frozen=True)
class Resource:
    """One resource: its logical name, and what the cloud said of it when it was last changed."""

    urn: str
    kind: str
    name: str
    id: str
    parent: str
    outputs: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A plain output; empty where there is none, or it is secret."""
        value = self.outputs.get(key)
        return "" if value is None or isinstance(value, dict | list) else str(value)

    def texts(self, key: str) -> list[str]:
        value = self.outputs.get(key)
        return [str(one) for one in cast(list[object], value)] if isinstance(value, list) else []


@dataclass(frozen=True)
class Graph:
    resources: tuple[Resource, ...]

    def of(self, kind: str) -> list[Resource]:
        """All resources of a kind, by name."""
        found = (resource for resource in self.resources if resource.kind == kind)
        return sorted(found, key=lambda resource: resource.name)


def graph(engine: Engine) -> Graph:
    """Of the stack as it is now; secrets stay encrypted and are left out."""
    return parsed(json.loads(engine.read("stack", "export")))


def parsed(exported: Mapping[str, Any]) -> Graph:
    """Out of what `pulumi stack export` says."""
    deployment: Mapping[str, Any] = exported.get("deployment") or {}
    return Graph(tuple(_resources(deployment.get("resources") or [])))


def _resources(entries: list[dict[str, Any]]) -> Iterator[Resource]:
    for entry in entries:
        if entry.get("delete"):
            continue  # replaced, and about to be taken away
        outputs: Mapping[str, Any] = entry.get("outputs") or {}
        yield Resource(
            urn=entry["urn"],
            kind=entry["type"],
            name=entry["urn"].rpartition("::")[2],
            id=str(entry.get("id", "")),
            parent=str(entry.get("parent", "")),
            outputs={key: value for key, value in outputs.items() if not _is_secret(value)},
        )


def _is_secret(value: object) -> bool:
    return isinstance(value, dict) and SECRET in value
