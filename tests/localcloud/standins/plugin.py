"""A stand-in as the engine meets it: over gRPC, with the messages that the engine sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from localcloud.standins import serving
from localcloud.standins.journal import Journalled
from localcloud.standins.provider import Provider
from localcloud.standins.rpc import provider_pb2, provider_pb2_grpc
from localcloud.standins.values import Properties, decode_properties, encode_struct


class Plugin:
    """Asks one kind of resource what the engine would ask."""

    def __init__(self, stub: Any, token: str, name: str = "it") -> None:
        self._stub = stub
        self.urn = f"urn:pulumi:local::test::{token}::{name}"

    def check(self, inputs: Properties) -> tuple[Properties, dict[str, str]]:
        """Inputs as they will be used, and what is wrong with them."""
        request = provider_pb2.CheckRequest(urn=self.urn, news=encode_struct(inputs))
        answer = self._stub.Check(request)
        failures = {failure.property: failure.reason for failure in answer.failures}
        return decode_properties(answer.inputs), failures

    def preview(self, inputs: Properties) -> Properties:
        return self._create(inputs, preview=True)[1]

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        return self._create(inputs, preview=False)

    def _create(self, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        request = provider_pb2.CreateRequest(
            urn=self.urn, properties=encode_struct(inputs), preview=preview
        )
        answer = self._stub.Create(request)
        return answer.id, decode_properties(answer.properties)

    def update(self, identity: str, state: Properties, inputs: Properties) -> Properties:
        request = provider_pb2.UpdateRequest(
            urn=self.urn, id=identity, olds=encode_struct(state), news=encode_struct(inputs)
        )
        return decode_properties(self._stub.Update(request).properties)

    def delete(self, identity: str, state: Properties) -> None:
        request = provider_pb2.DeleteRequest(
            urn=self.urn, id=identity, properties=encode_struct(state)
        )
        self._stub.Delete(request)

    def diff(self, before: Properties, after: Properties) -> tuple[set[str], set[str]]:
        """What changes, and what of it makes a new one."""
        request = provider_pb2.DiffRequest(
            urn=self.urn, id="it", old_inputs=encode_struct(before), news=encode_struct(after)
        )
        answer = self._stub.Diff(request)
        return set(answer.diffs), set(answer.replaces)


@contextmanager
def served(servicer: Any, journalled: Journalled | None = None) -> Iterator[Any]:
    """A stub that reaches the servicer over a real connection."""
    server, port = serving.new_server([journalled] if journalled else [])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0).wait()


def recording(provider: Provider) -> list[str]:
    """The lines that the provider shows to the person, from now on."""
    lines: list[str] = []
    provider.log = lambda text, urn="": lines.append(text)
    return lines
