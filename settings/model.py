"""The shapes that application files and stack files share."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict


class Model(BaseModel):
    """A part of a settings file: unknown keys are refused, values never change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Values = TypeVar("Values", bound=tuple[object, ...])


def each_once(values: Values) -> Values:
    """The values themselves; ValueError where one stands twice."""
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"must have each once, and {value} stands twice")
    return values


IN_WORDS = "patternErrorMessage"
"""Where a JSON Schema says in words what a text must be: editors for YAML show it too."""


def like(pattern: str, words: str, *, max_length: int | None = None) -> Any:
    """A field of text that matches a pattern; words say so to whoever wrote another."""
    return Field(pattern=pattern, max_length=max_length, json_schema_extra={IN_WORDS: words})


# YAML knows whole numbers and booleans: "3000" or "yes" in their place is a slip, not a value.
Whole = Annotated[int, Strict()]
Switch = Annotated[bool, Strict()]

Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
Days = Annotated[int, Strict(), Field(ge=1, le=3650)]
Seconds = Annotated[int, Strict(), Field(ge=1, le=86400)]
Percent = Annotated[int, Strict(), Field(ge=1, le=100)]

# Names become parts of AWS identifiers, host names and Linux users.
NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
NAME_WORDS = "must be lower-case letters and digits with single hyphens between, a letter first"
Name = Annotated[str, like(NAME, NAME_WORDS, max_length=20)]
ApplicationName = Annotated[str, like(NAME, NAME_WORDS, max_length=16)]
VariableName = Annotated[
    str,
    like(
        r"^[A-Z][A-Z0-9_]*$",
        "must be capital letters, digits and _, a letter first",
        max_length=128,
    ),
]
UrlPath = Annotated[
    str,
    like(
        r"^/[A-Za-z0-9._~/*-]*$",
        "must be a path that begins with /, of letters, digits, . _ ~ / - and *",
        max_length=128,
    ),
]
PlainPath = Annotated[
    str,
    like(
        r"^/[A-Za-z0-9._~/-]*$",
        "must be a path that begins with /, of letters, digits, . _ ~ / and -",
        max_length=128,
    ),
]
RoutePath = Annotated[
    str,
    like(
        r"^/[A-Za-z0-9._~/-]*[*]?$",
        "must be a path that begins with /; * stands at its end only: /api/* is all below /api",
        max_length=128,
    ),
]
Size = Annotated[
    str, like(r"^[1-9][0-9]*[KMG]$", "must be a whole number and K, M or G, for example 50M")
]
Cron = Annotated[
    str,
    like(
        r"^\S+ \S+ \S+ \S+ \S+$",
        "must be five fields with one space between (minute, hour, day, month, weekday), "
        "for example 0 2 * * *",
    ),
]
DatabaseName = Annotated[
    str, like(r"^[A-Za-z0-9_]+$", "must be letters, digits and _", max_length=63)
]
Engine = Literal["postgres", "mysql"]


def bytes_of(size: str) -> int:
    """Bytes of a size such as 50M; units are powers of 1024, as in nginx and systemd."""
    return int(size[:-1]) * {"K": 1024, "M": 1024**2, "G": 1024**3}[size[-1]]
