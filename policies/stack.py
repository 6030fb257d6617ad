"""The whole stack as a rule sees it: which resource points at which, known or not yet."""

from collections.abc import Callable, Iterable

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

from policies.inputs import values

# What other resources call a resource by, once it exists.
_IDENTIFIERS = ("id", "arn", "bucket", "name", "clusterIdentifier")


class Stack:
    def __init__(self, resources: Iterable[PolicyResource]) -> None:
        self._resources = list(resources)

    def of(self, types: tuple[str, ...]) -> list[PolicyResource]:
        """The resources of those types."""
        return [resource for resource in self._resources if resource.resource_type in types]

    def pointing_at(
        self, target: PolicyResource, types: tuple[str, ...], *, by: str
    ) -> list[PolicyResource]:
        """The resources of those types whose property `by` refers to the target."""
        return [source for source in self.of(types) if refers(source, by, target)]

    def referred(
        self, source: PolicyResource, by: str, types: tuple[str, ...]
    ) -> list[PolicyResource]:
        """The resources of those types which the source's property `by` refers to."""
        return [target for target in self.of(types) if refers(source, by, target)]


def refers(source: PolicyResource, by: str, target: PolicyResource) -> bool:
    """Whether the engine saw the property come from the target, or the value names it."""
    return _comes_from(source, by, target) or _names(source, by, target)


def _comes_from(source: PolicyResource, by: str, target: PolicyResource) -> bool:
    for origin in source.property_dependencies.get(by, []):
        if origin.urn == target.urn:
            return True
        # A part of the target may hand its name on, so that what takes it comes after the part.
        if any(_comes_from(origin, key, target) for key in {by, "bucket"}):
            return True
    return False


def _names(source: PolicyResource, by: str, target: PolicyResource) -> bool:
    try:
        named = values(source.props, by)
    except UnknownValueError:
        return False
    return any(name is not None and name in named for name in map(_known(target), _IDENTIFIERS))


def _known(resource: PolicyResource) -> Callable[[str], str | None]:
    def look_up(key: str) -> str | None:
        try:
            value = resource.props.get(key)
        except UnknownValueError:
            return None
        return value if isinstance(value, str) else None

    return look_up
