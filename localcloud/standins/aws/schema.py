"""A kind's schema: every field under Terraform's name and Pulumi's, and its shape for both."""

from dataclasses import dataclass, field
from typing import Any

LIST, SET, MAP = 2, 3, 4
"""Nesting modes of the protocol that hold several blocks; the others hold one."""


@dataclass(slots=True)
class Shape:
    """How a value looks to Pulumi, where Terraform's type alone does not tell."""

    single: bool = False
    """A list of at most one to Terraform, the thing itself to Pulumi."""
    scalar: str = ""
    """str, int, float or bool to Pulumi."""
    item: "Shape | None" = None
    members: dict[str, tuple[str, "Shape"]] = field(default_factory=dict)
    """Of an object: Terraform's name to Pulumi's and the shape."""


@dataclass(slots=True)
class Attribute:
    pulumi: str
    type: Any
    """Terraform's type as in JSON: "string", ["list", "string"], ["object", {…}]."""
    shape: Shape
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False

    @property
    def settable(self) -> bool:
        return self.required or self.optional


@dataclass(slots=True)
class NestedBlock:
    pulumi: str
    single: bool
    nesting: int
    block: "Block"

    @property
    def repeated(self) -> bool:
        return self.nesting in (LIST, SET)


@dataclass(slots=True)
class Block:
    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: dict[str, NestedBlock] = field(default_factory=dict)

    def pulumi_name(self, terraform: str) -> str:
        found = self.attributes.get(terraform) or self.blocks.get(terraform)
        return found.pulumi if found else terraform


@dataclass(slots=True)
class Kind:
    """A resource or function of the SDK and what it is to Terraform."""

    token: str
    terraform: str
    version: int
    block: Block
    inputs: list[str]
    required: list[str]
    outputs: list[str]
    secrets: list[str]


def to_json(value: Any) -> Any:
    """Schema objects as plain JSON, compact: a list of fields a dataclass."""
    if isinstance(value, Kind):
        return [
            getattr(value, name) if name != "block" else to_json(value.block)
            for name in Kind.__slots__
        ]
    if isinstance(value, Block):
        return [_each(value.attributes), _each(value.blocks)]
    if isinstance(value, NestedBlock):
        return [value.pulumi, value.single, value.nesting, to_json(value.block)]
    if isinstance(value, Attribute):
        flags = (value.required, value.optional, value.computed, value.sensitive)
        return [value.pulumi, value.type, to_json(value.shape), *flags]
    if isinstance(value, Shape):
        members = {
            name: [pulumi, to_json(shape)] for name, (pulumi, shape) in value.members.items()
        }
        return [value.single, value.scalar, value.item and to_json(value.item), members]
    raise TypeError(type(value).__name__)


def _each(named: dict[str, Any]) -> dict[str, Any]:
    return {name: to_json(value) for name, value in named.items()}


def kind_from_json(data: Any) -> Kind:
    token, terraform, version, block, *lists = data
    return Kind(token, terraform, version, block_from_json(block), *lists)


def block_from_json(data: Any) -> Block:
    attributes, blocks = data
    return Block(
        {
            name: Attribute(pulumi, kind, _shape(shape), *flags)
            for name, (pulumi, kind, shape, *flags) in attributes.items()
        },
        {
            name: NestedBlock(pulumi, single, nesting, block_from_json(block))
            for name, (pulumi, single, nesting, block) in blocks.items()
        },
    )


def _shape(data: Any) -> Shape:
    single, scalar, item, members = data
    return Shape(
        single,
        scalar,
        _shape(item) if item else None,
        {name: (pulumi, _shape(shape)) for name, (pulumi, shape) in members.items()},
    )
