"""Terraform's plugin protocol 5: starts a provider, and carries values to and from it."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc
import msgpack
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from localcloud.processes import MARK, ROLE
from localcloud.standins.aws import cache
from localcloud.standins.serving import CHANNEL
from localcloud.standins.values import UNKNOWN

PROTO = Path(__file__).with_name("terraform.proto")
# Every plugin of Terraform refuses to start without this (terraform/plugin/serve.go).
COOKIE = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
)
# Seconds from its address to a connection; a busy machine takes its time.
CONNECTED_WITHIN = 60
ERROR, WARNING = 1, 2
# What an unknown is in a msgpack value: an extension of any content.
UNKNOWN_EXTENSION = msgpack.ExtType(0, b"\x00")


class ProviderError(Exception):
    """What the provider reports as an error, in its own words."""

    def __init__(self, diagnostics: Iterable[Any]) -> None:
        self.reasons = [sentence(diagnostic) for diagnostic in diagnostics]
        super().__init__("; ".join(self.reasons))


def sentence(diagnostic: Any) -> str:
    return ": ".join(part for part in (diagnostic.summary, diagnostic.detail) if part)


def refuse_errors(diagnostics: Iterable[Any]) -> None:
    if errors := [found for found in diagnostics if found.severity == ERROR]:
        raise ProviderError(errors)


class Messages:
    """The protocol's message classes, compiled once from the definition beside this file."""

    def __init__(self) -> None:
        name = f"terraform-protocol-{cache.digest(PROTO.read_bytes())}"
        compiled = cache.made(name, _compile) / "descriptors"
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes())
        pool = descriptor_pool.DescriptorPool()
        for file in descriptors.file:
            pool.Add(file)  # type: ignore[no-untyped-call]
        self._classes = {
            message.full_name.removeprefix("tfplugin5."): message_factory.GetMessageClass(message)
            for file in descriptors.file
            for message in _all_messages(pool.FindFileByName(file.name).message_types_by_name)
        }

    def __getitem__(self, name: str) -> Any:
        return self._classes[name]


def _compile(directory: Path) -> None:
    from grpc_tools import protoc  # Slow to load, and needed once only.

    status = protoc.main(
        ["protoc", f"-I{PROTO.parent}", f"--descriptor_set_out={directory}/descriptors", PROTO.name]
    )
    if status != 0:
        raise RuntimeError(f"{PROTO.name} cannot be compiled")


def _all_messages(named: Any) -> Iterable[Any]:
    for message in named.values():
        yield message
        yield from _all_messages(message.nested_types_by_name)


class TerraformProvider:
    """One running provider process and its calls; it ends with `stop`, or with this process."""

    def __init__(self, executable: Path, environment: dict[str, str]) -> None:
        self._messages = Messages()
        self._process = subprocess.Popen(
            [executable],
            # Built from nothing: no credential or profile of the user reaches the provider.
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": tempfile.gettempdir(),
                COOKIE[0]: COOKIE[1],
                "PLUGIN_PROTOCOL_VERSIONS": "5",
                # Should this process be killed, the local cloud still finds the provider.
                **{name: os.environ[name] for name in (MARK, ROLE) if name in os.environ},
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout
        # "core version | protocol | network | address | …"
        handshake = self._process.stdout.readline().decode().strip().split("|")
        if len(handshake) < 5:
            raise RuntimeError(f"{executable} did not start as a Terraform plugin")
        threading.Thread(target=self._process.stdout.read, daemon=True).start()
        prefix = "unix:" if handshake[2] == "unix" else ""
        # Left alone it would hang up after half an hour, and then find nobody to connect to again.
        never = ("grpc.client_idle_timeout_ms", 2**31 - 1)
        options = [*CHANNEL, ("grpc.default_authority", "localhost"), never]
        self._channel = grpc.insecure_channel(prefix + handshake[3], options=options)
        grpc.channel_ready_future(self._channel).result(CONNECTED_WITHIN)
        if prefix:
            # Whoever is connected stays so; a provider that is killed leaves no file behind.
            Path(handshake[3]).unlink()

    def call(self, method: str, **fields: Any) -> Any:
        """One remote call; a dict, list or None given for a value is packed."""
        name = "GetProviderSchema" if method == "GetSchema" else method
        request, response = self._messages[f"{name}.Request"], self._messages[f"{name}.Response"]
        packed = {key: self._field(request, key, value) for key, value in fields.items()}
        remote = self._channel.unary_unary(
            f"/tfplugin5.Provider/{method}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        return remote(request(**packed))

    def stop(self) -> None:
        self._channel.close()
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _field(self, request: Any, name: str, value: Any) -> Any:
        kind = request.DESCRIPTOR.fields_by_name[name].message_type
        return pack(self._messages, value) if kind and kind.name == "DynamicValue" else value


def pack(messages: Messages, value: Any) -> Any:
    return messages["DynamicValue"](msgpack=msgpack.packb(value, default=_unknown))


def unpack(value: Any) -> Any:
    if value.msgpack:
        return msgpack.unpackb(
            value.msgpack, ext_hook=lambda code, data: UNKNOWN, strict_map_key=False
        )
    return json.loads(value.json) if value.json else None


def _unknown(value: object) -> msgpack.ExtType:
    if value is UNKNOWN:
        return UNKNOWN_EXTENSION
    raise TypeError(f"cannot send a {type(value).__name__} to the provider")
