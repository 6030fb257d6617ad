"""Reads a YAML file, refusing what YAML would let pass in silence."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml

from settings.problem import Problem
from settings.secret_text import WITHHELD, is_secret


def read(path: Path, shown_as: str) -> dict[str, Any] | list[Problem]:
    """The document, or all that keeps it from being one."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        return [_whole(shown_as, "", str(error.strerror or error))]
    except UnicodeDecodeError as error:
        return [_whole(shown_as, f"no UTF-8 at byte {error.start + 1}", "must be saved as UTF-8")]
    try:
        root = yaml.compose(text, yaml.CSafeLoader)
        faults = list(_faults(root, (), set()))
        document = None if faults else yaml.load(text, yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        return [_unreadable(shown_as, error, text)]
    except yaml.YAMLError as error:
        return [_whole(shown_as, "", f"not valid YAML: {str(error).splitlines()[0]}")]
    except RecursionError:
        return [_whole(shown_as, "", "groups and lists lie too deep within one another")]
    if faults:
        return [
            Problem(file=shown_as, key=key, value=value, allowed=allowed)
            for key, value, allowed in faults
        ]
    if document is None:
        return [_whole(shown_as, "empty", "must be a group of keys")]
    if not isinstance(document, dict):
        value = "a list" if isinstance(document, list) else "one value"
        return [_whole(shown_as, value, "must be a group of keys")]
    return cast(dict[str, Any], document)


def _whole(file: str, value: str, allowed: str) -> Problem:
    return Problem(file=file, key="(the file)", value=value, allowed=allowed)


# Begin with what the parser says; it names what it wanted, not what a person did.
HINTS = {
    "found character that cannot start any token": "a value that begins with it needs quotes",
    "did not find expected alphabetic or numeric": "a value that begins with * or & needs quotes",
    "did not find expected key": "look how this line and those around it are indented",
    "did not find expected '-'": "look how this line and those around it are indented",
    "mapping values are not allowed": "look how this line and those around it are indented",
    "could not find expected ':'": "a key needs a colon and a space behind it",
    "could not determine a constructor": "tags with ! are not taken",
}


def _unreadable(file: str, error: yaml.MarkedYAMLError, text: str) -> Problem:
    """What the parser says, and what a person most likely did."""
    if error.problem_mark is None:
        return _whole(file, "", f"not valid YAML: {error.problem}")
    number, said = error.problem_mark.line, str(error.problem)
    line = text.splitlines()[number] if number < len(text.splitlines()) else ""
    hint = next((hint for begin, hint in HINTS.items() if said.startswith(begin)), "")
    if "\t" in line[: len(line) - len(line.lstrip())]:
        hint = "a line is indented with spaces, and a tab stands here"
    allowed = f"not valid YAML: {said}{': ' if hint else ''}{hint}"
    return Problem(file=file, key=f"line {number + 1}", value="", allowed=allowed)


TAG = "tag:yaml.org,2002:"

Fault = tuple[str, str, str]
"""Key, value and what is allowed."""


def _faults(node: yaml.Node | None, path: tuple[str, ...], seen: set[int]) -> Iterator[Fault]:
    """What stands twice, is no name of a key, or is one value to this reader and another to others.

    seen: nodes that were looked at, since an alias leads to one of them again.
    """
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield from _faults_of_keys(node, path)
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield from _faults(value, (*path, str(key.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(cast(list[yaml.Node], node.value)):
            yield from _faults(value, (*path, str(index)), seen)
    elif isinstance(node, yaml.ScalarNode) and _is_ambiguous(node):
        value = cast(str, node.value)
        hidden = bool(path) and is_secret(path[-1], value)
        yield ".".join(path), WITHHELD if hidden else value, _unambiguous(node)


def _faults_of_keys(node: yaml.MappingNode, path: tuple[str, ...]) -> Iterator[Fault]:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            where = ".".join(path) or "(the file)"
            yield where, f"a group on line {line}", "a value that begins with { needs quotes"
            continue
        name = str(key.value)
        here = ".".join((*path, name))
        if name in lines:
            twice = f"the key {name} stands twice, on lines {lines[name]} and {line}"
            yield here, "given twice", twice
        lines[name] = line
        if key.tag not in (f"{TAG}str", f"{TAG}merge"):
            yield here, f"no text on line {line}", "a key must be text: quote it"


# 1e5, .5 and 0o17: numbers to other readers of YAML, text to this one.
OTHERS_NUMBER = re.compile(r"0o[0-7]+|[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?")


def _is_ambiguous(node: yaml.ScalarNode) -> bool:
    """Whether readers of YAML differ about a value: YAML 1.1 takes NO for false, 12:30 for 750,
    0755 for 493 and 1.10 for 1.1, and a variable would reach its service as that."""
    if node.style:  # quoted, or a block
        return False
    text: str = node.value
    match node.tag.removeprefix(TAG):
        case "bool":
            return text.lower() not in ("true", "false")
        case "int":
            return not re.fullmatch(r"0|-?[1-9]\d{0,14}", text)
        case "float":
            return not re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text) or str(float(text)) != text
        case "timestamp":
            return True
        case "str":
            return bool(OTHERS_NUMBER.fullmatch(text))
        case _:
            return False


def _unambiguous(node: yaml.ScalarNode) -> str:
    if node.tag == f"{TAG}bool":
        return "must be true or false, or in quotes where it is text"
    return "must be in quotes where it is text, or a number in its plainest form"
