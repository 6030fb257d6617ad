"""The two ways in which a gap is filled: a method that was missing, one that was wrong."""

import functools
from collections.abc import Callable
from typing import Any

Method = Callable[..., Any]


def adds(owner: type[Any]) -> Callable[[Method], Method]:
    """Give a class a method it lacks; refused where a newer moto has it after all."""

    def add(method: Method) -> Method:
        if hasattr(owner, method.__name__):
            raise TypeError(f"moto's {owner.__name__} has {method.__name__} by now")
        setattr(owner, method.__name__, method)
        return method

    return add


def mends(owner: type[Any], name: str) -> Callable[[Method], Method]:
    """Put a function in a method's place; the method comes first among its arguments."""

    def mend(replacement: Method) -> Method:
        original: Method = getattr(owner, name)

        @functools.wraps(original)
        def mended(*args: Any, **kwargs: Any) -> Any:
            return replacement(original, *args, **kwargs)

        setattr(owner, name, mended)
        return replacement

    return mend
