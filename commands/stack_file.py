"""Pulumi.STACK.yaml as a text: one release is changed, and every other character stays."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from commands.error import CommandError

CONFIG = "config"
RELEASES = "groundwork:releases"


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
    node = yaml.compose(text, yaml.SafeLoader)
    config = _value(node, CONFIG)
    if not isinstance(config, yaml.MappingNode) or config.flow_style or not config.value:
        raise CommandError(f"The stack's file has no `{CONFIG}:` with a key a line.")
    releases = _value(config, RELEASES)
    line = f"{application}: {_written(version)}"
    if isinstance(releases, yaml.MappingNode):
        changed = _in_mapping(text, releases, application, line, version)
    elif releases is None:
        key = config.value[0][0]
        indent = " " * key.start_mark.column
        changed = _inserted(text, _end(config), f"{indent}{RELEASES}:\n{indent}  {line}\n")
    else:
        raise CommandError(f"{RELEASES} in the stack's file is no group of applications.")
    _see_that_only_it_changed(text, changed, application, version)
    return changed


def _in_mapping(
    text: str, releases: yaml.MappingNode, application: str, line: str, version: str
) -> str:
    for key, value in releases.value:
        if key.value == application:
            return _replaced(text, value, _written(version))
    if releases.flow_style:
        before = text[: releases.end_mark.index - 1].rstrip()
        comma = "" if before.endswith(("{", ",")) else ","
        rest = text[releases.end_mark.index - 1 :]
        return f"{before}{comma}{'' if before.endswith('{') else ' '}{line}{rest}"
    indent = " " * releases.value[0][0].start_mark.column
    return _inserted(text, _end(releases), f"{indent}{line}\n")


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
    """As YAML reads it back as text: 1.10 alone would be a number."""
    return version if isinstance(yaml.safe_load(version), str) else f'"{version}"'


def _see_that_only_it_changed(before: str, after: str, application: str, version: str) -> None:
    wanted = cast(dict[str, Any], yaml.safe_load(before))
    wanted[CONFIG].setdefault(RELEASES, {})[application] = version
    if yaml.safe_load(after) != wanted:
        raise CommandError(
            f"{RELEASES}.{application} cannot be changed by itself in the stack's file.",
            f"Write it by hand: {application}: {_written(version)}",
        )
