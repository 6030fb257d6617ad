"""How strict each stack is, and what an exemption does."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel, Policy, Severity

from policies.catalogue import RULES, is_production, level, policies_for
from policies.testing import Declared, Verdict, run

TODAY = date(2026, 11, 22)
UNENCRYPTED = Declared("aws:rds/instance:Instance", {"multiAz": True}, name="main", protect=True)
EXEMPTION = {
    "rule": "rds-storage-encrypted",
    "resource": "main",
    "reason": "Holds only public data",
    "until": "2026-12-31",
}


def policy(name: str, exemptions: object = (), stack: str = "prod") -> Policy:
    configured = exemptions if isinstance(exemptions, str) else json.dumps(exemptions)
    (found,) = [p for p in policies_for(stack, configured, TODAY) if p.name == name]
    return found


def verdict(name: str, *exemptions: dict[str, Any]) -> Verdict:
    return run(policy(name, exemptions), [UNENCRYPTED])


@pytest.mark.parametrize(
    ("severity", "stack", "expected"),
    [
        (Severity.LOW, "dev", EnforcementLevel.ADVISORY),
        (Severity.MEDIUM, "dev", EnforcementLevel.ADVISORY),
        (Severity.HIGH, "dev", EnforcementLevel.MANDATORY),
        (Severity.CRITICAL, "local", EnforcementLevel.MANDATORY),
        (Severity.LOW, "prod", EnforcementLevel.MANDATORY),
    ],
)
def test_production_is_held_to_everything_and_others_to_what_is_dangerous(
    severity: Severity, stack: str, expected: EnforcementLevel
) -> None:
    rule = replace(RULES[0], severity=severity, only_in_production=False)
    assert level(rule, stack) is expected


def test_a_rule_for_production_is_silent_elsewhere() -> None:
    rule = replace(RULES[0], severity=Severity.HIGH, only_in_production=True)
    assert level(rule, "dev") is EnforcementLevel.DISABLED
    assert level(rule, "prod") is EnforcementLevel.MANDATORY


@pytest.mark.parametrize("stack", ["prod", "production", "acme-prod", "eu.production", "eu_prod"])
def test_a_production_stack_is_known_by_its_name(stack: str) -> None:
    assert is_production(stack)


@pytest.mark.parametrize("stack", ["dev", "local", "product", "prod-copy", "nonprod", "reprod"])
def test_any_other_stack_is_not_production(stack: str) -> None:
    assert not is_production(stack)


def test_an_exemption_sets_one_rule_aside_for_one_resource() -> None:
    assert verdict("rds-storage-encrypted").violations
    assert verdict("rds-storage-encrypted", EXEMPTION).passes
    assert verdict("rds-storage-encrypted", {**EXEMPTION, "resource": "other"}).violations
    assert verdict("rds-storage-encrypted", {**EXEMPTION, "rule": "rds-multi-az"}).violations


def test_an_exemption_may_name_the_whole_urn() -> None:
    assert verdict("rds-storage-encrypted", {**EXEMPTION, "resource": UNENCRYPTED.urn}).passes


def test_an_exemption_holds_on_its_last_day_and_bites_on_the_next() -> None:
    assert verdict("rds-storage-encrypted", {**EXEMPTION, "until": "2026-11-22"}).passes
    assert verdict("rds-storage-encrypted", {**EXEMPTION, "until": "2026-11-21"}).violations


def test_every_exemption_is_printed_where_it_applies() -> None:
    said = verdict("exemption", EXEMPTION).violations
    assert said == [
        ("main", "Exempt from rds-storage-encrypted until 2026-12-31: Holds only public data")
    ]
    ended = verdict("exemption", {**EXEMPTION, "until": "2026-11-21"}).violations
    assert "ended on 2026-11-21" in ended[0][1]
    assert policy("exemption").enforcement_level is EnforcementLevel.ADVISORY


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**EXEMPTION, "reason": " "}, "reason is missing"),
        ({**EXEMPTION, "until": ""}, "until is missing"),
        ({**EXEMPTION, "until": "soon"}, "YYYY-MM-DD"),
        ({**EXEMPTION, "rule": "rds-encrypted"}, "no rule 'rds-encrypted'"),
        ({**EXEMPTION, "ticket": "A-1"}, "unknown key 'ticket'"),
        ({**EXEMPTION, "resource": "gone"}, "no resource 'gone'"),
        ("rds-storage-encrypted", "must have the keys"),
        ({**EXEMPTION, "rule": ["rds-storage-encrypted"]}, "no rule"),
    ],
)
def test_a_wrong_exemption_stops_the_run_and_exempts_nothing(entry: Any, says: str) -> None:
    mistakes = run(policy("exemptions-are-readable", (entry,)), [UNENCRYPTED])
    assert says in mistakes.violations[0][1]
    assert policy("exemptions-are-readable").enforcement_level is EnforcementLevel.MANDATORY
    assert run(policy("rds-storage-encrypted", (entry,)), [UNENCRYPTED]).violations


@pytest.mark.parametrize("configured", ['{"rule": "x"}', "rds-storage-encrypted", '"x"', "[{"])
def test_exemptions_that_are_no_list_are_refused(configured: str) -> None:
    said = run(policy("exemptions-are-readable", configured), [UNENCRYPTED])
    assert "must be a list" in said.violations[0][1]


def test_no_exemptions_is_no_mistake() -> None:
    for configured in (None, "", "[]"):
        policies = policies_for("prod", configured, TODAY)
        (readable,) = [each for each in policies if each.name == "exemptions-are-readable"]
        assert run(readable, [UNENCRYPTED]).passes


def test_another_kind_of_resource_of_the_same_name_is_not_meant() -> None:
    key = Declared("aws:kms/key:Key", {}, name="main")
    assert run(policy("exemption", (EXEMPTION,)), [key]).passes
    assert run(policy("exemptions-are-readable", (EXEMPTION,)), [key]).violations


def test_a_date_with_a_time_behind_it_is_read_as_the_day() -> None:
    entry = {**EXEMPTION, "until": "2026-12-31T00:00:00Z"}
    assert verdict("rds-storage-encrypted", entry).passes
    assert verdict("exemptions-are-readable", entry).passes


def test_every_rule_says_what_it_is_for() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.id)
        assert rule.summary.endswith("."), rule.id
        assert "\n" not in rule.summary, rule.id
        assert rule.fix.endswith("."), rule.id
        first = rule.protects_from.split()[0]
        assert first[0].islower() or first.isupper(), rule.id
        assert not rule.protects_from.endswith("."), rule.id
        assert rule.on, rule.id
        for control in rule.controls:
            known = r"FSBP [A-Za-z0-9]+\.\d+|CIS-(5|7)\.0 \d(\.\d+)+"
            assert re.fullmatch(known, control), (rule.id, control)


def test_a_rule_bears_the_name_of_its_file_and_every_file_is_in_the_catalogue() -> None:
    folder = Path(__file__).resolve().parents[2] / "policies" / "rules"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {rule.id.replace("-", "_") for rule in RULES} == files
    assert len({rule.id for rule in RULES}) == len(RULES)
