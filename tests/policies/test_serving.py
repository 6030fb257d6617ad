"""The server says of a resource what the SDK's own says, and takes the same configuration."""

from typing import Any, cast

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import (
    _PolicyAnalyzerServicer as Server,  # pyright: ignore[reportPrivateUsage]  # the SDK's own view
)

from policies.catalogue import KINDS, policies_for
from policies.serving import ByKind
from tests.policies.cases import CASES
from tests.policies.table import Case, changed

NO_CONTEXT = cast(Any, None)
POLICIES = policies_for("prod")


@pytest.fixture(scope="module")
def ours() -> ByKind:
    return ByKind("pack", POLICIES, KINDS)


@pytest.fixture(scope="module")
def theirs() -> Server:
    return Server("pack", "0.0.1", POLICIES, EnforcementLevel.MANDATORY)


def request(kind: str, props: Any = None, name: str = "subject") -> analyzer_pb2.AnalyzeRequest:
    properties = struct_pb2.Struct()
    properties.update(dict(props or {}))
    return analyzer_pb2.AnalyzeRequest(
        type=kind, name=name, urn=f"urn::{name}", properties=properties
    )


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.rule.id)
def test_it_says_what_the_sdk_says(case: Case, ours: ByKind, theirs: Server) -> None:
    for change in ({}, *case.refused):
        subject = changed(case.good, change)[0]
        if "Declared(" in repr(subject.props):
            continue
        asked = request(subject.type, subject.props)
        assert ours.Analyze(asked, NO_CONTEXT) == theirs.Analyze(asked, NO_CONTEXT)


def test_a_kind_without_rules_is_passed_over(ours: ByKind, theirs: Server) -> None:
    asked = request("random:index/randomId:RandomId", {"byteLength": 8})
    assert ours.Analyze(asked, NO_CONTEXT) == theirs.Analyze(asked, NO_CONTEXT)


def test_a_rule_that_is_off_is_switched_on_by_configuration() -> None:
    server = ByKind("pack", POLICIES, KINDS)
    asked = request("aws:s3/bucket:Bucket", {"tags": {}})

    def said() -> dict[str, int]:
        found = server.Analyze(asked, NO_CONTEXT).diagnostics
        return {each.policyName: each.enforcementLevel for each in found}

    assert "s3-objects-locked" not in said()
    server.Configure(
        analyzer_pb2.ConfigureAnalyzerRequest(
            policyConfig={
                "s3-objects-locked": analyzer_pb2.PolicyConfig(
                    enforcementLevel=analyzer_pb2.ADVISORY
                )
            }
        ),
        NO_CONTEXT,
    )
    assert said()["s3-objects-locked"] == analyzer_pb2.ADVISORY


def test_every_rule_is_offered_with_what_it_says_of_itself(ours: ByKind) -> None:
    info = ours.GetAnalyzerInfo(NO_CONTEXT, NO_CONTEXT)
    by_name = {policy.name: policy for policy in info.policies}
    for case in CASES:
        offered = by_name[case.rule.id]
        assert offered.description == case.rule.summary
        assert offered.remediation_steps == case.rule.fix
        assert list(offered.tags) == list(case.rule.controls)
