"""The project's own files with something changed in them, in a folder of their own."""

import copy
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from settings.load import ROOT, load, supplied_secrets
from settings.problem import Problem, SettingsError
from settings.tree import Settings
from tests.stacks import DEPLOY_KEY, SUPPLIED

REMOVED = object()


def changed(document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The document with values set at dotted paths; REMOVED takes a key away."""
    result = copy.deepcopy(document)
    for path, wanted in changes.items():
        here: Any = result
        *steps, last = path.split("/")
        for step in steps:
            here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
        if wanted is REMOVED:
            del here[last]
            continue
        value = copy.deepcopy(wanted)
        if isinstance(here, list):
            here[int(last)] = value
        else:
            here[last] = value
    return result


APPLICATION = "threed-generator"


def written(document: object) -> str:
    """As YAML, fast."""
    return yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False)


class Project:
    """A copy of apps/ and the stack files, to spoil; with one application, so that a change
    meets no other one's needs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "apps", root / "apps")
        for path in ROOT.glob("Pulumi.*.yaml"):
            document = yaml.load(path.read_text(), yaml.CSafeLoader)
            for key in ("groundwork:applications", "groundwork:releases"):
                values = document["config"].get(key, {})
                document["config"][key] = {APPLICATION: values[APPLICATION]} if values else {}
            (root / path.name).write_text(written(document))

    def change_application(self, changes: Mapping[str, Any], name: str = APPLICATION) -> None:
        path = self.root / "apps" / f"{name}.yaml"
        document = changed(yaml.load(path.read_text(), yaml.CSafeLoader), changes)
        path.write_text(written(document))

    def change_stack(self, changes: Mapping[str, Any], stack: str = "prod") -> None:
        """Changes are by key, without the namespace: network/cidr."""
        path = self.root / f"Pulumi.{stack}.yaml"
        document = yaml.load(path.read_text(), yaml.CSafeLoader)
        document["config"] = changed(
            document["config"], {f"groundwork:{key}": value for key, value in changes.items()}
        )
        path.write_text(written(document))

    def configuration(self, stack: str = "prod", *, secrets: bool = True) -> dict[str, str]:
        text = (self.root / f"Pulumi.{stack}.yaml").read_text()
        values = yaml.load(text, yaml.CSafeLoader)["config"]
        configuration = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in values.items()
        }
        if secrets:
            configuration["groundwork:deploy_key"] = DEPLOY_KEY
            for secret in supplied_secrets(stack, configuration, self.root):
                configuration[f"groundwork:{secret.key}"] = SUPPLIED
        return configuration

    def load(self, stack: str = "prod", **given: str) -> Settings:
        """The settings; given replaces configuration values (a secret's, for example)."""
        return load(stack, {**self.configuration(stack), **given}, self.root)

    def problems(self, stack: str = "prod", **given: str) -> list[Problem]:
        """What is wrong; none where the settings load."""
        try:
            self.load(stack, **given)
        except SettingsError as error:
            return list(error.problems)
        return []
