"""What the program builds holds to every rule of its own pack."""

from collections.abc import Sequence

import pytest
from pulumi_policy import EnforcementLevel

from policies.catalogue import policies_for
from policies.testing import Declared, run
from settings.load import stack_configuration
from tests.policies.program import declared
from tests.stacks import STACKS


def broken(stack: str, resources: Sequence[Declared]) -> list[tuple[str, str, str]]:
    """What the pack would say of those resources, on that stack with its exemptions."""
    exemptions = stack_configuration(stack).get("groundwork:exemptions")
    return [
        (policy.name, name, message.partition(" This protects")[0])
        for policy in policies_for(stack, exemptions)
        if policy.enforcement_level is not EnforcementLevel.DISABLED and policy.name != "exemption"
        for name, message in run(policy, resources, preview=False).violations
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_of_the_project_breaks_a_rule_blocking_or_not(stack: str) -> None:
    assert broken(stack, declared(stack)) == []


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
    without = [each for each in declared("prod") if each.type != kind]
    assert rule in {name for name, _, _ in broken("prod", without)}
