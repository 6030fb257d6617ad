"""What a rule is: a check over resources of certain types, and the reasons it exists.

Three kinds, by what a check needs to see:
- `resource_rule`: the inputs of one resource, before it is made;
- `options_rule`: one resource with its options (protect, parent ...), before it is made;
- `stack_rule`: one resource in view of all others, at the end of a preview or of an update.

A check yields one sentence a violation. Whatever it reads that is not known before the update
leaves it undecided: reported as such in the preview, decided in the update.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NotRequired, Required, TypedDict, Unpack

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policies.inputs import Props
from policies.stack import Stack

__all__ = [
    "Findings",
    "Props",
    "Rule",
    "Severity",
    "options_rule",
    "resource_rule",
    "stack_rule",
]

Findings = Iterable[str]
IsExempt = Callable[[str, str, str], bool]  # rule, resource name, URN


class UndecidedError(UnknownValueError):
    """Raised instead of a violation where a value is not known before the update."""

    def __init__(self, reasons: Iterable[str]) -> None:
        Exception.__init__(self)
        self.props = []
        self.message = f"undecided until the update: {'; '.join(reasons)}"


def _reason(name: str, unknown: UnknownValueError) -> str:
    return f"{name}: .{'.'.join(unknown.props)} is not known yet"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A promise about resources of the types `on`, and why anyone would make it."""

    id: str
    on: tuple[str, ...]
    severity: Severity
    controls: tuple[str, ...]
    protects_from: str
    fix: str
    summary: str
    only_in_production: bool
    off_because: str  # why it is not enforced unless --policy-pack-config asks for it

    def policy(self, level: EnforcementLevel, exempt: IsExempt) -> Policy:
        """The rule as the engine runs it, at a level, passing over what is exempt."""
        raise NotImplementedError

    def message(self, finding: str) -> str:
        """One violation as people read it: what is wrong, what may come of it, what to do."""
        return f"{finding} This protects from {self.protects_from}. Fix: {self.fix}"

    def described(self, level: EnforcementLevel) -> "_Description":
        return {
            "name": self.id,
            "description": self.summary,
            "severity": self.severity,
            "tags": list(self.controls),
            "framework": _framework(self.controls),
            "remediation_steps": self.fix,
            "enforcement_level": level,
        }


class _Description(TypedDict):
    name: str
    description: str
    severity: Severity
    tags: list[str]
    framework: PolicyComplianceFramework | None
    remediation_steps: str
    enforcement_level: EnforcementLevel


def _framework(controls: tuple[str, ...]) -> PolicyComplianceFramework | None:
    if not controls:
        return None
    name, _, reference = controls[0].rpartition(" ")
    return PolicyComplianceFramework(name=name, reference=reference)


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """Decided on one resource, before it is made."""

    check: Callable[[ResourceValidationArgs], Findings]

    def policy(self, level: EnforcementLevel, exempt: IsExempt) -> Policy:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if args.resource_type not in self.on or exempt(self.id, args.name, args.urn):
                return
            try:
                for finding in self.check(args):
                    report(self.message(finding), None)
            except UnknownValueError as unknown:
                raise UndecidedError([_reason(args.name, unknown)]) from unknown

        return ResourceValidationPolicy(validate=validate, **self.described(level))


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """Decided on one resource in view of the others, when all are declared."""

    check: Callable[[PolicyResource, Stack], Findings]

    def policy(self, level: EnforcementLevel, exempt: IsExempt) -> Policy:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            stack = Stack(args.resources)
            undecided: list[str] = []
            for subject in stack.of(self.on):
                if exempt(self.id, subject.name, subject.urn):
                    continue
                try:
                    for finding in self.check(subject, stack):
                        report(self.message(finding), subject.urn)
                except UnknownValueError as unknown:
                    undecided.append(_reason(subject.name, unknown))
            if undecided:
                raise UndecidedError(undecided)

        return StackValidationPolicy(validate=validate, **self.described(level))


class _Declaration(TypedDict):
    on: Required[tuple[str, ...]]
    severity: Required[Severity]
    protects_from: Required[str]
    fix: Required[str]
    controls: NotRequired[tuple[str, ...]]
    only_in_production: NotRequired[bool]
    off_because: NotRequired[str]


def resource_rule(
    id: str, **declaration: Unpack[_Declaration]
) -> Callable[[Callable[[Props], Findings]], ResourceRule]:
    """A rule over the inputs of one resource; its docstring is the sentence shown to people."""

    def decorate(check: Callable[[Props], Findings]) -> ResourceRule:
        return ResourceRule(
            check=lambda args: check(args.props), **_metadata(id, check.__doc__, declaration)
        )

    return decorate


def options_rule(
    id: str, **declaration: Unpack[_Declaration]
) -> Callable[[Callable[[ResourceValidationArgs], Findings]], ResourceRule]:
    """A rule over one resource with its options; its docstring is shown to people."""

    def decorate(check: Callable[[ResourceValidationArgs], Findings]) -> ResourceRule:
        return ResourceRule(check=check, **_metadata(id, check.__doc__, declaration))

    return decorate


def stack_rule(
    id: str, **declaration: Unpack[_Declaration]
) -> Callable[[Callable[[PolicyResource, Stack], Findings]], StackRule]:
    """A rule over one resource in view of the others; its docstring is shown to people."""

    def decorate(check: Callable[[PolicyResource, Stack], Findings]) -> StackRule:
        return StackRule(check=check, **_metadata(id, check.__doc__, declaration))

    return decorate


class _Metadata(TypedDict):
    id: str
    on: tuple[str, ...]
    severity: Severity
    controls: tuple[str, ...]
    protects_from: str
    fix: str
    summary: str
    only_in_production: bool
    off_because: str


def _metadata(id: str, doc: str | None, declaration: _Declaration) -> _Metadata:
    return {
        "id": id,
        "on": declaration["on"],
        "severity": declaration["severity"],
        "controls": declaration.get("controls", ()),
        "protects_from": declaration["protects_from"],
        "fix": declaration["fix"],
        "summary": " ".join((doc or "").split()),
        "only_in_production": declaration.get("only_in_production", False),
        "off_because": declaration.get("off_because", ""),
    }
