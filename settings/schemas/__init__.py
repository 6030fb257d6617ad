"""JSON Schemas of the files that a user writes, for editors; `make schemas` writes them anew."""

import json
from pathlib import Path
from typing import Any

from settings.application import Application
from settings.load import PROJECT
from settings.stack import Stack

FOLDER = Path(__file__).resolve().parent


def application_schema() -> dict[str, Any]:
    """Of apps/NAME.yaml."""
    return Application.model_json_schema()


def stack_schema() -> dict[str, Any]:
    """Of Pulumi.STACK.yaml; other namespaces and the secrets' flat keys are left free."""
    schema = Stack.model_json_schema()
    definitions = schema.pop("$defs")
    return {
        "$defs": definitions,
        "title": "Stack file",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {
                    f"{PROJECT}:{key}": value for key, value in schema["properties"].items()
                },
                "patternProperties": {
                    f"^{PROJECT}:(secret\\..+|deploy_key)$": {
                        "type": "object",
                        "required": ["secure"],
                        "properties": {"secure": {"type": "string"}},
                        "additionalProperties": False,
                    },
                    f"^(?!{PROJECT}:)": {},
                },
                "required": [f"{PROJECT}:{key}" for key in schema["required"]],
                "additionalProperties": False,
            }
        },
        "required": ["config"],
    }


def written() -> dict[Path, str]:
    """Every schema file and what it should hold."""
    return {
        FOLDER / name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in {
            "application.json": application_schema(),
            "stack.json": stack_schema(),
        }.items()
    }
