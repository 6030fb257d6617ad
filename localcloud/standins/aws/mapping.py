"""Derives which Terraform kind and fields each Pulumi kind and property stands for.

Nothing is taken from the official plugin: names follow rules (camel case, plurals for lists,
dropped suffixes), and what is irregular is found by how alike two kinds' fields are.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.standins.aws.schema import (
    LIST,
    SET,
    Attribute,
    Block,
    Kind,
    NestedBlock,
    Shape,
)
from localcloud.standins.aws.sdk import ANY, Annotation, Properties, Sdk, SdkKind, camel, snake

# At or above this, two kinds are the same; below, the SDK's kind exists only in provider 6.
# Both thresholds separate 136 pairs checked by hand from kinds without a counterpart.
ALIKE_RESOURCES = 1.70
ALIKE_FUNCTIONS = 1.75
EXACT = 3.0
# Two property names are one where they are at least this alike and nothing else fits.
ALIKE_NAMES = 0.82
# Renamed by the SDK beyond any rule.
RENAMED = {
    "filename": "code",
    "alarm_name": "name",
    "function_name": "name",
    "compute_environment_name": "name",
    "compute_environment_name_prefix": "namePrefix",
    "version_label": "version",
}
DROPPED_SUFFIXES = ("_arn", "_id", "_name", "_label")
# Nested classes may refer to themselves; the provider unrolls them to no more than this.
DEPTH = 40


@dataclass(frozen=True)
class Names:
    """A Terraform kind's field names, and all that each could be called by Pulumi."""

    fields: dict[str, bool]
    """To whether it is a list, whose name Pulumi writes in the plural."""
    called: frozenset[str]

    @staticmethod
    def of(schema: Any) -> "Names":
        fields = _fields(schema.block)
        for name in ("id", "region", "timeouts"):
            fields.pop(name, None)
        plural = {camel(p).lower() for name, many in fields.items() if many for p in plurals(name)}
        return Names(fields, frozenset({camel(name).lower() for name in fields} | plural))


def resources(sdk: Sdk, schemas: Mapping[str, Any]) -> Iterable[Kind | str]:
    """Each resource kind of the SDK, or only its token where provider 5 has no such kind."""
    return _kinds(sdk, list(sdk.resources()), schemas, ALIKE_RESOURCES)


def functions(sdk: Sdk, schemas: Mapping[str, Any]) -> Iterable[Kind | str]:
    return _kinds(sdk, list(sdk.functions()), schemas, ALIKE_FUNCTIONS)


def _kinds(
    sdk: Sdk, kinds: list[SdkKind], schemas: Mapping[str, Any], alike: float
) -> Iterable[Kind | str]:
    names = {name: Names.of(schema) for name, schema in schemas.items()}
    for kind in kinds:
        terraform, score = counterpart(kind, names)
        if score < alike:
            yield kind.token
            continue
        schema = schemas[terraform]
        block = Fields(sdk, kind.folder).block(schema.block, kind.properties)
        yield Kind(
            token=kind.token,
            terraform=terraform,
            version=schema.version,
            block=block,
            inputs=kind.inputs,
            required=kind.required,
            outputs=list(kind.properties),
            secrets=[camel(name) for name in kind.secrets],
        )


def counterpart(kind: SdkKind, candidates: Mapping[str, Names]) -> tuple[str, float]:
    """The Terraform kind most like this one, and how alike: 2 x common fields + names."""
    words = snake(kind.name.removeprefix("get")).split("_")
    module = snake(kind.module).split("_") if kind.module != "index" else []
    exact = "aws_" + "_".join(module + words)
    if exact in candidates:
        return exact, EXACT
    short, long = "_".join(words), "_".join(module + words)
    properties = {name.lower() for name in kind.properties} - {"region", "id"}
    best = ("", -1.0)
    for name, names in candidates.items():
        own = name.split("_")[1:]
        common = min(len(properties & names.called), len(names.fields))
        if not set(own) & {*words, *module} and common < 0.5 * len(properties):
            continue
        text = "_".join(own)
        closeness = max(difflib.SequenceMatcher(None, w, text).ratio() for w in (short, long))
        if closeness < 0.3 and not (module and module[0] in own):
            continue
        if text in (short, long):
            closeness += 0.15
        union = len(properties) + len(names.fields) - common
        score = 2 * common / max(1, union) + closeness
        if score > best[1]:
            best = (name, score)
    return best


