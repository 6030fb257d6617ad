"""The generated gRPC stubs of the Pulumi SDK, loaded without paying for `import pulumi`.

The stubs live in pulumi/runtime/proto and only import each other relatively, so two hollow parent
packages are enough to reach them: a plugin starts in half the time.
"""

import importlib.util
import sys
import types
from pathlib import Path


def _hollow_parents() -> None:
    if "pulumi" in sys.modules:
        return
    grpc_package = importlib.util.find_spec("grpc")
    if grpc_package is None or grpc_package.origin is None:
        raise ImportError("grpcio is not installed: the stand-ins run in the project's environment")
    root = Path(grpc_package.origin).parent.parent / "pulumi"
    for name, path in (("pulumi", root), ("pulumi.runtime", root / "runtime")):
        module = types.ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module


_hollow_parents()

from pulumi.runtime.proto import (  # noqa: E402 - the parents have to be there first
    analyzer_pb2,
    analyzer_pb2_grpc,
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)

__all__ = [
    "analyzer_pb2",
    "analyzer_pb2_grpc",
    "engine_pb2",
    "engine_pb2_grpc",
    "language_pb2",
    "language_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
]
