"""What the program builds holds to every rule of its own pack."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from policies.testing import Declared, run, run_pack
from settings.application import Application
from tests.policies.program import declared, enforced
from tests.stacks import STACKS, configuration, settings_of


def containers_behind_a_load_balancer() -> dict[str, Any]:
    """Every application of production on ECS, but those that have something for hosts alone."""
    applications = json.loads(configuration("prod")["groundwork:applications"])
    placed = {
        name: {**application, "placement": _placed(name, application["placement"])}
        for name, application in applications.items()
    }
    return {
        "edge": {"kind": "load-balancer"},
        "applications": placed,
        # Which their databases are brought along to.
        "releases": {
            name: "1.0.0" for name, one in placed.items() if one["placement"]["kind"] == "ecs"
        },
    }


def _placed(name: str, placement: dict[str, Any]) -> dict[str, Any]:
    application = settings_of("prod").applications[name]
    if application.sites or application.schedules or _wants_files(application):
        some_pool = next(iter(placement["pools"].values()))
        sites = dict.fromkeys(application.sites, some_pool)
        return {**placement, "pools": {**placement["pools"], **sites}}
    size = {"cpu": 512, "memory_mb": 1024, "image": IMAGE}
    return {"kind": "ecs", "services": dict.fromkeys(application.services, size)}


def _wants_files(application: Application) -> bool:
    return any(
        service.files
        or any(str(value).endswith(".file}") for value in service.environment.values())
        for service in application.services.values()
    )


IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:{'0' * 64}"
CHOICES_OF_PRODUCTION: dict[str, Callable[[], dict[str, Any]]] = {
    "containers + load balancer": containers_behind_a_load_balancer,
    "bastion + public origin": lambda: {
        "access": {"kind": "bastion", "allowed_from": ["198.51.100.0/24"]},
        "edge": {"kind": "cdn", "origin": "public"},
    },
}


def broken(stack: str, resources: Sequence[Declared]) -> list[tuple[str, str, str]]:
    """What the pack would say of those resources, on that stack with its exemptions."""
    verdicts = run_pack(enforced(stack), resources, preview=False)
    return [
        (rule, name, message.partition(" This protects")[0])
        for rule, verdict in verdicts.items()
        for name, message in verdict.violations
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_of_the_project_breaks_a_rule_blocking_or_not(stack: str) -> None:
    assert broken(stack, declared(stack)) == []


@pytest.mark.parametrize("choice", CHOICES_OF_PRODUCTION)
def test_production_breaks_no_rule_whatever_else_it_chooses(choice: str) -> None:
    changes = CHOICES_OF_PRODUCTION[choice]()
    assert broken("prod", declared("prod", json.dumps(changes))) == []


def test_production_has_enough_of_each_kind_to_be_judged() -> None:
    judged = {each.type for each in declared("prod")}
    for kind in ("s3/bucket:Bucket", "rds/instance:Instance", "lb/listener:Listener"):
        assert f"aws:{kind}" in judged


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "s3-public-access-blocked"),
        ("aws:s3/bucketPolicy:BucketPolicy", "s3-requires-tls"),
        ("aws:ec2/flowLog:FlowLog", "ec2-vpc-flow-logs"),
        ("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", "waf-acl-logs"),
        ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "ec2-default-security-group-empty"),
    ],
)
def test_a_part_left_out_of_the_program_is_missed(kind: str, rule: str) -> None:
    (policy,) = [each for each in enforced("prod") if each.name == rule]
    without = [each for each in declared("prod") if each.type != kind]

    assert run(policy, declared("prod"), preview=False).violations == []
    assert run(policy, without, preview=False).violations
