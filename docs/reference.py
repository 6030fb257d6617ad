"""Writes reference.md, every key of the two settings files: `python -m docs.reference`.

The models are the only source: names, bounds, defaults and sentences all come from them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from settings.application import Application
from settings.model import IN_WORDS
from settings.stack import Stack

PAGE = Path(__file__).with_suffix(".md")
Schema = dict[str, Any]

HEAD = """# Settings reference

Every key of the two kinds of file, written from the models in `settings/` by
`python -m docs.reference`. [The guide](guide.md) says what to do with them. An unknown key is an
error, not a comment.
"""
PARTS = (
    ("apps/NAME.yaml: what an application is", Application),
    ("Pulumi.STACK.yaml: how much a stack has", Stack),
)
STACK_NOTE = """
Each key stands under `config:` with `groundwork:` in front, for example `groundwork:region`.
Supplied secrets are not in this tree: each has a key of its own, set with
`pulumi config set --secret groundwork:secret.APPLICATION.NAME`, and the private half of the deploy
key with `pulumi config set --secret groundwork:deploy_key < FILE`.
"""
PRIMITIVES = {"string": "text", "integer": "whole number", "number": "number", "null": "nothing"}


def page() -> str:
    parts = [HEAD]
    for title, model in PARTS:
        schema = model.model_json_schema()
        parts.append(f"\n## {title}\n")
        if model is Stack:
            parts.append(STACK_NOTE)
        parts += [section(name, schema) for name in reachable(model, schema)]
    return "".join(parts)


def reachable(model: type[BaseModel], schema: Schema) -> list[str]:
    """The file itself, then each group of keys in the order in which it is first met."""
    found = [model.__name__]
    for name in found:
        for key in referred(group(name, schema)):
            if key not in found:
                found.append(key)
    return found


def group(name: str, schema: Schema) -> Schema:
    return schema if schema["title"] == name else schema["$defs"][name]


def referred(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.rsplit("/", 1)[1]
            elif key not in {"$defs", "discriminator", "default"}:
                yield from referred(value)
    elif isinstance(node, list):
        for value in node:
            yield from referred(value)


def section(name: str, schema: Schema) -> str:
    of = group(name, schema)
    rows = [
        f"| `{key}` | {value(property)} | {default(key, property, of)} | {said(property, schema)} |"
        for key, property in of["properties"].items()
    ]
    return "\n".join(
        [
            f"\n### {name}\n",
            f"{sentence(of)}\n",
            "| key | value | default | |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def sentence(node: Schema) -> str:
    return " ".join(node.get("description", "").split()).replace("|", r"\|")


def said(node: Schema, schema: Schema) -> str:
    """What a key is for: its own sentence, or that of the one group that it holds."""
    groups = list(referred(node))
    return sentence(node) or (sentence(group(groups[0], schema)) if len(groups) == 1 else "")


def default(key: str, node: Schema, of: Schema) -> str:
    if key in of.get("required", ()):
        return "required"
    # A group that may be left out has the defaults of its own keys.
    value = node.get("default")
    if value is None or value in ({}, []) or isinstance(value, dict):
        return ""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case list():
            return ", ".join(f"`{each}`" for each in value)
        case _:
            return f"`{value}`"


def value(node: Schema) -> str:
    """What may stand there, in words."""
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if choices := node.get("anyOf") or node.get("oneOf"):
        return " or ".join(value(choice) for choice in choices if choice.get("type") != "null")
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return ", ".join(f"`{choice}`" for choice in node["enum"])
    match node.get("type"):
        case "boolean":
            return "`true`, `false`"
        case "array":
            return f"list of {value(node['items'])}{counted(node)}"
        case "object":
            return f"name → {value(inner(node))}"
        case kind:
            return bounded(PRIMITIVES[str(kind)], node)


def inner(node: Schema) -> Schema:
    if "patternProperties" in node:
        return next(iter(node["patternProperties"].values()))
    return node["additionalProperties"]


def counted(node: Schema) -> str:
    least, most = node.get("minItems"), node.get("maxItems")
    if least and most:
        return f" ({least} to {most})"
    return f" ({least} at least)" if least else ""


def bounded(word: str, node: Schema) -> str:
    if node.get("format") == "ipv4network":
        return "IPv4 network"
    least, most = node.get("minimum"), node.get("maximum")
    if least is not None and most is not None:
        return f"{word}, {least} to {most}"
    if least is not None:
        return f"{word}, {least} or more"
    if IN_WORDS in node:
        return f"{word}: {node[IN_WORDS].removeprefix('must be ')}".replace("|", r"\|")
    if "pattern" in node:
        return f"{word} matching `{node['pattern']}`".replace("|", r"\|")
    return word


if __name__ == "__main__":
    PAGE.write_text(page())
