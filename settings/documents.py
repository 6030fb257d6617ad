"""Reads a YAML file, refusing what YAML would let pass in silence."""

from pathlib import Path
from typing import Any, cast

import yaml

from settings.problem import Problem


class _Duplicates(yaml.CSafeLoader):
    """A second key of the same name would replace the first without a word."""


def _mapping(loader: _Duplicates, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] PyYAML is untyped here
        line = key_node.start_mark.line + 1
        if key in seen:
            raise yaml.MarkedYAMLError(
                problem=f"the key {key} stands twice, on lines {seen[key]} and {line}",
                problem_mark=key_node.start_mark,
            )
        seen[key] = line
    return loader.construct_mapping(node, deep=True)


_Duplicates.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(path: Path, shown_as: str) -> dict[str, Any] | Problem:
    """The document, or what keeps it from being one."""
    try:
        document = yaml.load(path.read_text("utf-8"), _Duplicates)  # noqa: S506 - a SafeLoader
    except OSError as error:
        return Problem(
            file=shown_as, key="(the file)", value="", allowed=str(error.strerror or error)
        )
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else "(the file)"
        return Problem(
            file=shown_as, key=line, value="", allowed=f"not valid YAML: {error.problem}"
        )
    if not isinstance(document, dict):
        return Problem(file=shown_as, key="(the file)", value="", allowed="must be a group of keys")
    return cast(dict[str, Any], document)
