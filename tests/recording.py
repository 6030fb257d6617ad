"""The engine that component tests run against: it records registrations and invents the rest."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
import yaml
from pulumi.runtime import MockCallArgs, MockResourceArgs, mocks
from pulumi.runtime.proto.source_pb2 import StackTrace

APPLICATIONS = Path(__file__).resolve().parent.parent / "apps"
ACCOUNT = "123456789012"
REGION = "eu-west-1"

# What only AWS could know, by kind: enough for the program to go on, plainly invented.
OUTPUTS: dict[str, dict[str, Any]] = {
    "aws:cloudfront/distribution:Distribution": {
        "domainName": "d111111abcdef8.cloudfront.net",
        "hostedZoneId": "Z2FDTNDATAQYW2",
    },
    "aws:ec2/instance:Instance": {"privateIp": "10.0.0.10", "publicIp": "203.0.113.10"},
    "aws:ec2/eip:Eip": {"publicIp": "203.0.113.20", "allocationId": "eipalloc-1"},
    "aws:ec2/vpc:Vpc": {"defaultSecurityGroupId": "sg-default", "mainRouteTableId": "rtb-main"},
    "aws:elasticache/replicationGroup:ReplicationGroup": {
        "primaryEndpointAddress": "cache.internal",
        "readerEndpointAddress": "cache-reader.internal",
    },
    "aws:kms/key:Key": {"keyId": "11111111-2222-3333-4444-555555555555"},
    "aws:lb/loadBalancer:LoadBalancer": {
        "arnSuffix": "app/main/1234567890abcdef",
        "dnsName": "main.elb.amazonaws.com",
        "zoneId": "Z32O12XQLNTSW2",
    },
    "aws:rds/instance:Instance": {
        "address": "database.internal",
        "endpoint": "database.internal:5432",
        "port": 5432,
        "dbiResourceId": "db-ABCDEFGHIJKL",
    },
    "aws:route53/zone:Zone": {
        "zoneId": "Z1234567890",
        "nameServers": ["ns-1.awsdns.example", "ns-2.awsdns.example"],
    },
}

# What the read-only calls of a program answer; anything else has to be added on purpose.
ANSWERS: dict[str, dict[str, Any]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {
        "accountId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/test",
        "id": ACCOUNT,
        "userId": "test",
    },
    "aws:index/getRegion:getRegion": {"id": REGION, "name": REGION, "region": REGION},
    "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "names": [f"{REGION}{letter}" for letter in "abc"],
        "zoneIds": [f"euw1-az{number}" for number in (1, 2, 3)],
    },
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": {"id": "pl-cloudfront"},
    "aws:ssm/getParameter:getParameter": {"value": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIINVENTED"},
    "aws:elb/getServiceAccount:getServiceAccount": {"arn": f"arn:aws:iam::{ACCOUNT}:root"},
}


@dataclass(frozen=True)
class Registered:
    """One resource as the engine was told of it, options included (plain mocks do not see them)."""

    typ: str
    name: str
    inputs: dict[str, Any]
    urn: str
    parent: str
    provider: str
    custom: bool
    protect: bool
    dependencies: tuple[str, ...]
    references: dict[str, list[str]]  # by property: the URNs that its value came from
    ignored_changes: tuple[str, ...]
    secret_outputs: tuple[str, ...]
    deletes_first: bool
    replaced_on: tuple[str, ...]
    retained: bool
    looked_at_before_updates: tuple[str, ...]  # by hooks, which may stop it


class _Monitor(mocks.MockMonitor):
    """The SDK's mock monitor, which also hands over the options of each registration."""

    def __init__(self, engine: "Engine") -> None:
        super().__init__(engine)
        self._engine = engine

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the RPC's name
        self._engine.now_registering(request)
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self._engine.record(request, response.urn)
        return response


