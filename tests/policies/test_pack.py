"""The pack as a process: it starts alone, speaks the protocol of the engine, imports little."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.catalogue import RULES

PACK = Path(__file__).resolve().parents[2] / "policies"
EXEMPTIONS = [
    {"rule": "rds-multi-az", "resource": "archive", "reason": "Rebuilt", "until": "2999-12-31"}
]


@pytest.fixture(scope="module")
def pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    environment = {
        **os.environ,
        "PULUMI_PROJECT": "elsewhere",
        "PULUMI_STACK": "prod",
        "PULUMI_DRY_RUN": "true",
        "PULUMI_CONFIG": json.dumps({"groundwork:exemptions": json.dumps(EXEMPTIONS)}),
    }
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)],
        cwd=PACK,
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield analyzer_pb2_grpc.AnalyzerStub(channel)
    process.kill()
    process.wait()


def database(name: str, **props: str | bool | float) -> analyzer_pb2.AnalyzeRequest:
    properties = struct_pb2.Struct()
    properties.update(props)
    return analyzer_pb2.AnalyzeRequest(
        type="aws:rds/instance:Instance", name=name, urn=f"urn::{name}", properties=properties
    )


def test_it_offers_every_rule(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    names = {policy.name for policy in info.policies}
    assert {rule.id for rule in RULES} <= names


def test_a_violation_says_the_rule_and_the_fix(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    said = {d.policyName: d for d in pack.Analyze(database("main")).diagnostics}
    assert said["rds-storage-encrypted"].enforcementLevel == analyzer_pb2.MANDATORY
    assert "Fix: set storage_encrypted=True" in said["rds-storage-encrypted"].message
    assert "rds-multi-az" in said


def test_exemptions_come_from_the_stack_configuration(
    pack: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    said = {d.policyName: d for d in pack.Analyze(database("archive")).diagnostics}
    assert "rds-multi-az" not in said
    assert "until 2999-12-31: Rebuilt" in said["exemption"].message
    assert said["exemption"].enforcementLevel == analyzer_pb2.ADVISORY


def test_it_imports_no_provider_and_nothing_of_the_program() -> None:
    script = (
        "import sys, policies.catalogue\n"
        "heavy = ('pulumi_aws', 'pulumi_command', 'components', 'settings', 'hosts', 'pydantic')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PACK.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
