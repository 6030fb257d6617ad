"""A service with everything it needs to start, whatever it starts on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.permissions import Statement
from settings.application import Service


@dataclass(frozen=True, kw_only=True)
class SecretReference:
    """A value that the service fetches where it runs: a secret, or one field of it."""

    arn: pulumi.Input[str]
    field: str = ""  # of the JSON that the secret holds; empty: the whole value
    generation: str = ""  # another text after a rotation, so that who uses it starts anew
    file: str = ""  # kept as a file of this name, whose path the variable then is


@dataclass(frozen=True, kw_only=True)
class Workload:
    application: str
    service: str
    shape: Service
    plain: Mapping[str, pulumi.Input[str]]  # variables that anyone may read
    secret: Mapping[str, SecretReference]
    statements: Mapping[str, Statement]  # purpose -> what it may do
    version: str | None  # of the release; None: nothing is released yet
    # Public values that are fixed in its image.
    built_with: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        return f"{self.application}-{self.service}"
