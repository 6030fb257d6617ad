"""What the SDK takes and the local cloud's provider, an older one, does not: a kind whole, or some
of its properties. python -m tests.newer writes it anew; the provider has to be on this machine.

A top-level one is refused in every preview; one further inside is dropped without a word.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.standins.aws.catalogue import Catalogue, UnknownKindError
from localcloud.standins.aws.mirror import VERSION, find_provider
from localcloud.standins.aws.schema import Attribute, Block, NestedBlock, Shape
from localcloud.standins.aws.sdk import ANY, Annotation, Properties, Sdk
from tests.recording import Registered

FILE = Path(__file__).resolve().parent / "newer.txt"
MADE_OF = f"pulumi-aws {Sdk().version} beside the Terraform AWS provider {VERSION}"
# A kind refers to itself at some depth (conditions of a web ACL): nobody writes more levels.
LEVELS = 5
# Every kind of the newer provider has it, and the program uses providers instead.
EVERYWHERE = "region"


@cache
def recorded() -> dict[str, frozenset[str]]:
    """Kind → properties that are newer, by their path; none for a kind that is newer as a whole."""
    _, *lines = FILE.read_text("utf-8").splitlines()
    return {kind: frozenset(names) for kind, *names in map(str.split, lines)}


def refused(kind: str, inputs: Mapping[str, Any]) -> list[str]:
    """What of a resource's inputs an older provider would refuse, or drop."""
    newer = recorded().get(kind)
    if newer == frozenset():
        return [kind]
    names = {EVERYWHERE, *(newer or ())}
    return sorted(names.intersection(_paths(inputs)))


def refused_of(registered: Iterable[Registered]) -> dict[str, list[str]]:
    """By URN: what of a program's resources an older provider would refuse, or drop."""
    asked = [one for one in registered if one.typ.startswith("aws:")]
    return {one.urn: found for one in asked if (found := refused(one.typ, one.inputs))}


def _paths(value: object, path: str = "") -> Iterator[str]:
    """Of everything given in a value; an item of a list is where the list is."""
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            if item is not None:
                here = f"{path}.{key}" if path else key
                yield here
                yield from _paths(item, here)


def asked() -> Iterator[str]:
    """The file's lines, as SDK and provider have it."""
    yield MADE_OF
    sdk = Sdk()
    catalogue = Catalogue(find_provider(), sdk)
    for kind in sorted(sdk.resources(), key=lambda kind: kind.token):
        try:
            known = catalogue.resource(kind.token).block
        except UnknownKindError:
            yield kind.token
            continue
        properties = {name: kind.properties.get(name, ANY) for name in kind.inputs}
        newer = sorted(set(_newer(sdk, kind.folder, properties, known)) - {EVERYWHERE})
        if newer:
            yield f"{kind.token} {' '.join(newer)}"


def _newer(
    sdk: Sdk, folder: str, properties: Properties, known: Block, path: str = ""
) -> Iterator[str]:
    fields: dict[str, Attribute | NestedBlock] = {
        field.pulumi: field for field in (*known.attributes.values(), *known.blocks.values())
    }
    for name, annotation in properties.items():
        inner = _class(sdk, folder, annotation)
        match fields.get(name):
            case NestedBlock(block=block) if path.count(".") < LEVELS:
                yield from _newer(sdk, folder, inner, block, f"{path}{name}.")
            case Attribute(settable=True, shape=shape) if members := _members(shape):
                yield from (f"{path}{name}.{one}" for one in inner if one not in members)
            case Attribute(settable=True):
                pass
            case NestedBlock():
                pass
            case _:
                yield f"{path}{name}"


def _class(sdk: Sdk, folder: str, annotation: Annotation) -> Properties:
    while annotation.item:
        annotation = annotation.item
    return sdk.nested(folder).get(annotation.name, {})


def _members(shape: Shape) -> set[str]:
    while shape.item:
        shape = shape.item
    return {name for name, _ in shape.members.values()}


if __name__ == "__main__":
    lines = list(asked())
    FILE.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines) - 1} kinds: {FILE.name}")
