"""The house: its rooms, which of them may know which, and that nothing goes in a circle."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Room → the other rooms that it may import from. Files → settings → components → outputs;
# settings → host roles → remote commands; the local cloud stands beside all of it.
KNOWN = {
    "settings": set[str](),
    "hosts": set[str](),
    "policies": set[str](),
    "bootstrap": set[str](),
    "components": {"settings", "hosts"},
    "commands": {"settings", "hosts"},
    "localcloud": {"settings", "commands", "bootstrap"},
}
PROGRAM = ("settings", "hosts", "components", "commands", "bootstrap", "policies")
# What a room does without, so that it can be read and tried by itself.
WITHOUT = {
    "settings": {"pulumi", "pulumi_aws", "boto3"},
    "hosts": {"pulumi_aws", "yaml", "boto3"},
    "components": {"yaml", "boto3"},
    "policies": {"pulumi_aws", "yaml", "boto3"},
}


@cache
def modules(room: str) -> dict[str, Path]:
    """By the name that it is imported by; the policy pack's are imported from its own folder."""
    base = ROOT / room if room == "policies" else ROOT
    return {
        ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted((ROOT / room).rglob("*.py"))
    }


@cache
def imports(path: Path) -> frozenset[str]:
    """Every name that a file imports, MODULE or MODULE.NAME, wherever in it that stands."""
    return frozenset(_imports(ast.parse(path.read_text("utf-8"))))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("room", KNOWN)
def test_a_room_imports_only_from_those_below_it(room: str) -> None:
    others = {*KNOWN, "tests", "benchmarks", "__main__"} - {room, *KNOWN[room]}

    assert modules(room)
    assert [
        f"{name} imports {one}"
        for name, path in modules(room).items()
        for one in imports(path)
        if one.partition(".")[0] in others
    ] == []


@pytest.mark.parametrize("room", WITHOUT)
def test_a_room_does_without_what_is_another_s_concern(room: str) -> None:
    allowed = {"settings.documents"}  # where files are read

    assert [
        f"{name} imports {one}"
        for name, path in modules(room).items()
        for one in imports(path)
        if one.partition(".")[0] in WITHOUT[room] and name not in allowed
    ] == []


@pytest.mark.parametrize("room", KNOWN)
def test_no_files_import_each_other_in_a_circle(room: str) -> None:
    known = modules(room)
    graph = {
        name: {
            one if one in known else one.rpartition(".")[0]
            for one in imports(path)
            if one in known or one.rpartition(".")[0] in known
        }
        - {name}
        for name, path in known.items()
    }

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


def test_no_python_of_the_program_names_an_application() -> None:
    names = "|".join(re.escape(path.stem) for path in (ROOT / "apps").glob("*.yaml"))
    named = re.compile(rf"\b({names})\b")

    assert names
    assert [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for room in (*PROGRAM, "localcloud")
        for path in modules(room).values()
        if (found := named.search(path.read_text("utf-8")))
    ] == []
