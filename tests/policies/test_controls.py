"""Every control is answered, and the page that says how is the one the catalogue makes."""

import re
from pathlib import Path

import pytest

from policies.catalogue import RULES
from policies.controls import GUARANTEED, IN_ACCOUNT, answering, controls, render

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_catalogue_makes() -> None:
    assert (ROOT / "docs" / "controls.md").read_text() == render(), (
        "run: python -m policies.controls > docs/controls.md"
    )


def test_a_control_is_answered_in_one_way_at_least() -> None:
    by_rule = {control for control in controls() if answering(control)}
    assert set(controls()) - by_rule - set(GUARANTEED) - set(IN_ACCOUNT) == set()
    assert by_rule & set(IN_ACCOUNT) == set(), "a rule decides it after all"


def test_no_rule_and_no_list_names_a_control_that_is_not_there() -> None:
    known = set(controls())
    named = {c[5:] for rule in RULES for c in rule.controls if c.startswith("FSBP ")}
    assert named | set(GUARANTEED) | set(IN_ACCOUNT) <= known
    assert len(known) == 176


@pytest.mark.parametrize("control", list(GUARANTEED))
def test_a_promise_of_a_component_names_a_test_that_exists(control: str) -> None:
    promise, test = GUARANTEED[control]
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text()
    assert (ROOT / promise.partition(":")[0]).exists()


def test_a_number_of_one_edition_of_cis_comes_with_that_of_the_other() -> None:
    for rule in RULES:
        old = [c.split()[1] for c in rule.controls if c.startswith("CIS-5.0")]
        now = [c.split()[1] for c in rule.controls if c.startswith("CIS-7.0")]
        expected = [seven(number) for number in old]
        assert [number for number in now if number not in NEW_IN_SEVEN] == expected, rule.id


NEW_IN_SEVEN = {"2.21", "4.10", "6.8"}
IDENTITY = {
    **{f"1.{number}": f"2.{number + 1}" for number in range(1, 10)},
    "1.11": "2.11",
    **{f"1.{number}": f"2.{number - 1}" for number in range(13, 22)},
}


def seven(number: str) -> str:
    """The same recommendation in edition 7.0: chapters moved up, two about keys are gone."""
    chapter, _, rest = number.partition(".")
    return IDENTITY[number] if chapter == "1" else f"{int(chapter) + 1}.{rest}"


def test_the_page_holds_no_broken_table() -> None:
    for line in render().splitlines():
        if line.startswith("| `"):
            assert len(re.findall(r"(?<!\\)\|", line)) == 7, line


def test_the_pack_says_how_many_rules_it_has() -> None:
    assert (ROOT / "policies" / "README.md").read_text().count(f"{len(RULES)} rules") == 1
