"""What the policy pack costs: seconds from start to ready, and for the resources of a whole stack.

`python benchmarks/policies.py [RUNS]` starts the pack as the engine does and sends it what an
engine sends: one `Analyze` a resource and one `AnalyzeStack` for all, here 300 resources (the
kinds and properties of the proofs, over and over).
"""

import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import grpc  # noqa: E402 - the path comes first
from google.protobuf import struct_pb2  # noqa: E402
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc  # noqa: E402

from policies.testing import Declared  # noqa: E402
from tests.policies.cases import CASES  # noqa: E402

RESOURCES = 300
RUNS = 5


@contextmanager
def started() -> Iterator[tuple[analyzer_pb2_grpc.AnalyzerStub, float]]:
    """The pack as a process of its own, and how long it took to be ready."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(ROOT / "policies")],
        cwd=ROOT / "policies",
        env={
            **os.environ,
            "PULUMI_PROJECT": "benchmark",
            "PULUMI_STACK": "prod",
            "PULUMI_DRY_RUN": "true",
            "PULUMI_CONFIG": json.dumps({}),
        },
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    ready = time.perf_counter() - began
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield analyzer_pb2_grpc.AnalyzerStub(channel), ready
    process.kill()
    process.wait()


def resources() -> list[Declared]:
    """As many resources as asked for, of every kind there is a rule for."""
    every = [each for case in CASES for each in case.good]
    return list(itertools.islice(itertools.cycle(every), RESOURCES))


def properties(declared: Declared) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(cast(dict[str, Any], _plain(declared.props)))
    return struct


def _plain(value: Any) -> Any:
    if isinstance(value, Declared):
        return value.id
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in cast(Mapping[str, Any], value).items()}
    if isinstance(value, list):
        return [_plain(each) for each in cast(list[Any], value)]
    return value


def cpu() -> float:
    """Processor seconds of all packs that have ended: other work on the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start_alone() -> float:
    """Processor seconds of a pack that is started and shown nothing."""
    before = cpu()
    with started():
        pass
    return cpu() - before


def measure() -> tuple[float, float, float, float, float]:
    """Seconds to start, for every resource by itself, for all together; processor seconds."""
    alone = start_alone()
    before = cpu()
    shown = [
        (each.type, f"{each.name}-{n}", properties(each)) for n, each in enumerate(resources())
    ]
    with started() as (pack, ready):
        began = time.perf_counter()
        for kind, name, props in shown:
            pack.Analyze(
                analyzer_pb2.AnalyzeRequest(type=kind, name=name, urn=name, properties=props)
            )
        each = time.perf_counter() - began
        began = time.perf_counter()
        pack.AnalyzeStack(
            analyzer_pb2.AnalyzeStackRequest(
                resources=[
                    analyzer_pb2.AnalyzerResource(type=kind, name=name, urn=name, properties=props)
                    for kind, name, props in shown
                ]
            )
        )
        together = time.perf_counter() - began
    return ready, each, together, alone, cpu() - before


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    measured = [measure() for _ in range(runs)]
    names = (
        "start",
        f"{RESOURCES} resources, one by one",
        f"{RESOURCES} resources together",
        "processor: start alone",
        "processor: start and all resources",
    )
    print(f"{'':34} median    min    max  (seconds, {runs} runs)")
    for name, values in zip(names, zip(*measured, strict=True), strict=True):
        print(f"{name:34} {statistics.median(values):6.2f} {min(values):6.2f} {max(values):6.2f}")


if __name__ == "__main__":
    main()
