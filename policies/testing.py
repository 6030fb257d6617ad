"""Runs a rule the way the engine does, without an engine.

The SDK has no test helper: called by hand, a check sees plain values where the engine shows
numbers as floats, unknowns that raise when read, options, and dependencies by property. Here:

    bucket = Declared("aws:s3/bucket:Bucket", {"bucketPrefix": "logs-"})
    block = Declared("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
                     {"bucket": bucket, "blockPublicAcls": UNKNOWN}, name="block")
    verdict = judge(s3_public_access_blocked, [bucket, block])
    assert verdict.undecided and not verdict.violations

A `Declared` used as a value is a reference to that resource: unknown in a preview, its id after
an update, and a dependency of that property in both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from policies.rule import Rule

UNKNOWN = UNKNOWN_STRING_VALUE
"""A value that no one knows before the update."""


@dataclass(frozen=True, eq=False)
class Declared:
    """A resource as a program declares it."""

    type: str
    props: Mapping[str, Any]
    name: str = "subject"
    protect: bool = False
    parent: str | None = None
    provider: Mapping[str, Any] | None = None
    # For resources recorded from a program, whose references are known already:
    recorded_urn: str = ""
    references: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    @property
    def id(self) -> str:
        return f"{self.name}-id"

    @property
    def urn(self) -> str:
        return self.recorded_urn or f"urn:pulumi:test::test::{self.type}::{self.name}"


@dataclass
class Verdict:
    """What a rule said: violations as (resource, message), and why it could not decide."""

    violations: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    undecided: str | None = None

    @property
    def passes(self) -> bool:
        return not self.violations and self.undecided is None


def judge(rule: Rule, resources: Sequence[Declared], *, preview: bool = True) -> Verdict:
    """What the rule says of those resources together."""
    return run(rule.policy(EnforcementLevel.MANDATORY, _never_exempt), resources, preview)


def run(policy: Policy, resources: Sequence[Declared], preview: bool = True) -> Verdict:
    """What one policy of a pack says of those resources together."""
    return _run(policy, _View(resources, preview))


def run_pack(
    policies: Iterable[Policy], resources: Sequence[Declared], preview: bool = True
) -> dict[str, Verdict]:
    """What each policy of a pack says of those resources, by its name; all see the same view."""
    view = _View(resources, preview)
    return {policy.name: _run(policy, view) for policy in policies}


class _View:
    """Resources as the engine shows them to a policy; made once for however many look at it."""

    def __init__(self, resources: Sequence[Declared], preview: bool) -> None:
        self._resources = resources
        self._preview = preview
        self.names = {declared.urn: declared.name for declared in resources}

    @cached_property
    def each(self) -> list[ResourceValidationArgs]:
        return [_resource_args(declared, self._preview) for declared in self._resources]

    @cached_property
    def together(self) -> StackValidationArgs:
        return StackValidationArgs(_stack(self._resources, self._preview))


def _run(policy: Policy, view: _View) -> Verdict:
    verdict = Verdict()
    if isinstance(policy, ResourceValidationPolicy):

        def report(message: str, urn: str | None = None) -> None:
            verdict.violations.append((shown.name, message))

        validate = cast(Any, policy).validate
        for shown in view.each:
            _validate(validate, shown, report, verdict)
    elif isinstance(policy, StackValidationPolicy):

        def report_of(message: str, urn: str | None = None) -> None:
            verdict.violations.append((view.names.get(urn or "", ""), message))

        _validate(cast(Any, policy).validate, view.together, report_of, verdict)
    else:
        raise TypeError(f"{policy!r} is neither a resource policy nor a stack policy")
    return verdict


def _never_exempt(rule: str, name: str, urn: str) -> bool:
    return False


def _validate(validate: Any, args: object, report: ReportViolation, verdict: Verdict) -> None:
    try:
        validate(args, report)
    except UnknownValueError as unknown:
        verdict.undecided = unknown.message


def _resource_args(declared: Declared, preview: bool) -> ResourceValidationArgs:
    return ResourceValidationArgs(
        resource_type=declared.type,
        props=_seen(declared.props, preview),
        urn=declared.urn,
        name=declared.name,
        opts=_options(declared),
        provider=_provider(declared),
    )


def _stack(resources: Sequence[Declared], preview: bool) -> list[PolicyResource]:
    seen = {
        declared.urn: PolicyResource(
            resource_type=declared.type,
            props=_outputs(declared, preview),
            urn=declared.urn,
            name=declared.name,
            opts=_options(declared),
            provider=_provider(declared),
            parent=None,
            dependencies=[],
            property_dependencies={},
        )
        for declared in resources
    }
    for declared in resources:
        resource = seen[declared.urn]
        for key, value in declared.props.items():
            urns = [*(each.urn for each in _references(value)), *declared.references.get(key, ())]
            targets = [seen[urn] for urn in urns if urn in seen]
            if targets:
                resource.property_dependencies[key] = targets
                resource.dependencies.extend(targets)
    return list(seen.values())


def _outputs(declared: Declared, preview: bool) -> Mapping[str, Any]:
    """Stack rules see outputs; an id is one of them, not known in a preview."""
    return _seen({"id": UNKNOWN if preview else declared.id, **declared.props}, preview)


def _seen(props: Mapping[str, Any], preview: bool) -> Mapping[str, Any]:
    return unknown_checking_proxy({key: _wire(value, preview) for key, value in props.items()})


def _wire(value: Any, preview: bool) -> Any:
    """A value as it arrives over the engine's protocol, which has one kind of number."""
    if value is None or isinstance(value, str | bool):
        return value  # nearly all values are
    if isinstance(value, Declared):
        return UNKNOWN if preview else value.id
    if isinstance(value, Mapping):
        items = cast(Mapping[Any, Any], value).items()
        return {str(key): _wire(each, preview) for key, each in items}
    if isinstance(value, list | tuple):
        return [_wire(each, preview) for each in cast(Sequence[Any], value)]
    if isinstance(value, int):
        return float(value)
    return value


def _references(value: Any) -> Iterable[Declared]:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, Declared):
        yield value
    elif isinstance(value, Mapping):
        for each in cast(Mapping[Any, Any], value).values():
            yield from _references(each)
    elif isinstance(value, list | tuple):
        for each in cast(Sequence[Any], value):
            yield from _references(each)


def _provider(declared: Declared) -> PolicyProviderResource | None:
    if declared.provider is None:
        return None
    package = declared.type.partition(":")[0]
    urn = f"urn:pulumi:test::test::pulumi:providers:{package}::provider"
    seen = _seen(declared.provider, preview=False)
    return PolicyProviderResource(f"pulumi:providers:{package}", seen, urn, "provider")


def _options(declared: Declared) -> PolicyResourceOptions:
    return PolicyResourceOptions(
        protect=declared.protect,
        ignore_changes=[],
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
        additional_secret_outputs=[],
        parent=declared.parent,
    )
