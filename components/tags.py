"""Whose a resource is, as tags: the application that it serves, and which part of that."""

from collections.abc import Iterable, Mapping
from typing import cast

import pulumi

# Code without costs or data of its own, which no version of the provider before the sixth can tag.
UNTAGGED = "aws:cloudfront/function:Function"
SHARED = "shared"
"""Application of what serves all of them: network, load balancer, key, operations instance."""


def by_name(
    prefix: str, applications: Iterable[str], pools: Mapping[str, Iterable[str]]
) -> pulumi.ResourceTransformation:
    """Tags all that AWS lets one tag. Logical names say it: they begin with the application, or
    with the pool, behind the prefix of what is made for all.

    pools: pool → the applications on it.
    """
    owners = {pool: " ".join(on) or SHARED for pool, on in pools.items()}
    owners |= {application: application for application in applications}

    def tagged(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        # Only what can be tagged has the property, be it empty.
        if "tags" not in args.props or args.type_ == UNTAGGED:
            return None
        given = cast("Mapping[str, pulumi.Input[str]]", args.props["tags"] or {})
        tags = {**_whose(args.name.removeprefix(f"{prefix}-"), owners), **given}
        return pulumi.ResourceTransformationResult({**args.props, "tags": tags}, args.opts)

    return tagged


def _whose(name: str, owners: Mapping[str, str]) -> dict[str, str]:
    known = [key for key in owners if name == key or name.startswith(f"{key}-")]
    if not known:
        return {"application": SHARED, "component": name}
    key = max(known, key=len)
    # Hosts of a pool are alike, so they are one component.
    part = name.removeprefix(key).removeprefix("-") if owners[key] == key else key
    return {"application": owners[key], "component": part or key}
