"""The shapes that application files and stack files share."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict


class Model(BaseModel):
    """A part of a settings file: unknown keys are refused, values never change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


# YAML knows whole numbers and booleans: "3000" or "yes" in their place is a slip, not a value.
Whole = Annotated[int, Strict()]
Switch = Annotated[bool, Strict()]

Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
Days = Annotated[int, Strict(), Field(ge=1, le=3650)]
Seconds = Annotated[int, Strict(), Field(ge=1, le=86400)]
Percent = Annotated[int, Strict(), Field(ge=1, le=100)]

# Names become parts of AWS identifiers, host names and Linux users.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=20)]
ApplicationName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=16)]
VariableName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=128)]
UrlPath = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/*-]*$", max_length=128)]
Size = Annotated[str, Field(pattern=r"^[1-9][0-9]*[KMG]$", description="for example 50M")]
Cron = Annotated[
    str, Field(pattern=r"^\S+ \S+ \S+ \S+ \S+$", description="five fields, for example 0 2 * * *")
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
    if fields["day"] != "*" and fields["weekday"] != "*":
        # cron runs on either, systemd and EventBridge on both.
        return "must name days of the month or of the week, not both"
    return None


def bytes_of(size: str) -> int:
    """Bytes of a size such as 50M; units are powers of 1024, as in nginx and systemd."""
    return int(size[:-1]) * {"K": 1024, "M": 1024**2, "G": 1024**3}[size[-1]]
