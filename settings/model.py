"""The shapes that application files and stack files share."""

import re
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


# Of crontab(5): what each field is called, and its least and greatest number.
CRON_FIELDS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "weekday": (0, 7),
}
CRON_PART = re.compile(r"(\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")


def cron_fault(text: str) -> str | None:
    """What is wrong with the five fields of a schedule; names of days and months are not taken."""
    fields = dict(zip(CRON_FIELDS, text.split(), strict=True))
    for name, field in fields.items():
        least, greatest = CRON_FIELDS[name]
        for part in field.split(","):
            found = CRON_PART.fullmatch(part)
            numbers = [int(number) for number in found.groups()[1:3] if number] if found else [-1]
            if not all(least <= number <= greatest for number in numbers):
                return f"{name} must be * or numbers from {least} to {greatest}"
            if found and int(found[4] or 1) > greatest:
                return f"{name} has a step beyond {greatest} in {part}"
            if numbers != sorted(numbers):
                return f"{name} goes backwards in {part}: the smaller number comes first"
    if fields["day"] != "*" and fields["weekday"] != "*":
        # cron runs on either, systemd and EventBridge on both.
        return "must name days of the month or of the week, not both"
    longest = max(map(LONGEST_MONTHS.__getitem__, _numbers(fields["month"], 1, 12)))
    if min(_numbers(fields["day"], 1, 31)) > longest:
        return f"none of its months has a day {fields['day']}"
    return None


# Days of each month, February in a leap year.
LONGEST_MONTHS = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))


def _numbers(field: str, least: int, greatest: int) -> set[int]:
    """The numbers that a field of a schedule names."""
    named: set[int] = set()
    for part in field.split(","):
        found = CRON_PART.fullmatch(part)
        _, begin, end, step = found.groups() if found else (None, None, None, None)
        first = int(begin or least)
        # cron(5): a step counts on from a number to the greatest.
        last = int(end or (begin if begin and not step else greatest))
        named |= set(range(first, last + 1, int(step or 1)))
    return named


def bytes_of(size: str) -> int:
    """Bytes of a size such as 50M; units are powers of 1024, as in nginx and systemd."""
    return int(size[:-1]) * {"K": 1024, "M": 1024**2, "G": 1024**3}[size[-1]]
