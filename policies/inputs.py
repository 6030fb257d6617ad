"""Nested inputs of a resource, read without asking each time whether they were given."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

Props = Mapping[str, Any]


def block(props: Props, key: str) -> Props:
    """A nested block, empty where it was not given."""
    value: object = props.get(key)
    return cast(Props, value) if isinstance(value, Mapping) else {}


def blocks(props: Props, key: str) -> list[Props]:
    """Repeated blocks, none where they were not given."""
    return [cast(Props, value) for value in values(props, key) if isinstance(value, Mapping)]


def values(props: Props, key: str) -> list[Any]:
    """A list, empty where it was not given; a single value counts as a list of one."""
    value: object = props.get(key)
    if value is None:
        return []
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(cast(Sequence[Any], value))
    return [value]


def texts(props: Props, key: str) -> list[str]:
    """A list of texts, without what is none."""
    return [value for value in values(props, key) if isinstance(value, str)]


def text(props: Props, key: str) -> str:
    """A text, empty where it was not given."""
    return str(props.get(key) or "")


def number(props: Props, key: str, default: float = 0) -> float:
    """A number, or what AWS takes where none is given."""
    value: object = props.get(key)
    if isinstance(value, int | float):
        return value
    # Launch templates and some resources carry numbers and flags as text.
    return float(value) if isinstance(value, str) and value.isdigit() else default


def yes(props: Props, key: str) -> bool:
    """A flag that is on, whether the provider types it as a boolean or as text."""
    value: object = props.get(key)
    return value is True or value == "true"
