"""Carries property values to Terraform's form and back, field by field along a kind's schema."""

import json
from typing import Any, cast

from localcloud.standins.aws import assets
from localcloud.standins.aws.schema import MAP, Block, NestedBlock, Shape
from localcloud.standins.aws.sdk import camel
from localcloud.standins.values import UNKNOWN, Tagged, has_unknown

Values = dict[str, Any]
NOTHING = Shape()


def to_terraform(properties: Values, block: Block) -> Values:
    """A complete configuration of a block: every field is there, null where nothing was given."""
    values: Values = {
        name: _to_type(_given(properties, field.pulumi, name), field.type, field.shape)
        for name, field in block.attributes.items()
    }
    for name, nested in block.blocks.items():
        values[name] = _to_blocks(_given(properties, nested.pulumi, name), nested)
    return values


def _to_blocks(given: Any, nested: NestedBlock) -> Any:
    if given is UNKNOWN:
        return UNKNOWN
    if nested.repeated:
        # The protocol wants an empty list here, never null.
        items = [] if given is None else given if isinstance(given, list) else [given]
        return [_to_block(item, nested.block) for item in cast(list[Any], items)]
    if nested.nesting == MAP:
        return {key: _to_block(item, nested.block) for key, item in (given or {}).items()}
    return None if given is None else _to_block(given, nested.block)


def _to_block(given: Any, block: Block) -> Values:
    if given is UNKNOWN:
        return _all_unknown(block)
    return to_terraform(given if isinstance(given, dict) else {}, block)


def _all_unknown(block: Block) -> Values:
    return {
        **{name: UNKNOWN if field.settable else None for name, field in block.attributes.items()},
        **{name: [] if nested.repeated else None for name, nested in block.blocks.items()},
    }


def _given(properties: Values, pulumi: str, terraform: str) -> Any:
    return properties.get(pulumi, properties.get(terraform))


def _to_type(value: Any, kind: Any, shape: Shape) -> Any:
    if value is None or value is UNKNOWN:
        return value
    if isinstance(kind, str):
        return _to_scalar(value, kind)
    item = shape.item or NOTHING
    match kind[0]:
        case "list" | "set":
            items = cast(list[Any], value) if isinstance(value, list) else [value]
            return [_to_type(entry, kind[1], item) for entry in items if entry is not None]
        case "map":
            return {key: _to_type(entry, kind[1], item) for key, entry in value.items()}
        case "object":
            members: Values = {}
            for name, part in kind[1].items():
                pulumi, inner = shape.members.get(name, (camel(name), NOTHING))
                members[name] = _to_type(_given(value, pulumi, name), part, inner)
            return members
        case _:
            return value


def _to_scalar(value: Any, kind: str) -> Any:
    match kind:
        case "string":
            if isinstance(value, bool):
                return "true" if value else "false"
            if isinstance(value, int | float):
                return str(value)
            if isinstance(value, Tagged):
                return str(assets.file_of(value))
            if isinstance(value, dict | list):
                return UNKNOWN if has_unknown(value) else json.dumps(value, separators=(",", ":"))
        case "bool" if isinstance(value, str):
            return value.lower() == "true"
        case "number" if isinstance(value, str):
            return float(value) if "." in value else int(value)
        case _:
            pass
    return value


def from_terraform(state: Values, block: Block) -> Values:
    """The properties that a state or plan stands for; what is null is left out."""
    properties: Values = {}
    for name, field in block.attributes.items():
        value = _from_type(state.get(name), field.type, field.shape)
        if value is not None:
            properties[field.pulumi] = value
    for name, nested in block.blocks.items():
        value = _from_blocks(state.get(name), nested)
        if value is not None:
            properties[nested.pulumi] = value
    return properties


def _from_blocks(value: Any, nested: NestedBlock) -> Any:
    if value is None or value is UNKNOWN:
        return value
    if nested.repeated:
        items = [_from_block(item, nested.block) for item in value]
        return (items[0] if items else None) if nested.single else items
    if nested.nesting == MAP:
        return {key: _from_block(item, nested.block) for key, item in value.items()}
    return _from_block(value, nested.block)


def _from_block(value: Any, block: Block) -> Any:
    return UNKNOWN if value is UNKNOWN else from_terraform(value, block)


def _from_type(value: Any, kind: Any, shape: Shape) -> Any:
    if value is None or value is UNKNOWN:
        return value
    if isinstance(kind, str):
        return _from_scalar(value, shape.scalar)
    item = shape.item or NOTHING
    match kind[0]:
        case "list" | "set":
            items = [_from_type(entry, kind[1], item) for entry in value]
            return (items[0] if items else None) if shape.single else items
        case "map":
            return {key: _from_type(entry, kind[1], item) for key, entry in value.items()}
        case "object":
            members: Values = {}
            for name, part in kind[1].items():
                pulumi, inner = shape.members.get(name, (camel(name), NOTHING))
                entry = _from_type(value.get(name), part, inner)
                if entry is not None:
                    members[pulumi] = entry
            return members
        case _:
            return value


def _from_scalar(value: Any, wanted: str) -> Any:
    """Terraform writes some numbers and booleans as text; the SDK says what they are."""
    if wanted == "bool" and isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value)
    if wanted in ("int", "float") and isinstance(value, str):
        try:
            return float(value) if wanted == "float" else int(value)
        except ValueError:
            return None
    if wanted == "str" and isinstance(value, bool):
        return str(value).lower()
    if wanted == "str" and isinstance(value, int | float):
        return str(value)
    return value
