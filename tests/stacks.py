"""The project's own stacks as tests build them: their files, with secrets invented."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi

from components.platform import Platform
from settings.load import ROOT, load, stack_configuration, supplied_secrets
from settings.tree import Settings
from tests.recording import Engine

STACKS = ("local", "dev", "prod")
DEPLOY_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\ninvented\n-----END OPENSSH PRIVATE KEY-----\n"
SUPPLIED = "sk-invented-for-this-test-only-0123456789"


def configuration(
    stack: str, changes: Mapping[str, Any] | None = None, root: Path = ROOT
) -> dict[str, str]:
    """A stack's configuration as Pulumi hands it over; changes are by key, without namespace."""
    values = stack_configuration(stack, root)
    for key, value in (changes or {}).items():
        values[f"groundwork:{key}"] = value if isinstance(value, str) else json.dumps(value)
    values["groundwork:deploy_key"] = DEPLOY_KEY
    for secret in supplied_secrets(stack, values, root):
        values[f"groundwork:{secret.key}"] = SUPPLIED
    return values


def settings_of(
    stack: str, changes: Mapping[str, Any] | None = None, root: Path = ROOT
) -> Settings:
    """The settings of a stack of the project."""
    return load(stack, configuration(stack, changes, root), root)


def platform_of(
    stack: str, changes: Mapping[str, Any] | None = None, root: Path = ROOT
) -> Platform:
    """A stack's whole platform, against whatever engine is recording."""
    values = configuration(stack, changes, root)
    pulumi.runtime.set_all_config(
        values, [key for key in values if key.startswith("groundwork:secret.")]
    )
    return Platform("groundwork", load(stack, values, root))


def alone(stack: str, application: str) -> dict[str, Any]:
    """The changes which leave one application on a stack: a third of the time to build it."""
    values = stack_configuration(stack)
    return {
        key: {
            name: value for name, value in json.loads(values[full]).items() if name == application
        }
        for key in ("applications", "releases")
        if (full := f"groundwork:{key}") in values
    }


@cache
def built(stack: str, changes: str = "{}") -> Engine:
    """What the engine was told of a stack: built once, since it takes a second; only for reading.

    Changes are JSON, so that the same ones are known again.
    """
    engine = Engine()
    engine.attach(stack=stack)
    engine.build(lambda: platform_of(stack, json.loads(changes)))
    return engine
