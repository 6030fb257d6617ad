"""The harness shows a rule what the engine would show it."""

from typing import Any, cast

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationArgs, Severity
from pulumi_policy.policy import (
    _PolicyAnalyzerServicer as Servicer,  # pyright: ignore[reportPrivateUsage]  # the SDK's own view
)

from policies.inputs import Props
from policies.rule import Findings, ResourceRule, options_rule, resource_rule, stack_rule
from policies.stack import Stack
from policies.testing import UNKNOWN, Declared, judge
from tests.policies.cases import CASES
from tests.policies.table import Case, Spoilt, changed

KIND = "aws:s3/bucket:Bucket"
METADATA: dict[str, Any] = {
    "on": (KIND,),
    "severity": Severity.HIGH,
    "protects_from": "nothing",
    "fix": "nothing.",
}


def struct(props: Props) -> struct_pb2.Struct:
    content = struct_pb2.Struct()
    content.update(dict(props))
    return content


def through_sdk(rule: ResourceRule, declared: Declared) -> tuple[int, int]:
    """Violations and undecided notes of the SDK's own server for one resource."""
    policy = rule.policy(EnforcementLevel.MANDATORY, lambda rule, name, urn: False)
    server = Servicer("pack", "1", [policy], EnforcementLevel.MANDATORY)
    request = analyzer_pb2.AnalyzeRequest(
        type=declared.type,
        name=declared.name,
        urn=declared.urn,
        properties=struct(declared.props),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=declared.protect),
    )
    levels = [
        each.enforcementLevel for each in server.Analyze(request, cast(Any, None)).diagnostics
    ]
    return levels.count(analyzer_pb2.MANDATORY), levels.count(analyzer_pb2.ADVISORY)


def variants() -> list[Any]:
    """Every proof of a rule about one resource that can be sent over the wire as it is."""
    found: list[Any] = []
    for case in CASES:
        if not isinstance(case.rule, ResourceRule):
            continue
        unknown: list[Spoilt] = [case.unknown] if case.unknown is not None else []
        for number, change in enumerate((*case.refused, *case.allowed, *unknown)):
            subject = changed(case.good, change)[0]
            if subject.provider is None and not _has_reference(subject.props):
                found.append(pytest.param(case, subject, id=f"{case.rule.id}-{number}"))
    return found


def _has_reference(props: Props) -> bool:
    return "Declared(" in repr(props)


def test_it_says_of_every_proof_what_the_sdk_says() -> None:
    different: list[str] = []
    for parameter in variants():
        case: Case = parameter.values[0]
        subject: Declared = parameter.values[1]
        assert isinstance(case.rule, ResourceRule)
        verdict = judge(case.rule, [subject])
        ours = (len(verdict.violations), int(verdict.undecided is not None))
        if ours != through_sdk(case.rule, subject):
            different.append(str(parameter.id))
    assert different == []
    assert len(variants()) > 400


def test_a_number_arrives_as_the_one_kind_the_protocol_has() -> None:
    seen: list[Any] = []

    @resource_rule("test-number", **METADATA)
    def look(props: Props) -> Findings:
        """Looks."""
        seen.append(props["count"])
        return ()

    judge(look, [Declared(KIND, {"count": 3})])
    assert [type(value) for value in seen] == [float]


def test_an_option_is_seen_where_it_is_asked_for() -> None:
    @options_rule("test-option", **METADATA)
    def look(resource: ResourceValidationArgs) -> Findings:
        """Looks."""
        if not resource.opts.protect:
            yield "Unprotected."

    assert judge(look, [Declared(KIND, {}, protect=True)]).passes
    assert judge(look, [Declared(KIND, {})]).violations


def test_a_reference_is_unknown_in_a_preview_and_leads_to_its_resource_all_the_same() -> None:
    @stack_rule("test-reference", **METADATA)
    def look(bucket: Any, stack: Stack) -> Findings:
        """Looks."""
        for part in stack.pointing_at(bucket, ("aws:s3/part:Part",), by="bucket"):
            yield str(part.props["bucket"])

    bucket = Declared(KIND, {}, name="files")
    part = Declared("aws:s3/part:Part", {"bucket": bucket}, name="part")

    previewed = judge(look, [bucket, part])
    assert previewed.violations == []
    assert previewed.undecided is not None
    assert "files-id" in judge(look, [bucket, part], preview=False).violations[0][1]


def test_one_unknown_resource_does_not_hide_what_is_wrong_with_another() -> None:
    @stack_rule("test-each", **METADATA)
    def look(bucket: Any, stack: Stack) -> Findings:
        """Looks."""
        if bucket.props.get("acl") == "public-read":
            yield "Public."

    hidden = Declared(KIND, {"acl": UNKNOWN}, name="hidden")
    public = Declared(KIND, {"acl": "public-read"}, name="public")

    verdict = judge(look, [hidden, public])
    assert [name for name, _ in verdict.violations] == ["public"]
    assert verdict.undecided is not None
    assert "hidden: .acl is not known yet" in verdict.undecided
