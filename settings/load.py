"""Reads the application files and the stack's configuration, and reports every problem at once."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from settings import agreement, limits, secrets
from settings.application import Application
from settings.documents import read
from settings.problem import Problem, SettingsError, outlined
from settings.stack import Stack
from settings.tree import Settings
from settings.wording import problems_of

PROJECT = "groundwork"
ROOT = Path(__file__).resolve().parent.parent


def load(name: str, configuration: Mapping[str, str], root: Path = ROOT) -> Settings:
    """The settings of a stack; SettingsError names every fault, and nothing has been touched.

    configuration is what Pulumi hands the program: groundwork:KEY → text, JSON where structured.
    Supplied secrets are checked for presence, length and pattern here, and then forgotten.
    """
    settings, problems = _tree(name, configuration, root)
    if settings is not None:
        problems += agreement.problems(settings, other_networks(name, root), root)
        problems += limits.problems(settings)
        problems += secrets.problems(settings, configuration)
    problems += _secrets_in_plain_text(name, root)
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


def _secrets_in_plain_text(name: str, root: Path) -> list[Problem]:
    file = f"Pulumi.{name}.yaml"
    values = _config(root / file, file)
    return [] if isinstance(values, list) else secrets.in_plain_text(file, values)


def without_secrets(name: str, configuration: Mapping[str, str], root: Path = ROOT) -> Settings:
    """The settings as their files have them, for who has no secrets and makes no resource."""
    settings, problems = _tree(name, configuration, root)
    if settings is None:
        raise SettingsError(problems)
    return settings


def stack(name: str, configuration: Mapping[str, str]) -> Stack:
    """A stack's own settings, by themselves: enough to prepare what it expects to find."""
    found, problems = _stack(f"Pulumi.{name}.yaml", configuration)
    if found is None:
        raise SettingsError(problems)
    return found


def supplied_secrets(
    name: str, configuration: Mapping[str, str], root: Path = ROOT
) -> list[secrets.Wanted]:
    """The secrets that a person must supply for a stack; a local stack invents them."""
    return secrets.wanted(without_secrets(name, configuration, root))


def stacks(root: Path = ROOT) -> list[str]:
    """The names of a project's stacks, by their files."""
    return [
        path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        for path in sorted(root.glob("Pulumi.*.yaml"))
    ]


def stack_configuration(name: str, root: Path = ROOT) -> dict[str, str]:
    """Pulumi.NAME.yaml's plain values, as Pulumi would hand them to the program."""
    file = f"Pulumi.{name}.yaml"
    values = _config(root / file, file)
    if isinstance(values, list):
        raise SettingsError(values)
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
        if not (isinstance(value, dict) and "secure" in value)
    }


def other_networks(name: str, root: Path) -> dict[str, str]:
    """Stack file → address range of the project's other stacks."""
    networks: dict[str, str] = {}
    for path in sorted(root.glob("Pulumi.*.yaml")):
        if path.name == f"Pulumi.{name}.yaml":
            continue
        values = _config(path, path.name)
        if isinstance(values, list):
            continue  # That stack's own run says so.
        network = values.get(f"{PROJECT}:network")
        if isinstance(network, dict) and "cidr" in network:
            networks[path.name] = str(cast(dict[str, object], network)["cidr"])
    return networks


def _config(path: Path, shown_as: str) -> dict[str, Any] | list[Problem]:
    """What a stack's file has under config:, by namespace:key."""
    document = read(path, shown_as)
    if isinstance(document, list):
        return [replace(fault, key=fault.key.removeprefix("config.")) for fault in document]
    config: object = document.get("config")
    if isinstance(config, dict):
        return cast(dict[str, Any], config)
    missing = "config" not in document
    return [
        Problem(
            file=shown_as,
            key="config",
            value="missing" if missing else outlined(config),
            allowed=f"must be a group of keys that begin with {PROJECT}:",
        )
    ]


def _tree(
    name: str, configuration: Mapping[str, str], root: Path
) -> tuple[Settings | None, list[Problem]]:
    known, problems = _stack(f"Pulumi.{name}.yaml", configuration)
    applications: dict[str, Application] = {}
    for application in known.applications if known else ():
        found = _application(application, root)
        if isinstance(found, Application):
            applications[application] = found
        else:
            problems += found
    if known is None or problems:
        return None, problems
    return Settings(name=name, stack=known, applications=applications), []


def _stack(file: str, configuration: Mapping[str, str]) -> tuple[Stack | None, list[Problem]]:
    document: dict[str, Any] = {}
    for key, value in configuration.items():
        namespace, _, key = key.partition(":")
        if namespace == PROJECT and not secrets.is_secret_key(key):
            document[key] = _decoded(value)
    strays = list(_strays(file, configuration))
    try:
        found = Stack.model_validate(document)
    except ValidationError as error:
        faults = problems_of(error, file=file, model=Stack, document=document)
        return None, [*strays, *(_as_written(fault) for fault in faults)]
    return (None, strays) if strays else (found, [])


def _strays(file: str, configuration: Mapping[str, str]) -> Iterator[Problem]:
    """Keys that were meant for this program, and would be taken for another one's."""
    for key in configuration:
        namespace, colon, name = key.partition(":")
        stray = not colon or get_close_matches(namespace, [PROJECT], cutoff=0.8)
        if namespace != PROJECT and stray:
            meant = f"{PROJECT}:{name if colon else key}"
            yield Problem(file=file, key=key, value="not a key", allowed=f"did you mean {meant}?")


def _as_written(fault: Problem) -> Problem:
    return replace(fault, key=f"{PROJECT}:{fault.key}")


def _decoded(value: str) -> object:
    """Pulumi hands structured values over as JSON, and plain ones as text."""
    try:
        decoded: object = json.loads(value)
    except ValueError:
        return value
    structured = decoded is None or isinstance(decoded, dict | list | bool)
    return cast(object, decoded) if structured else value


def _application(name: str, root: Path) -> Application | list[Problem]:
    file = f"apps/{name}.yaml"
    if not (root / file).is_file():
        known = sorted(path.stem for path in (root / "apps").glob("*.yaml"))
        return [
            Problem(
                file=file,
                key="(the file)",
                value="missing",
                allowed=f"applications are {', '.join(known) or 'none yet'}",
            )
        ]
    document = read(root / file, file)
    if isinstance(document, list):
        return document
    try:
        application = Application.model_validate(document)
    except ValidationError as error:
        return problems_of(error, file=file, model=Application, document=document)
    if application.name != name:
        return [
            Problem(
                file=file,
                key="name",
                value=f'"{application.name}"',
                allowed=f"must be {name}, as the file is called",
            )
        ]
    return application
