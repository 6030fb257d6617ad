"""Editors are told the truth: the schemas on disk are the models', and our own files fit them."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from settings.load import ROOT
from settings.schemas import application_schema, stack_schema, written

FILES = [
    *((path, application_schema()) for path in sorted((ROOT / "apps").glob("*.yaml"))),
    *((path, stack_schema()) for path in sorted(ROOT.glob("Pulumi.*.yaml"))),
]


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_the_schema_on_disk_is_up_to_date(path: Path) -> None:
    assert path.read_text("utf-8") == written()[path], "run: make schemas"


@pytest.mark.parametrize(("path", "schema"), FILES, ids=lambda value: getattr(value, "name", ""))
def test_our_files_fit_their_schema(path: Path, schema: dict[str, Any]) -> None:
    jsonschema.validate(json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")))), schema)


@pytest.mark.parametrize(("path", "schema"), FILES, ids=lambda value: getattr(value, "name", ""))
def test_our_files_name_their_schema(path: Path, schema: dict[str, Any]) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")

    assert json.loads((path.parent / named).read_text("utf-8")) == json.loads(json.dumps(schema))


def test_a_schema_refuses_an_unknown_key() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {"groundwork:durble": True}}, stack_schema())
