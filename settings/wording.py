"""Turns the faults that pydantic finds into problems in the words of whoever wrote the file."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.problem import Problem, shown

WHOLE = "must be a whole number"
SWITCH = "must be true or false"


def problems_of(
    error: ValidationError, *, file: str, model: type[BaseModel], document: object
) -> list[Problem]:
    """Every fault once; of the many that a union reports, the one nearest to what was meant."""
    seen: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for fault in error.errors(include_url=False):
        seen.setdefault(_path(fault["loc"], document), []).append(fault)
    return [
        Problem(
            file=file,
            key=".".join(path) or "(the whole file)",
            value=_value(faults[0]),
            allowed=" or ".join(dict.fromkeys(_allowed(fault, model) for fault in faults)),
        )
        for path, faults in seen.items()
    ]


def _path(location: tuple[int | str, ...], document: object) -> tuple[str, ...]:
    """The keys as they stand in the file: a union's tags and type names are no keys of it."""
    path: list[str] = []
    here: object = document
    last = len(location) - 1
    for index, step in enumerate(location):
        if isinstance(here, Mapping):
            inner = cast(Mapping[object, object], here)
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
    if fault["type"] == "missing":
        return "missing"
    if fault["type"] == "extra_forbidden":
        return "not a key"
    value: object = fault["input"]
    if isinstance(value, Mapping):
        return "a group of keys"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return shown(value)


def _allowed(fault: ErrorDetails, model: type[BaseModel]) -> str:
    kind = fault["type"]
    context: dict[str, Any] = fault.get("ctx", {})
    match kind:
        case "missing":
            return "it must be given"
        case "extra_forbidden":
            return _known_keys(fault["loc"], model)
        case "int_type" | "int_parsing" | "int_from_float":
            return WHOLE
        case "bool_type" | "bool_parsing":
            return SWITCH
        case "float_type":
            return "must be a number"
        case "string_type":
            return "must be text"
        case "tuple_type" | "list_type":
            return "must be a list"
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
            return f"must have at least {context['min_length']} entries"
        case "too_long":
            return f"must have at most {context['max_length']} entries"
        case "string_pattern_mismatch":
            return f"must match {context['pattern']}"
        case "literal_error":
            return f"must be one of {context['expected']}"
        case "union_tag_invalid":
            return f"must be one of {context['expected_tags']}"
        case "union_tag_not_found":
            return "must say its kind"
        case "ip_v4_network" | "ip_any_network":
            return "must be an IPv4 network such as 10.20.0.0/16, with no host bits set"
        case _:
            return fault["msg"][0].lower() + fault["msg"][1:]


def _known_keys(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """The keys allowed where an unknown one stands, the likeliest first where one is near."""
    known = _fields_at(location[:-1], model)
    near = get_close_matches(str(location[-1]), known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}allowed are {', '.join(known)}" if known else "remove it"


def _fields_at(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    schema = model.model_json_schema()
    here: dict[str, Any] = schema
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
    here = _resolve(here, schema)
    return list(here.get("properties", {}))


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _branch(node: dict[str, Any], tag: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The member of a union that a tag names; of an optional group, the group."""
    mapping: dict[str, str] = node.get("discriminator", {}).get("mapping", {})
    if tag in mapping:
        return _resolve({"$ref": mapping[tag]}, schema)
    for option in node.get("oneOf", node.get("anyOf", [])):
        resolved = _resolve(option, schema)
        if tag in resolved.get("properties", {}):
            return resolved["properties"][tag]
    return {}
