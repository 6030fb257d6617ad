"""Pulumi.STACK.yaml as a text: one release or rotation changes, and every other character stays."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from commands.error import CommandError

CONFIG = "config"
TEXT = "tag:yaml.org,2002:str"
# What the engine's YAML takes for a number, as YAML 1.2 does, and Python's does not.
ENGINES_NUMBER = re.compile(r"0o[0-7]+|[0-9_]+(\.[0-9_]*)?[eE][-+]?[0-9]+")
RELEASES = "groundwork:releases"
ROTATIONS = "groundwork:rotations"


@dataclass(frozen=True)
class StackFile:
    path: Path

    def read(self) -> str:
        return self.path.read_text("utf-8")

    def write(self, text: str) -> None:
        """All of it or nothing, with the rights that it had."""
        unfinished = self.path.with_name(f".{self.path.name}.new")
        unfinished.write_text(text, "utf-8")
        unfinished.chmod(self.path.stat().st_mode & 0o7777)
        with unfinished.open() as written:
            os.fsync(written.fileno())
        unfinished.replace(self.path)


def with_release(text: str, application: str, version: str) -> str:
    """The file's text with this version of the application; CommandError where it has no place."""
    return _with_entry(text, RELEASES, application, version, _written(version))


def with_rotation(text: str, application: str, secret: str, stands: Mapping[str, Any]) -> str:
    """The file's text with a secret standing so; CommandError where it has no place."""
    config: dict[str, Any] = yaml.safe_load(text)[CONFIG]
    known: dict[str, dict[str, dict[str, Any]]] = config.get(ROTATIONS) or {}
    after: dict[str, dict[str, Any]] = {**known.get(application, {}), secret: dict(stands)}
    written = yaml.safe_dump(after, default_flow_style=True, sort_keys=False, width=10_000).strip()
    return _with_entry(text, ROTATIONS, application, after, written)


def _with_entry(text: str, group: str, application: str, value: object, written: str) -> str:
    node = yaml.compose(text, yaml.SafeLoader)
    config = _value(node, CONFIG)
    if not isinstance(config, yaml.MappingNode) or config.flow_style or not config.value:
        raise CommandError(f"The stack's file has no `{CONFIG}:` with a key a line.")
    entries = _value(config, group)
    if isinstance(entries, yaml.MappingNode):
        changed = _in_mapping(text, entries, application, written)
    elif entries is None:
        key = config.value[0][0]
        indent = " " * key.start_mark.column
        changed = _inserted(
            text, _end(config), f"{indent}{group}:\n{indent}  {application}: {written}\n"
        )
    else:
        raise CommandError(f"{group} in the stack's file is no group of applications.")
    _see_that_only_it_changed(text, changed, group, application, value, written)
    return changed


def _in_mapping(text: str, entries: yaml.MappingNode, application: str, written: str) -> str:
    line = f"{application}: {written}"
    for key, value in entries.value:
        if key.value == application:
            return _replaced(text, value, written)
    if entries.flow_style:
        before = text[: entries.end_mark.index - 1].rstrip()
        comma = "" if before.endswith(("{", ",")) else ","
        rest = text[entries.end_mark.index - 1 :]
        return f"{before}{comma}{'' if before.endswith('{') else ' '}{line}{rest}"
    indent = " " * entries.value[0][0].start_mark.column
    return _inserted(text, _end(entries), f"{indent}{line}\n")


def _replaced(text: str, value: yaml.Node, written: str) -> str:
    return text[: value.start_mark.index] + written + text[value.end_mark.index :]


def _inserted(text: str, at: int, lines: str) -> str:
    """Behind the line in which `at` lies."""
    end = text.find("\n", at)
    if end < 0:
        return f"{text}\n{lines}"
    return text[: end + 1] + lines + text[end + 1 :]


def _end(node: yaml.Node) -> int:
    """Where the last thing that is written in a node ends: behind it may be empty lines."""
    last = node
    while isinstance(last, yaml.MappingNode | yaml.SequenceNode) and last.value:
        if last.flow_style:
            break
        entry = last.value[-1]
        last = entry[1] if isinstance(last, yaml.MappingNode) else entry
    return last.end_mark.index


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _written(version: str) -> str:
    """As YAML reads it back as text: 1.10 alone would be a number, 2026-48-01 a day that is none,
    and the short name of a commit, 1234e56, a number to the engine."""
    node = yaml.compose(version, yaml.SafeLoader)
    text = node is not None and node.tag == TEXT and not ENGINES_NUMBER.fullmatch(version)
    return version if text else f'"{version}"'


def _see_that_only_it_changed(
    before: str, after: str, group: str, application: str, value: object, written: str
) -> None:
    wanted = cast(dict[str, Any], yaml.safe_load(before))
    wanted[CONFIG].setdefault(group, {})[application] = value
    try:
        well = yaml.safe_load(after) == wanted
    except yaml.YAMLError:
        well = False
    if not well:
        raise CommandError(
            f"{group}.{application} cannot be changed by itself in the stack's file.",
            f"Write it by hand: {application}: {written}",
        )
