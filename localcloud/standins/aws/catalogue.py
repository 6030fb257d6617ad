"""The mapping and schema of every kind, derived once from the SDK and the provider, then read."""

import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from localcloud.standins.aws import cache, mapping
from localcloud.standins.aws.protocol import TerraformProvider, refuse_errors
from localcloud.standins.aws.schema import Block, Kind, block_from_json, kind_from_json, to_json
from localcloud.standins.aws.sdk import Sdk

SOURCES = ("mapping.py", "schema.py", "sdk.py", "catalogue.py")


class UnknownKindError(Exception):
    """A token that this stand-in cannot serve, and why."""


class Catalogue:
    """One small file a kind, so that a start reads only what the program uses."""

    def __init__(self, executable: Path, sdk: Sdk | None = None) -> None:
        self._executable = executable
        self._sdk = sdk or Sdk()
        self.version = self._sdk.version
        self._directory = cache.made(self._name(), self._make)
        self._read: dict[tuple[str, str], Kind] = {}

    def resource(self, token: str) -> Kind:
        return self._kind("resources", token)

    def function(self, token: str) -> Kind:
        return self._kind("functions", token)

    @cached_property
    def provider(self) -> Block:
        return block_from_json(json.loads((self._directory / "provider.json").read_text()))

    def _kind(self, group: str, token: str) -> Kind:
        key = (group, token)
        if key not in self._read:
            file = self._directory / group / _file_name(token)
            if not file.exists():
                raise UnknownKindError(
                    f"{token} cannot be used on the local cloud: it needs the AWS provider 6, "
                    "and the local cloud runs 5.100."
                    if token in self._only_newer
                    else f"{token} is not a {group[:-1]} of pulumi-aws {self.version}."
                )
            self._read[key] = kind_from_json(json.loads(file.read_text()))
        return self._read[key]

    @cached_property
    def _only_newer(self) -> frozenset[str]:
        return frozenset(json.loads((self._directory / "only-newer.json").read_text()))

    def _name(self) -> str:
        binary = self._executable.stat()
        stamp = f"{self._executable.name} {binary.st_size} {binary.st_mtime_ns}"
        here = Path(__file__).parent
        code = "".join((here / name).read_text() for name in SOURCES)
        return f"aws-{cache.digest(stamp, self.version, code)}"

    def _make(self, directory: Path) -> None:
        schemas = read_schemas(self._executable)
        newer: list[str] = []
        for group, kinds in (
            ("resources", mapping.resources(self._sdk, schemas.resource_schemas)),
            ("functions", mapping.functions(self._sdk, schemas.data_source_schemas)),
        ):
            (directory / group).mkdir()
            newer += _write_kinds(directory / group, kinds)
        (directory / "only-newer.json").write_text(json.dumps(newer))
        provider = mapping.Fields(self._sdk, "config").block(schemas.provider.block, {})
        (directory / "provider.json").write_text(json.dumps(to_json(provider)))


def read_schemas(executable: Path) -> Any:
    provider = TerraformProvider(executable, {})
    try:
        schemas = provider.call("GetSchema")
    finally:
        provider.stop()
    refuse_errors(schemas.diagnostics)
    return schemas


def _write_kinds(directory: Path, kinds: Iterable[Kind | str]) -> list[str]:
    """Tokens that were left out, since only a newer provider has them."""
    newer: list[str] = []
    for kind in kinds:
        if isinstance(kind, str):
            newer.append(kind)
        else:
            file = directory / _file_name(kind.token)
            file.write_text(json.dumps(to_json(kind), separators=(",", ":")))
    return newer


def _file_name(token: str) -> str:
    return token.replace("/", ".").replace(":", ",") + ".json"
