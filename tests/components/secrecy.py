"""How the engine marks a secret on the wire: what is marked so is encrypted in the state."""

from collections.abc import Mapping
from typing import Any

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


def is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET


def opened(value: Any) -> Any:
    """What is inside; refused where nothing kept it secret."""
    assert is_secret(value), f"not marked secret: {value!r}"
    return value["value"]
