"""Turns the faults that pydantic finds into problems in the words of whoever wrote the file."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.model import IN_WORDS
from settings.problem import Problem, outlined, shown
from settings.secret_text import WITHHELD, is_secret

WHOLE = "must be a whole number"
SWITCH = "must be true or false"

DISCRIMINATOR = "kind"
"""The key by which every union of these models says which of its members is meant."""

Schema = dict[str, Any]


def problems_of(
    error: ValidationError, *, file: str, model: type[BaseModel], document: object
) -> list[Problem]:
    """Every fault once; of the many that a union reports, the one nearest to what was meant."""
    schema = _schema(model)
    seen: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for fault in error.errors(include_url=False):
        seen.setdefault(_path(fault, document), []).append(fault)
    return [
        Problem(
            file=file,
            key=".".join(path) or "(the whole file)",
            value=WITHHELD if _is_withheld(path, faults[0]) else _value(faults[0]),
            allowed=_together(dict.fromkeys(_allowed(fault, schema) for fault in faults)),
        )
        for path, of in seen.items()
        if (faults := _own(path, of, seen))
    ]


@cache
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _own(
    path: tuple[str, ...],
    faults: list[ErrorDetails],
    seen: Mapping[tuple[str, ...], list[ErrorDetails]],
) -> list[ErrorDetails]:
    """Without those that only follow from others: a list is too short for pydantic where an entry
    is wrong, and what a misspelt key holds is of no matter."""
    if any(fault["loc"][-1] == "[key]" for fault in faults):
        return [fault for fault in faults if fault["loc"][-1] == "[key]"]
    within = any(len(other) > len(path) and other[: len(path)] == path for other in seen)
    return [fault for fault in faults if not (within and fault["type"] == "too_short")]


def _is_withheld(path: tuple[str, ...], fault: ErrorDetails) -> bool:
    """Whether what stands there may be a secret, as where one is declared."""
    if fault["loc"][-1:] == ("[key]",) or fault["type"] in ("missing", "extra_forbidden"):
        return False
    value: object = fault["input"]
    declared = path[:-1] == ("secrets",) and isinstance(value, str | int)
    return declared or (bool(path) and is_secret(path[-1], value))


def _together(allowed: Iterable[str]) -> str:
    """One sentence of several: must be text or a whole number."""
    first, *others = allowed
    return " or ".join([first, *(other.removeprefix("must be ") for other in others)])


def _path(fault: ErrorDetails, document: object) -> tuple[str, ...]:
    """The keys as they stand in the file: a union's tags and type names are no keys of it."""
    location = fault["loc"]
    if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
        location = (*location, DISCRIMINATOR)
    path: list[str] = []
    here: object = document
    last = len(location) - 1
    tagged = False
    for index, step in enumerate(location):
        if isinstance(here, Mapping):
            inner = cast(Mapping[object, object], here)
            # The kind that was chosen may be the name of a key as well: node.
            if not tagged and index < last and step == inner.get(DISCRIMINATOR):
                tagged = True
                continue
            tagged = False
            if step in inner:
                path.append(str(step))
                here = inner[step]
            elif step == "[key]":
                continue
            elif index == last and not _is_type_name(str(step)):
                path.append(str(step))
        elif isinstance(here, Sequence) and not isinstance(here, str) and isinstance(step, int):
            items = cast(Sequence[object], here)
            path.append(str(step))
            here = items[step] if step < len(items) else None
    return tuple(path)


# The branches of the unions in these models, as pydantic names them in a location.
_TYPE_NAMES = frozenset({"str", "int", "bool", "float", "constrained-str"})


def _is_type_name(step: str) -> bool:
    return step in _TYPE_NAMES or step.startswith(("literal[", "constrained-", "function-"))


def _value(fault: ErrorDetails) -> str:
    match fault["type"]:
        case "missing" | "union_tag_not_found":
            return "missing"
        case "extra_forbidden":
            return "not a key"
        case "union_tag_invalid":
            return shown(fault["input"][DISCRIMINATOR])
        case _:
            return outlined(fault["input"])


