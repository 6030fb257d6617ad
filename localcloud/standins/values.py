"""Property values between the engine's protobuf structs and Python, secrets and unknowns kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import struct_pb2

# The engine's wire format: a struct with this key is not a map but what the key's value says.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a secret
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"

# One unknown a type: string, bool, number, array, object, asset, archive.
UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWNS = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

# Above this a float no longer holds every integer, so a number stays what it came as.
EXACT_INTEGERS = 2**53


class _Unknown:
    """A value that will only be known once something else has been made."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN = _Unknown()


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that the engine encrypts; never shown by repr."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, eq=False)
class Tagged:
    """An asset or archive: a signature and its fields (path, text, uri, assets, hash)."""

    signature: str
    fields: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tagged) or other.signature != self.signature:
            return False
        mine, theirs = self.fields.get("hash"), other.fields.get("hash")
        # The engine leaves the contents out where it compares: then only the hash says anything.
        return mine == theirs if mine and theirs else self.fields == other.fields

    def __hash__(self) -> int:
        return hash((self.signature, str(self.fields.get("hash"))))


Properties = dict[str, Any]


def decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return decode_struct(value.struct_value)
        case "list_value":
            return [decode(item) for item in value.list_value.values]
        case "string_value":
            text = value.string_value
            return UNKNOWN if text in UNKNOWNS else text
        case "number_value":
            number = value.number_value
            whole = number.is_integer() and abs(number) < EXACT_INTEGERS
            return int(number) if whole else number
        case "bool_value":
            return value.bool_value
        case _:
            return None


def decode_struct(struct: struct_pb2.Struct) -> Any:
    """A map of properties, or the secret or asset that a signed struct stands for."""
    fields: dict[str, Any] = {key: decode(value) for key, value in struct.fields.items()}
    signature = fields.pop(SIGNATURE, None)
    if signature is None:
        return fields
    return Secret(fields.get("value")) if signature == SECRET else Tagged(signature, fields)


def decode_properties(struct: struct_pb2.Struct) -> Properties:
    return {key: decode(value) for key, value in struct.fields.items()}


def encode(value: Any) -> struct_pb2.Value:
    out = struct_pb2.Value()
    if value is None:
        out.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        out.string_value = UNKNOWN_STRING
    elif isinstance(value, bool):
        out.bool_value = value
    elif isinstance(value, int | float):
        out.number_value = value
    elif isinstance(value, str):
        out.string_value = value
    elif isinstance(value, list | tuple):
        out.list_value.SetInParent()
        out.list_value.values.extend(encode(item) for item in cast(list[Any], value))
    elif isinstance(value, Secret):
        out.struct_value.CopyFrom(encode_struct({SIGNATURE: SECRET, "value": value.value}))
    elif isinstance(value, Tagged):
        out.struct_value.CopyFrom(encode_struct({SIGNATURE: value.signature, **value.fields}))
    elif isinstance(value, Mapping):
        out.struct_value.CopyFrom(encode_struct(cast(Mapping[str, Any], value)))
    else:
        raise TypeError(f"cannot send a {type(value).__name__} to the engine")
    return out


def encode_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        struct.fields[key].CopyFrom(encode(value))
    return struct


def plain(value: Any) -> Any:
    """The value without its secret wrappers, for use inside a provider only."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [plain(item) for item in cast(list[Any], value)]
    return value


def _any(value: Any, test: Callable[[Any], bool]) -> bool:
    if test(value):
        return True
    if isinstance(value, Secret):
        return _any(value.value, test)
    if isinstance(value, dict):
        return any(_any(item, test) for item in cast(dict[str, Any], value).values())
    if isinstance(value, list):
        return any(_any(item, test) for item in cast(list[Any], value))
    return False


def has_secret(value: Any) -> bool:
    return _any(value, lambda item: isinstance(item, Secret))


def has_unknown(value: Any) -> bool:
    return _any(value, lambda item: item is UNKNOWN)


def secret_texts(value: Any) -> list[str]:
    """Every text inside a secret wrapper, the longest first, so that none hides part of another."""
    return sorted(set(_secret_texts(value, inside=False)), key=len, reverse=True)


def _secret_texts(value: Any, *, inside: bool) -> list[str]:
    if isinstance(value, Secret):
        return _secret_texts(value.value, inside=True)
    if isinstance(value, dict):
        items = list(cast(dict[str, Any], value).values())
    elif isinstance(value, list):
        items = cast(list[Any], value)
    else:
        shown = inside and isinstance(value, str | int | float) and not isinstance(value, bool)
        return [str(value)] if shown and value != "" else []
    return [text for item in items for text in _secret_texts(item, inside=inside)]
