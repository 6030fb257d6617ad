"""Kinds and properties in rules and proofs are those of the provider's SDK, letter by letter.

A misspelt name would pass every other test here, rule and proof being wrong together.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pytest

from policies import kinds
from policies.catalogue import RULES
from policies.testing import Declared
from tests.policies.cases import CASES
from tests.policies.table import Case, changed

GETTER = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\s+(?:@_utilities\.deprecated\(.*?\)\s+)?def (\w+)\(',
    re.DOTALL,
)
# Free keys, chosen by whoever writes the program.
MAPS = {"tags", "environment", "permissions"}


def package(token: str) -> Path:
    name = {"aws": "pulumi_aws", "command": "pulumi_command"}[token.partition(":")[0]]
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@cache
def sources(token: str) -> dict[str, str]:
    """The SDK's files of the service that a kind belongs to; old names live in the new files."""
    service = token.split(":")[1].partition("/")[0]
    folder = {
        "elasticloadbalancingv2": "lb",
        "applicationloadbalancing": "alb",
        "elasticloadbalancing": "elb",
    }.get(service, service)
    return {path.name: path.read_text() for path in (package(token) / folder).glob("*.py")}


@cache
def properties(text: str) -> frozenset[str]:
    return frozenset(name or attribute for name, attribute in GETTER.findall(text))


def file_of(token: str) -> str | None:
    files = [text for text in sources(token).values() if f'"{token}"' in text]
    files += [text for text in sources(token).values() if f"'{token}'" in text]
    return files[0] if files else None


@cache
def nested(token: str) -> frozenset[str]:
    return properties(sources(token).get("_inputs.py", ""))


def test_a_kind_that_a_rule_judges_exists() -> None:
    judged = {(rule.id, token) for rule in RULES for token in rule.on}
    assert {(rule, token) for rule, token in judged if file_of(token) is None} == set()


def test_every_kind_that_is_named_exists() -> None:
    named = {
        token
        for value in vars(kinds).values()
        if isinstance(value, tuple)
        for token in cast(tuple[Any, ...], value)
        if isinstance(token, str) and ":" in token
    }
    assert {token for token in named if file_of(token) is None} == set()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule.id)
def test_a_property_that_a_proof_sets_exists(case: Case) -> None:
    unknown = [case.unknown] if case.unknown is not None else []
    stacks = [case.good, *(changed(case.good, c) for c in (*case.refused, *case.allowed, *unknown))]
    wrong = {(r.type, key) for stack in stacks for r in stack for key in _wrong(r)}
    assert wrong == set()


def _wrong(resource: Declared) -> Iterator[str]:
    source = file_of(resource.type)
    assert source is not None, resource.type
    known = properties(source)
    for key, value in resource.props.items():
        if key not in known:
            yield key
        elif key not in MAPS and key != "containerDefinitions":
            yield from (inner for inner in _keys(value) if inner not in nested(resource.type))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in cast(Mapping[str, Any], value).items():
            yield key
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in cast(list[Any], value):
            yield from _keys(inner)
