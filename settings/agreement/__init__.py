"""What must agree within an application file, within a stack file, and between the two."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from settings.agreement import capacity, data, homes, images, routes, surroundings, variables
from settings.agreement.fault import Fault
from settings.problem import Problem
from settings.tree import Settings


def problems(settings: Settings, other_networks: Mapping[str, str], root: Path) -> list[Problem]:
    """Every disagreement. `other_networks`: that of each other stack, by its file; `root`: the
    project's folder."""
    found: list[Problem] = []
    for name, application in settings.applications.items():
        file = f"apps/{name}.yaml"
        for room in (routes, variables, data):
            for check in room.OF_APPLICATION:
                found += [_problem(file, fault) for fault in check(application)]
    file = f"Pulumi.{settings.name}.yaml"
    for key, value, allowed in _of_stack(settings, other_networks):
        found.append(_problem(file, (f"groundwork:{key}", value, allowed)))
    return [*found, *images.problems(settings, root)]


def _of_stack(settings: Settings, other_networks: Mapping[str, str]) -> Iterator[Fault]:
    for room in (homes, capacity, surroundings):
        for check in room.OF_STACK:
            yield from check(settings)
    yield from surroundings.networks_apart(settings, other_networks)


def _problem(file: str, fault: Fault) -> Problem:
    key, value, allowed = fault
    return Problem(file=file, key=key, value=value, allowed=allowed)