class Engine(pulumi.runtime.Mocks):
    """Records every registration; `of` and `one` ask for the inputs of a kind."""

    def __init__(self) -> None:
        self.registered: list[Registered] = []
        self.outputs: dict[str, dict[str, Any]] = dict(OUTPUTS)
        self.answers: dict[str, Mapping[str, Any] | Callable[[dict[str, Any]], Any]] = {
            **ANSWERS,
            "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
            "aws:s3/getObjects:getObjects": _every_release,
        }
        self._current = threading.local()  # one registration a thread at a time

    def attach(self, *, project: str = "groundwork", stack: str = "test") -> None:
        """Become the engine that every resource made from now on is registered with."""
        pulumi.runtime.set_mocks(
            self, project=project, stack=stack, preview=False, monitor=_Monitor(self)
        )

    # -- what a test asks ------------------------------------------------------------------

    def build(self, program: Callable[[], object]) -> None:
        """Run a program to its end, so that an absent resource is truly absent."""

        @pulumi.runtime.test
        def run() -> None:
            program()

        with (
            # Nobody is there to open a way to.
            patch("hosts.port_forward.open_way", return_value="127.0.0.1"),
            # Where in the source a resource is declared: a quarter of the time, and read by none.
            patch("pulumi.runtime.resource._get_stack_trace", StackTrace),
        ):
            run()

    def of(self, typ: str) -> list[dict[str, Any]]:
        """The inputs of each resource of that kind."""
        return [resource.inputs for resource in self.registered if resource.typ == typ]

    def one(self, typ: str) -> dict[str, Any]:
        """The inputs of the only resource of that kind."""
        found = self.of(typ)
        assert len(found) == 1, f"expected one {typ}, found {len(found)}"
        return found[0]

    def named(self, typ: str, name: str) -> Registered:
        """The one resource of that kind and logical name, options included."""
        found = [r for r in self.registered if (r.typ, r.name) == (typ, name)]
        known = sorted(r.name for r in self.registered if r.typ == typ)
        assert len(found) == 1, f"expected one {typ} named {name!r}; there are {known}"
        return found[0]

    # -- what the SDK calls ----------------------------------------------------------------

    def now_registering(self, request: Any) -> None:
        self._current.inputs = {}

    def record(self, request: Any, urn: str) -> None:
        self.registered.append(
            Registered(
                typ=request.type,
                name=request.name,
                inputs=self._current.inputs,
                urn=urn,
                parent=request.parent,
                provider=request.provider,
                custom=request.custom,
                protect=request.protect,
                dependencies=tuple(request.dependencies),
                references={
                    key: list(origins.urns) for key, origins in request.propertyDependencies.items()
                },
                ignored_changes=tuple(request.ignoreChanges),
                secret_outputs=tuple(request.additionalSecretOutputs),
                deletes_first=request.deleteBeforeReplace,
                replaced_on=tuple(request.replaceOnChanges),
                retained=request.retainOnDelete,
                looked_at_before_updates=tuple(request.hooks.before_update),
            )
        )

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self._current.inputs = args.inputs
        return f"{args.name}-id", {**_invented(args), **args.inputs, **self._fixed(args.typ)}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        answer = self.answers.get(args.token)
        assert answer is not None, f"no answer is prepared for {args.token}: set engine.answers"
        return dict(answer(args.args) if callable(answer) else answer), []

    def _fixed(self, typ: str) -> dict[str, Any]:
        return self.outputs.get(typ, {})


def _invented(args: MockResourceArgs) -> dict[str, Any]:
    package, _, kind = args.typ.partition(":")
    if package == "random":
        value = f"generated-{args.name}"
        return {"result": value, "base64": value, "hex": "c0ffee", "b64Url": "wP_u"}
    if package == "command":
        return {"stdout": "", "stderr": ""}
    if package != "aws":
        return {}
    if args.typ == "aws:acm/certificate:Certificate":
        return {"domainValidationOptions": _proofs(args.inputs), "arn": _arn("acm", args.name)}
    service = kind.partition("/")[0]
    name = args.inputs.get("name") or args.inputs.get("bucket") or args.name
    return {
        "arn": _arn(service, name),
        "name": name,
        "bucket": name,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}",
        "url": f"https://{service}.{REGION}.amazonaws.com/{name}",
    }


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def _proofs(certificate: dict[str, Any]) -> list[dict[str, str]]:
    """The record that AWS asks for each name of a certificate."""
    hosts = [certificate["domainName"], *certificate.get("subjectAlternativeNames", [])]
    return [
        {
            "domainName": host,
            "resourceRecordName": f"_validate.{host.removeprefix('*.')}.",
            "resourceRecordType": "CNAME",
            "resourceRecordValue": "_answer.acm-validations.aws.",
        }
        for host in hosts
    ]


def _every_release(asked: dict[str, Any]) -> dict[str, Any]:
    """Whatever version is asked for, all parts of it are there."""
    _, application, *_ = asked["prefix"].split("/")
    document = yaml.safe_load((APPLICATIONS / f"{application}.yaml").read_text("utf-8"))
    parts = [*document.get("services", {}), *document.get("sites", {})]
    kinds = ("tar.gz", "jar")
    return {"keys": [f"{asked['prefix']}{part}.{kind}" for part in parts for kind in kinds]}


def _policy_document(args: dict[str, Any]) -> dict[str, Any]:
    return {"json": json.dumps({"Version": "2012-10-17", "Statement": args.get("statements", [])})}
