"""Supplied secrets: flat keys of the stack's configuration, checked and then forgotten.

Structured configuration reaches the program decrypted and unmarked, so a secret never stands in
it: each has a key of its own, groundwork:secret.APPLICATION.NAME.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from settings.application import SuppliedSecret
from settings.problem import Problem
from settings.tree import Settings

PREFIX = "secret."
DEPLOY_KEY = "deploy_key"
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----"

# What people leave behind when they copy an example; never a value in use.
PLACEHOLDER = re.compile(
    r"^(your[-_ ].*|change[-_ ]?me.*|password|secret|example.*|<.*>|x{3,}|todo|test)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A secret that a person must supply: its configuration key and what it must look like."""

    key: str
    purpose: str
    min_length: int
    pattern: str | None


def is_secret_key(key: str) -> bool:
    """Whether a configuration key (without its namespace) holds a secret."""
    return key.startswith(PREFIX) or key == DEPLOY_KEY


def configuration_key(application: str, name: str) -> str:
    """Key under which a supplied secret of an application stands."""
    return f"{PREFIX}{application}.{name}"


def wanted(settings: Settings) -> list[Wanted]:
    """Every secret that this stack needs from a person."""
    return [
        Wanted(
            key=configuration_key(name, key),
            purpose=secret.purpose,
            min_length=secret.min_length,
            pattern=secret.pattern,
        )
        for name, application in settings.applications.items()
        for key, secret in application.secrets.items()
        if isinstance(secret, SuppliedSecret)
    ]


def problems(settings: Settings, configuration: Mapping[str, str]) -> list[Problem]:
    """Missing, too short, misshapen, left-over and placeholder values; never the value itself."""
    file = f"Pulumi.{settings.name}.yaml"
    given = {
        key.removeprefix("groundwork:"): value
        for key, value in configuration.items()
        if key.startswith("groundwork:") and is_secret_key(key.removeprefix("groundwork:"))
    }
    needed = {secret.key: secret for secret in wanted(settings)}
    found = [
        Problem(file=file, key=f"groundwork:{key}", value=fault, allowed=allowed)
        for key, secret in needed.items()
        for fault, allowed in _faults(secret, given.get(key))
    ]
    if settings.has_machines_to_configure:
        found += _deploy_key(file, given.get(DEPLOY_KEY))
    found += [
        Problem(
            file=file,
            key=f"groundwork:{key}",
            value="not a secret of this stack",
            allowed=f"supplied secrets are {', '.join(needed) or 'none'}",
        )
        for key in given
        if key not in needed and key != DEPLOY_KEY
    ]
    return found


def in_plain_text(file: str, written: Mapping[str, object]) -> list[Problem]:
    """Those that stand in a stack's file for everybody to read; written: what is under config:."""
    return [
        Problem(
            file=file,
            key=key,
            value="written out",
            allowed=f"must be encrypted, and another one now that this one stood in a file: take "
            f"the line away, and pulumi config set --secret {key}",
        )
        for key, value in written.items()
        if key.startswith("groundwork:")
        and is_secret_key(key.removeprefix("groundwork:"))
        and not (isinstance(value, Mapping) and "secure" in value)
    ]


def _faults(secret: Wanted, value: str | None) -> Iterator[tuple[str, str]]:
    command = f"pulumi config set --secret groundwork:{secret.key}"
    if not value:
        yield "missing", f"{secret.purpose}: set it with {command}"
    elif len(value) < secret.min_length:
        yield (
            f"{len(value)} characters long",
            f"must have at least {secret.min_length}; set it with {command}",
        )
    elif value != value.strip() and "\n" not in value.strip():
        yield "a text with space around it", f"must be the value alone; set it with {command}"
    elif PLACEHOLDER.match(value):
        yield "a placeholder", f"must be the real value; set it with {command}"
    elif secret.pattern and not re.fullmatch(secret.pattern, value):
        yield "of another shape", f"must match {secret.pattern}; set it with {command}"


def _deploy_key(file: str, value: str | None) -> list[Problem]:
    command = f"pulumi config set --secret groundwork:{DEPLOY_KEY} < FILE"
    if value and value.startswith(PEM):
        return []
    return [
        Problem(
            file=file,
            key=f"groundwork:{DEPLOY_KEY}",
            value="of another shape" if value else "missing",
            allowed=f"must be an OpenSSH private key, ssh-keygen -t ed25519; set it with {command}",
        )
    ]
