"""A resource provider in Python: a `Resource` says what one kind does, `Provider` speaks gRPC."""

import json
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import grpc
from google.protobuf import empty_pb2

from localcloud.standins import serving
from localcloud.standins.rpc import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)
from localcloud.standins.values import (
    UNKNOWN,
    Properties,
    decode_properties,
    encode_struct,
    has_unknown,
)


class InvalidInputError(Exception):
    """An input that no run could accept; names the property."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
        self.reason = reason


class OperationError(Exception):
    """A failure whose text is meant for the person who runs the update."""


class Resource:
    """One kind of resource; inputs and state are dicts that may hold `Secret` and `UNKNOWN`."""

    inputs: ClassVar[tuple[str, ...]] = ()
    required: ClassVar[tuple[str, ...]] = ()
    replace_on: ClassVar[tuple[str, ...]] = ()
    """A change in one of these makes a new resource."""
    ignored: ClassVar[tuple[str, ...]] = ()
    """A change in these needs no operation."""
    computed: ClassVar[tuple[str, ...]] = ()
    """Outputs that only the operation itself tells."""

    def __init__(self, provider: "Provider") -> None:
        self.provider = provider

    def check(self, news: Properties) -> Properties:
        return news

    def preview(self, news: Properties, olds: Properties | None = None) -> Properties:
        return {**news, **dict.fromkeys(self.computed, UNKNOWN)}

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        raise NotImplementedError

    def update(self, urn: str, olds: Properties, news: Properties) -> Properties:
        raise NotImplementedError

    def delete(self, urn: str, state: Properties) -> None:
        """Nothing outside the state to take away, unless a kind says otherwise."""


Function = Callable[["Provider", Properties], Properties]


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine for a set of resource kinds and functions."""

    def __init__(
        self,
        name: str,
        version: str,
        resources: Mapping[str, type[Resource]],
        functions: Mapping[str, Function] | None = None,
        engine: str = "",
    ) -> None:
        self.name = name
        self.version = version
        self.stopping = threading.Event()
        self.on_stop: list[Callable[[], None]] = []
        self._resources = {token: kind(self) for token, kind in resources.items()}
        self._functions = functions or {}
        self._engine = engine
        self._log: engine_pb2_grpc.EngineStub | None = None

    def shut_down(self) -> None:
        self.stopping.set()
        for action in self.on_stop:
            action()

    def log(self, text: str, urn: str = "") -> None:
        """Show a line to the person who runs the update; losing it is no failure."""
        if not self._engine:
            return
        if self._log is None:
            self._log = engine_pb2_grpc.EngineStub(serving.channel(self._engine))
        line = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn)
        try:
            self._log.Log(line)
        except grpc.RpcError:
            self._log = None

    # -- life cycle ------------------------------------------------------------------------

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine = request.engine_address or self._engine
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: Any) -> Any:
        self._engine = request.address
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: Any) -> Any:
        named = {"name": self.name, "version": self.version}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(named))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        self.stopping.set()
        return empty_pb2.Empty()

    # -- resources -------------------------------------------------------------------------

    def Check(self, request: Any, context: Any) -> Any:
        kind = self._kind(request, context)
        news = {k: v for k, v in decode_properties(request.news).items() if v is not None}
        answer = provider_pb2.CheckResponse()
        for name in kind.required:
            if name not in news:
                answer.failures.add(property=name, reason=f"missing required property '{name}'")
        for name in news:
            if name not in kind.inputs and not name.startswith("__"):
                reason = f"'{name}' is not an input of this resource"
                answer.failures.add(property=name, reason=reason)
        if not answer.failures:
            try:
                news = kind.check(news)
            except InvalidInputError as problem:
                answer.failures.add(property=problem.name, reason=problem.reason)
        answer.inputs.CopyFrom(encode_struct(news))
        return answer

    def Diff(self, request: Any, context: Any) -> Any:
        kind = self._kind(request, context)
        before = request.old_inputs if request.HasField("old_inputs") else request.olds
        olds, news = decode_properties(before), decode_properties(request.news)
        answer = provider_pb2.DiffResponse(hasDetailedDiff=True)
        for name in kind.inputs:
            old, new = olds.get(name), news.get(name)
            if old == new or name in request.ignoreChanges or name in kind.ignored:
                continue
            step = "ADD" if old is None else "DELETE" if new is None else "UPDATE"
            if name in kind.replace_on:
                step += "_REPLACE"
                answer.replaces.append(name)
            answer.diffs.append(name)
            answer.detailedDiff[name].kind = provider_pb2.PropertyDiff.Kind.Value(step)
            answer.detailedDiff[name].inputDiff = True
        some = provider_pb2.DiffResponse.DIFF_SOME
        answer.changes = some if answer.diffs else provider_pb2.DiffResponse.DIFF_NONE
        return answer

    def Create(self, request: Any, context: Any) -> Any:
        kind = self._kind(request, context)
        news = decode_properties(request.properties)
        if request.preview:
            shown = encode_struct(kind.preview(news))
            return provider_pb2.CreateResponse(id="", properties=shown)
        if has_unknown(news):
            context.abort(grpc.StatusCode.INTERNAL, "an input is still unknown during an update")
        identity, state = self._do(context, kind.create, request.urn, news)
        return provider_pb2.CreateResponse(id=identity, properties=encode_struct(state))

    def Update(self, request: Any, context: Any) -> Any:
        kind = self._kind(request, context)
        olds, news = decode_properties(request.olds), decode_properties(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=encode_struct(kind.preview(news, olds)))
        state = self._do(context, kind.update, request.urn, olds, news)
        return provider_pb2.UpdateResponse(properties=encode_struct(state))

    def Delete(self, request: Any, context: Any) -> Any:
        kind = self._kind(request, context)
        self._do(context, kind.delete, request.urn, decode_properties(request.properties))
        return empty_pb2.Empty()

    def Read(self, request: Any, context: Any) -> Any:
        """What is kept is all there is: none of these kinds exists anywhere else."""
        self._kind(request, context)
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs
        )

    def Invoke(self, request: Any, context: Any) -> Any:
        function = self._functions.get(request.tok)
        if function is None:
            self._lacks(context, request.tok)
            return None
        result = self._do(context, function, self, decode_properties(request.args))
        # The field is named by a keyword of Python.
        fields: dict[str, Any] = {"return": encode_struct(result)}
        return provider_pb2.InvokeResponse(**fields)

    # -- inside ----------------------------------------------------------------------------

    def _kind(self, request: Any, context: Any) -> Resource:
        token = request.type or request.urn.split("::")[2].rpartition("$")[2]
        if token not in self._resources:
            self._lacks(context, token)
        return self._resources[token]

    def _lacks(self, context: Any, token: str) -> None:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"the stand-in for the {self.name} provider has no {token}; "
            "it needs the official plugin",
        )

    def _do(self, context: Any, operation: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return operation(*arguments)
        except OperationError as failure:
            context.abort(grpc.StatusCode.UNKNOWN, str(failure))
        except Exception as error:  # the engine shows it with the resource's name
            traceback.print_exc(file=sys.stderr)
            context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")


def run(
    name: str,
    version: str,
    resources: Mapping[str, type[Resource]],
    functions: Mapping[str, Function] | None = None,
) -> None:
    """Be the plugin: serve these kinds to the engine named in the arguments."""
    provider = Provider(name, version, resources, functions, serving.engine_address(sys.argv))
    serving.serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server),
        provider.shut_down,
    )
