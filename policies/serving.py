"""Serves the rules to the engine, showing a resource to the rules of its kind alone.

The SDK's own PolicyPack decodes a resource anew for every policy of the pack, whatever its kind,
which is nearly all that a pack of this size costs (benchmarks/policies.py). Everything else is left
to the SDK's server.
"""

import sys
from collections.abc import Mapping, Sequence
from concurrent import futures
from typing import Any, cast

import grpc
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy
from pulumi_policy.policy import (
    _PolicyAnalyzerServicer as Server,  # pyright: ignore[reportPrivateUsage]  # no public one
)

# What the SDK allows: a whole stack travels in one message.
LARGEST = 400 * 1024 * 1024
# Taken only where PulumiPolicy.yaml names no version.
VERSION = "0.0.1"


class ByKind(Server):
    """The SDK's server, with a smaller one behind it for each kind of resource that turns up."""

    def __init__(
        self, name: str, policies: Sequence[Policy], kinds: Mapping[str, tuple[str, ...]]
    ) -> None:
        super().__init__(name, VERSION, list(policies), EnforcementLevel.MANDATORY)
        self._name = name
        self._policies = [each for each in policies if isinstance(each, ResourceValidationPolicy)]
        self._kinds = kinds  # policy -> kinds it is about; one that is not here is about all
        self._configured: Any = None
        self._servers: dict[str, Any] = {}  # None: no rule is about that kind

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        if request.type not in self._servers:
            self._servers[request.type] = self._server(request.type)
        server = self._servers[request.type]
        if server is None:
            return analyzer_pb2.AnalyzeResponse()
        return server.Analyze(request, context)

    def Configure(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the RPC's name
        self._configured = request
        self._servers.clear()
        return cast(Any, super()).Configure(request, _context)

    def _server(self, kind: str) -> Any:
        policies = [
            policy
            for policy in self._policies
            if policy.name not in self._kinds or kind in self._kinds[policy.name]
        ]
        if not policies:
            return None
        server: Any = Server(self._name, VERSION, list(policies), EnforcementLevel.MANDATORY)
        if self._configured is not None:
            server.Configure(self._configured, None)
        return server


def serve(name: str, policies: Sequence[Policy], kinds: Mapping[str, tuple[str, ...]]) -> None:
    """Tell the engine the port, as PolicyPack does, and answer until killed."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        options=[("grpc.max_receive_message_length", LARGEST)],
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(ByKind(name, policies, kinds), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()
