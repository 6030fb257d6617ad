"""How a rule is proved: one good set of resources, and one thing spoilt at a time."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from policies.rule import Rule
from policies.testing import UNKNOWN, Declared

Stack = list[Declared]
Change = Callable[[Stack], Stack]
Spoilt = Mapping[str, Any] | Change

ABSENT = object()
"""The property is not given at all."""


@dataclass(frozen=True)
class Case:
    """A rule, resources that pass it, and changes after which the first of them fails it.

    A change is written as {path: value} on the first resource, or made by the functions below.
    `unknown` leaves the rule undecided; it is None only for a rule that reads nothing which
    could be unknown, and then `decided` says why.
    """

    rule: Rule
    good: Sequence[Declared]
    refused: Sequence[Spoilt]
    unknown: Spoilt | None = None
    allowed: Sequence[Spoilt] = field(default=())
    decided: str = ""


def changed(stack: Sequence[Declared], change: Spoilt) -> Stack:
    """The resources after one change."""
    if callable(change):
        return change(list(stack))
    return on(stack[0].name, change)(list(stack))


def on(name: str, change: Mapping[str, Any]) -> Change:
    """Set properties of the resource of that name; a key may be a dotted path."""

    def apply(stack: Stack) -> Stack:
        assert any(each.name == name for each in stack), f"no resource {name}"
        return _relinked([_with(each, change) if each.name == name else each for each in stack])

    return apply


def options(name: str, /, **changes: Any) -> Change:
    """Change the options of the resource of that name."""

    def apply(stack: Stack) -> Stack:
        assert any(each.name == name for each in stack), f"no resource {name}"
        return _relinked(
            [replace(each, **changes) if each.name == name else each for each in stack]
        )

    return apply


def as_type(type: str, props: Mapping[str, Any]) -> Change:
    """The first resource is another one, under the same name."""
    return lambda stack: [replace(stack[0], type=type, props=props), *stack[1:]]


def without(name: str) -> Change:
    """Leave the resource of that name out."""

    def apply(stack: Stack) -> Stack:
        assert any(each.name == name for each in stack), f"no resource {name}"
        return [each for each in stack if each.name != name]

    return apply


def plus(*more: Declared) -> Change:
    """Add resources."""
    return lambda stack: [*stack, *more]


def both(*changes: Spoilt) -> Change:
    """Several changes, one after the other."""

    def apply(stack: Stack) -> Stack:
        for change in changes:
            stack = changed(stack, change)
        return stack

    return apply


def unknown(path: str) -> Mapping[str, Any]:
    """The property is known only after the update."""
    return {path: UNKNOWN}


def _with(declared: Declared, change: Mapping[str, Any]) -> Declared:
    props = _copied(declared.props)
    for path, value in change.items():
        _set(props, path.split("."), value)
    return replace(declared, props=props)


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(each) for key, each in cast(Mapping[str, Any], value).items()}
    if isinstance(value, list):
        return [_copied(each) for each in cast(list[Any], value)]
    return value if isinstance(value, Declared) else copy.copy(value)


def _set(props: Any, path: list[str], value: Any) -> None:
    *parents, last = path
    for key in parents:
        if isinstance(props, dict):
            props = cast(dict[str, Any], props).setdefault(key, {})
        else:
            props = props[int(key)]
    if value is ABSENT:
        assert last in props, f"{'.'.join(path)} is not there to be left out"
        del props[last]
    elif isinstance(props, list):
        props[int(last)] = value
    else:
        props[last] = value


def _relinked(stack: Stack) -> Stack:
    """References still point at the resources of before the change: point them at the new."""
    current = {each.name: each for each in stack}

    def link(value: Any) -> Any:
        if isinstance(value, Declared):
            return current.get(value.name, value)
        if isinstance(value, Mapping):
            return {key: link(each) for key, each in cast(Mapping[str, Any], value).items()}
        if isinstance(value, list):
            return [link(each) for each in cast(list[Any], value)]
        return value

    return [replace(each, props=link(each.props)) for each in stack]