class Fields:
    """Pairs the fields of a schema with the properties of an SDK class, however deep."""

    def __init__(self, sdk: Sdk, folder: str) -> None:
        self._sdk = sdk
        self._folder = folder

    def block(self, schema: Any, properties: Properties, depth: int = 0) -> Block:
        fields = _fields(schema)
        fields.pop("id", None)
        pairs = pair(fields, properties)
        block = Block()
        for attribute in schema.attributes:
            name, kind = attribute.name, json.loads(attribute.type)
            pulumi = pairs.get(name)
            block.attributes[name] = Attribute(
                pulumi or camel(name),
                kind,
                self._shape(kind, properties.get(pulumi or "", ANY), depth),
                attribute.required,
                attribute.optional,
                attribute.computed,
                attribute.sensitive,
            )
        for nested in schema.block_types:
            pulumi = pairs.get(nested.type_name)
            annotation = properties.get(pulumi or "")
            repeated = nested.nesting in (LIST, SET)
            once = annotation.kind != "list" if annotation else nested.max_items == 1
            inner = self._class(annotation, depth)
            block.blocks[nested.type_name] = NestedBlock(
                pulumi or camel(nested.type_name),
                repeated and once,
                nested.nesting,
                self.block(nested.block, inner, depth + 1),
            )
        return block

    def _class(self, annotation: Annotation | None, depth: int) -> Properties:
        while annotation and annotation.item:
            annotation = annotation.item
        if annotation is None or annotation.kind != "object" or depth >= DEPTH:
            return {}
        return self._sdk.nested(self._folder).get(annotation.name, {})

    def _shape(self, kind: Any, annotation: Annotation, depth: int) -> Shape:
        if isinstance(kind, str):
            scalar = annotation.kind if annotation.kind in ("bool", "int", "float", "str") else ""
            return Shape(scalar=scalar)
        match kind[0]:
            case "list" | "set":
                single = annotation.kind not in ("list", "any")
                item = annotation.item if annotation.kind == "list" else annotation
                return Shape(single, item=self._shape(kind[1], item or ANY, depth))
            case "map":
                item = annotation.item if annotation.kind == "map" else None
                return Shape(item=self._shape(kind[1], item or ANY, depth))
            case "object":
                inner = self._class(annotation, depth)
                pairs = pair({name: _is_list(part) for name, part in kind[1].items()}, inner)
                return Shape(
                    members={
                        name: (
                            pairs.get(name) or camel(name),
                            self._shape(part, inner.get(pairs.get(name, ""), ANY), depth + 1),
                        )
                        for name, part in kind[1].items()
                    }
                )
            case _:
                return Shape()


def pair(fields: Mapping[str, bool], properties: Iterable[str]) -> dict[str, str]:
    """Terraform's names to Pulumi's: the same, then plurals, then renamed, then alike."""
    left = {name.lower(): name for name in properties}
    pairs: dict[str, str] = {}

    def take(field: str, candidates: Iterable[str]) -> None:
        for candidate in candidates:
            if field not in pairs and candidate.lower() in left:
                pairs[field] = left.pop(candidate.lower())

    for field in fields:
        take(field, [camel(field)])
    for field, many in fields.items():
        take(field, [camel(plural) for plural in plurals(field)] if many else [])
    for field in fields:
        take(field, [RENAMED[field]] if field in RENAMED else [])
        suffix = next((end for end in DROPPED_SUFFIXES if field.endswith(end)), "")
        take(field, [camel(field.removesuffix(suffix))] if suffix else [])
        if field not in pairs:
            take(field, difflib.get_close_matches(camel(field).lower(), left, 1, ALIKE_NAMES))
    return pairs


def plurals(name: str) -> list[str]:
    found = [f"{name}s", f"{name}es"]
    if name.endswith("y"):
        found.insert(0, f"{name[:-1]}ies")
    if name.endswith("is"):
        found.insert(0, f"{name[:-2]}es")
    if name.endswith(("ex", "ix")):
        found.insert(0, f"{name[:-2]}ices")
    if name.endswith("um"):
        found.append(f"{name[:-2]}a")
    return found


def _fields(block: Any) -> dict[str, bool]:
    attributes = {item.name: _is_list(json.loads(item.type)) for item in block.attributes}
    nested = {item.type_name: item.nesting in (LIST, SET) for item in block.block_types}
    return {**attributes, **nested}


def _is_list(kind: Any) -> bool:
    return isinstance(kind, list) and kind[0] in ("list", "set")
