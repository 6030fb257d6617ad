"""Stands between the engine and a policy pack, which learns of its stack only at its start.

The engine sends the stack's name and configuration by RPC once the analyzer answers; a Python pack
wants them in its environment. So the proxy answers first, and the pack is started after.
"""

import json
import threading
from typing import Any

import grpc

from localcloud.standins import serving
from localcloud.standins.rpc import analyzer_pb2, analyzer_pb2_grpc

# A pack imports its rules before it answers, on a busy machine for long.
START_TIMEOUT = 300


class PolicyProxy(analyzer_pb2_grpc.AnalyzerServicer):
    """Forwards every question of the engine to the pack, once there is one."""

    def __init__(self) -> None:
        self._stack: Any = None
        self._pack: Any = None
        self._failure = ""
        self._asked = threading.Event()
        self._settled = threading.Event()
        self._server, self.port = serving.new_server()
        analyzer_pb2_grpc.add_AnalyzerServicer_to_server(self, self._server)
        self._server.start()

    def stop(self) -> None:
        self.fail("the engine closed the policy pack")
        self._asked.set()
        self._server.stop(0)

    def environment(self) -> dict[str, str]:
        """What the pack has to be told at its start; waits until the engine has said it."""
        self._asked.wait()
        stack = self._stack
        if stack is None:
            return {}
        told = {
            "PULUMI_ORGANIZATION": stack.organization,
            "PULUMI_PROJECT": stack.project,
            "PULUMI_STACK": stack.stack,
            "PULUMI_DRY_RUN": "true" if stack.dry_run else "false",
            "PULUMI_CONFIG": json.dumps(dict(stack.config)),
        }
        return {name: value for name, value in told.items() if value}

    def attach(self, port: int) -> None:
        pack = analyzer_pb2_grpc.AnalyzerStub(serving.channel(f"127.0.0.1:{port}"))
        if self._stack is not None:
            try:
                pack.ConfigureStack(self._stack, wait_for_ready=True, timeout=START_TIMEOUT)
            except grpc.RpcError as error:
                if _code(error) != grpc.StatusCode.UNIMPLEMENTED:
                    self.fail(f"the policy pack refused its stack: {_details(error)}")
                    return
        self._pack = pack
        self._settled.set()

    def fail(self, why: str) -> None:
        """Nobody waits for a pack that will not come."""
        self._failure = self._failure or why
        self._pack = None
        self._settled.set()

    # -- what the engine asks ----------------------------------------------------------------

    def Handshake(self, request: Any, context: Any) -> Any:
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def ConfigureStack(self, request: Any, context: Any) -> Any:
        self._stack = request
        self._asked.set()
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Analyze(self, request: Any, context: Any) -> Any:
        return self._forward("Analyze", request, context)

    def AnalyzeStack(self, request: Any, context: Any) -> Any:
        return self._forward("AnalyzeStack", request, context)

    def Remediate(self, request: Any, context: Any) -> Any:
        return self._forward("Remediate", request, context)

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:
        return self._forward("GetAnalyzerInfo", request, context)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return self._forward("GetPluginInfo", request, context)

    def Configure(self, request: Any, context: Any) -> Any:
        return self._forward("Configure", request, context)

    def Cancel(self, request: Any, context: Any) -> Any:
        return self._forward("Cancel", request, context)

    def _forward(self, call: str, request: Any, context: Any) -> Any:
        self._asked.set()
        self._settled.wait()
        if self._pack is None:
            context.abort(grpc.StatusCode.UNKNOWN, self._failure)
        try:
            return getattr(self._pack, call)(request)
        except grpc.RpcError as error:
            context.abort(_code(error), _details(error))


def _code(error: Any) -> grpc.StatusCode:
    return error.code()


def _details(error: Any) -> str:
    return error.details()
