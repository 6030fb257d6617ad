"""Reads the application files and the stack's configuration, and reports every problem at once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from settings import agreement, limits, secrets
from settings.application import Application
from settings.documents import read
from settings.problem import Problem, SettingsError
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
    if settings is None or problems:
        raise SettingsError(problems)
    return settings


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


def stack_configuration(name: str, root: Path = ROOT) -> dict[str, str]:
    """Pulumi.NAME.yaml's plain values, as Pulumi would hand them to the program."""
    file = f"Pulumi.{name}.yaml"
    document = read(root / file, file)
    if isinstance(document, Problem):
        raise SettingsError([document])
    values: dict[str, Any] = document.get("config") or {}
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
        if not (isinstance(value, dict) and "secure" in value)
    }


def other_networks(name: str, root: Path) -> dict[str, str]:
    """Stack file → address range of the project's other stacks."""
    networks: dict[str, str] = {}
    for path in sorted(root.glob("Pulumi.*.yaml")):
        document = read(path, path.name)
        if path.name == f"Pulumi.{name}.yaml" or isinstance(document, Problem):
            continue
        values = cast(dict[str, object], document.get("config") or {})
        network = values.get(f"{PROJECT}:network")
        if isinstance(network, dict) and "cidr" in network:
            networks[path.name] = str(cast(dict[str, object], network)["cidr"])
    return networks


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
    try:
        return Stack.model_validate(document), []
    except ValidationError as error:
        faults = problems_of(error, file=file, model=Stack, document=document)
        return None, [_as_written(fault) for fault in faults]


def _as_written(fault: Problem) -> Problem:
    return Problem(
        file=fault.file,
        key=f"{PROJECT}:{fault.key}",
        value=fault.value,
        allowed=fault.allowed,
    )


def _decoded(value: str) -> object:
    """Pulumi hands structured values over as JSON, and plain ones as text."""
    try:
        decoded: object = json.loads(value)
    except ValueError:
        return value
    structured = isinstance(decoded, dict | list | bool)
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
    if isinstance(document, Problem):
        return [document]
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
