"""The project's own stacks as the policy pack sees them."""

from collections.abc import Sequence
from functools import cache

from pulumi_policy import EnforcementLevel, Policy
from pulumi_policy.deserialize import deserialize_properties

from policies.catalogue import policies_for
from policies.testing import Declared
from settings.load import stack_configuration
from tests.recording import Registered
from tests.stacks import built


def enforced(stack: str) -> list[Policy]:
    """The policies that judge on that stack with its exemptions, and not those that only tell."""
    exemptions = stack_configuration(stack).get("groundwork:exemptions")
    return [
        policy
        for policy in policies_for(stack, exemptions)
        if policy.enforcement_level is not EnforcementLevel.DISABLED and policy.name != "exemption"
    ]


@cache
def declared(stack: str, changes: str = "{}") -> list[Declared]:
    """Every resource of a stack, with its options, its provider and its references.

    Changes to its configuration are JSON, so that the same ones are known again.
    """
    return as_declared(built(stack, changes).registered)


def as_declared(registered: Sequence[Registered]) -> list[Declared]:
    """Resources as a program declared them."""
    # As the SDK does before a rule sees them: a secret is what it holds.
    inputs = {each.urn: deserialize_properties(each.inputs) for each in registered}
    return [
        Declared(
            type=each.typ,
            props=inputs[each.urn],
            name=each.name,
            protect=each.protect,
            parent=each.parent or None,
            provider=inputs.get(each.provider.rpartition("::")[0]),
            recorded_urn=each.urn,
            references=each.references,
        )
        for each in registered
    ]
