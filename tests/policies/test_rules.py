"""Each rule against what it lets pass, what it refuses, and what it cannot know yet."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from policies.catalogue import RULES
from policies.testing import Declared, judge
from tests.policies.cases import CASES
from tests.policies.table import Case, changed, on

ELSEWHERE = Declared("aws:other/other:Other", {"anything": True})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule.id)
def test_what_is_good_passes(case: Case) -> None:
    for preview in (True, False):
        verdict = judge(case.rule, case.good, preview=preview)
        assert verdict.passes, verdict


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule.id)
def test_one_thing_spoilt_is_refused_by_name(case: Case) -> None:
    assert case.refused
    for number, change in enumerate(case.refused):
        verdict = judge(case.rule, changed(case.good, change))

        which = f"refused[{number}] of {case.rule.id}: {change}"
        assert {name for name, _ in verdict.violations} == {case.good[0].name}, which
        assert case.rule.fix in verdict.violations[0][1], which


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.allowed], ids=lambda case: case.rule.id
)
def test_a_good_variant_passes(case: Case) -> None:
    for number, change in enumerate(case.allowed):
        verdict = judge(case.rule, changed(case.good, change))
        assert verdict.passes, f"allowed[{number}] of {case.rule.id}: {change}: {verdict}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule.id)
def test_what_is_not_known_yet_neither_passes_nor_fails(case: Case) -> None:
    if case.unknown is None:
        assert case.decided, "say why this rule can always decide"
        return
    verdict = judge(case.rule, changed(case.good, case.unknown))

    assert verdict.violations == []
    assert verdict.undecided is not None
    assert case.good[0].name in verdict.undecided


ODD: tuple[Any, ...] = (None, "x", [{}], {"x": "y"})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule.id)
def test_an_odd_value_anywhere_never_breaks_the_run(case: Case) -> None:
    for resource in case.good:
        for path in _paths(resource.props):
            for value in ODD:
                judge(case.rule, changed(case.good, on(resource.name, {path: value})))


def _paths(value: Any, before: str = "") -> list[str]:
    """Every place in the properties, as a dotted path."""
    if isinstance(value, Mapping):
        pairs = list(cast(Mapping[str, Any], value).items())
    elif isinstance(value, list):
        pairs = [(str(number), each) for number, each in enumerate(cast(list[Any], value))]
    else:
        return []
    # A dot would be taken for a step.
    named = [(f"{before}{key}", each) for key, each in pairs if "." not in key]
    return [path for key, each in named for path in (key, *_paths(each, f"{key}."))]


def test_a_rule_leaves_other_resources_alone() -> None:
    assert [rule.id for rule in RULES if not judge(rule, [ELSEWHERE]).passes] == []


def test_every_rule_is_proved() -> None:
    assert {rule.id for rule in RULES} == {case.rule.id for case in CASES}