def _allowed(fault: ErrorDetails, schema: Schema) -> str:
    kind = fault["type"]
    context: dict[str, Any] = fault.get("ctx", {})
    match kind:
        case "missing":
            return "it must be given"
        case "extra_forbidden":
            return _known_keys(fault["loc"], schema)
        case "int_type" | "int_parsing" | "int_from_float":
            return WHOLE
        case "bool_type" | "bool_parsing":
            return SWITCH
        case "float_type":
            return "must be a number"
        case "string_type":
            number = isinstance(fault["input"], int | float)
            return "must be text, in quotes" if number else "must be text"
        case "tuple_type" | "list_type":
            return "must be a list, as [one, two]"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "must be a group of keys"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "string_too_short":
            return f"must have at least {context['min_length']} characters"
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case "too_short":
            return f"must have {context['min_length']} or more entries"
        case "too_long":
            return f"must have at most {context['max_length']} entries"
        case "string_pattern_mismatch":
            return _shapes(schema).get(context["pattern"], f"must match {context['pattern']}")
        case "literal_error":
            return f"must be one of {context['expected']}"
        case "union_tag_invalid":
            return f"must be one of {context['expected_tags']}"
        case "union_tag_not_found":
            kinds = ", ".join(map(repr, _kinds(fault["loc"], schema)))
            return f"must be one of {kinds}"
        case "value_error":
            return str(context["error"])
        case "ip_v4_network" | "ip_any_network":
            return "must be an IPv4 network such as 10.20.0.0/16, with no host bits set"
        case _:
            return fault["msg"][0].lower() + fault["msg"][1:]


def _shapes(node: object) -> dict[str, str]:
    """Pattern → what a text must be that matches it, as the models say beside each."""
    found: dict[str, str] = {}
    if isinstance(node, dict):
        inner = cast(Schema, node)
        said: str | None = inner.get(IN_WORDS)
        if said and isinstance(inner.get("pattern"), str):
            found[inner["pattern"]] = said
        # The pattern of a group's keys is itself the key of what they hold.
        said = inner.get("propertyNames", {}).get(IN_WORDS)
        if said:
            found |= dict.fromkeys(inner.get("patternProperties", {}), said)
        for value in inner.values():
            found |= _shapes(value)
    elif isinstance(node, list):
        for value in cast(list[object], node):
            found |= _shapes(value)
    return found


def _kinds(location: tuple[int | str, ...], schema: Schema) -> list[str]:
    """The kinds that the union at a place has."""
    return list(_node_at(location, schema).get("discriminator", {}).get("mapping", {}))


def _known_keys(location: tuple[int | str, ...], schema: Schema) -> str:
    """The keys allowed where an unknown one stands, the likeliest first where one is near."""
    known = list(_node_at(location[:-1], schema).get("properties", {}))
    near = get_close_matches(str(location[-1]), known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}allowed are {', '.join(known)}" if known else "remove it"


def _node_at(location: tuple[int | str, ...], schema: Schema) -> Schema:
    here = schema
    for step in location:
        here = _resolve(here, schema)
        if "properties" in here and step in here["properties"]:
            here = here["properties"][step]
        elif "prefixItems" in here or "items" in here:
            here = here.get("items", {})
        elif isinstance(here.get("additionalProperties"), dict) and "oneOf" not in here:
            here = here["additionalProperties"]
        elif "patternProperties" in here:
            here = next(iter(here["patternProperties"].values()))
        elif "oneOf" in here or "anyOf" in here:
            here = _branch(here, str(step), schema)
    return _resolve(here, schema)


def _resolve(node: Schema, schema: Schema) -> Schema:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _branch(node: Schema, tag: str, schema: Schema) -> Schema:
    """The member of a union that a tag names; of an optional group, the group."""
    mapping: dict[str, str] = node.get("discriminator", {}).get("mapping", {})
    if tag in mapping:
        return _resolve({"$ref": mapping[tag]}, schema)
    for option in node.get("oneOf", node.get("anyOf", [])):
        resolved = _resolve(option, schema)
        if tag in resolved.get("properties", {}):
            return resolved["properties"][tag]
    return {}
