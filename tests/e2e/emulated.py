"""The emulated AWS with its machines, stores and balancers, driven by its API alone."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

import boto3

from localcloud import ports
from localcloud.machines import image
from localcloud.machines.container import Container
from localcloud.machines.destroy import destroy
from localcloud.network.cloud_network import CloudNetwork
from localcloud.paths import ROOT
from tests.e2e import public_blocks

REGION = "eu-west-1"
# Never one that a cloud may have that a person has up.
PUBLIC, ANOTHER = public_blocks.free("198.19", range(240), count=2)
OUTSIDE = f"{PUBLIC.removesuffix('0/24')}1"
MODULES = ("machines", "services", "load_balancer")
PATIENCE = 600.0

SSH_OPTIONS = (
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
    # Until both have agreed on keys: on a machine that stands still for a while that takes as long.
    *("-o", "LogLevel=ERROR", "-o", "ConnectTimeout=120"),
)


T = TypeVar("T")


def eventually(ask: Callable[[], T], within: float = PATIENCE) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"still {answer!r} after {within:.0f} seconds"
        time.sleep(0.2)


@dataclass(kw_only=True)
class Emulated:
    """One control plane in a process of its own, and a VPC of two zones in it."""

    folder: Path
    public: str = PUBLIC
    port: int = field(default_factory=ports.any_free)
    process: subprocess.Popen[bytes] | None = None

    @property
    def state(self) -> Path:
        return self.folder / "state"

    # -- the control plane -------------------------------------------------------------------

    def start(self) -> None:
        """It answers, and all that it makes real has been looked at by those who care for it: what
        one that was killed has left says nothing of this one."""
        ready = self.state / "ready.json"
        for left in (ready, *map(self._status, MODULES)):
            left.unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "localcloud.control_plane", "--port", str(self.port)),
                    *("--state", str(self.state)),
                    *(word for name in MODULES for word in ("--with", f"localcloud.{name}")),
                ],
                cwd=ROOT,
                env={**os.environ, "GROUNDWORK_PUBLIC_NETWORK": self.public},
                stdout=log,
                stderr=log,
            )
        self._comes(ready)
        # What stands in the way of all that it should make real is said at once, not after all that
        # a test waits for.
        for name in MODULES:
            self._comes(self._status(name))
            problem = json.loads(self._status(name).read_text())["problem"]
            assert not problem, problem

    def _comes(self, file: Path) -> None:
        """Unless its writer ends."""
        running = self.process
        assert running
        eventually(lambda: file.exists() or running.poll() is not None)
        assert file.exists(), (self.folder / "log").read_text()[-3000:]

    def _status(self, reconciler: str) -> Path:
        return self.state / reconciler / "status.json"

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait()

    def client(self, service: str) -> Any:
        return _client(service, self.port)

    # -- what the tests need in the account --------------------------------------------------

    @cached_property
    def vpc(self) -> str:
        return self.client("ec2").create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]

    @cached_property
    def subnets(self) -> list[str]:
        return [
            self.client("ec2").create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.77.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab", start=1)
        ]

    def group(self, name: str, **allowed: str) -> str:
        """A security group: port_N=source, a range or another group."""
        group = self.client("ec2").create_security_group(
            GroupName=name, Description=name, VpcId=self.vpc
        )["GroupId"]
        for port, source in allowed.items():
            number = int(port.removeprefix("port_"))
            peer: dict[str, Any] = (
                {"IpRanges": [{"CidrIp": source}]}
                if "/" in source
                else {"UserIdGroupPairs": [{"GroupId": source}]}
            )
            permission = {"IpProtocol": "tcp", "FromPort": number, "ToPort": number, **peer}
            self.client("ec2").authorize_security_group_ingress(
                GroupId=group, IpPermissions=[permission]
            )
        return group

    @cached_property
    def key(self) -> Path:
        path = self.folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", path], check=True)
        material = path.with_suffix(".pub").read_bytes()
        self.client("ec2").import_key_pair(KeyName="deploy", PublicKeyMaterial=material)
        return path

    def instance(
        self, name: str, group: str, *, public: bool = False, zone: int = 0, **more: Any
    ) -> str:
        assert self.key
        interface = {
            "DeviceIndex": 0,
            "SubnetId": self.subnets[zone],
            "Groups": [group],
            "AssociatePublicIpAddress": public,
        }
        [made] = self.client("ec2").run_instances(
            ImageId="ami-12c6146b",
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.small",
            KeyName="deploy",
            MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"},
            NetworkInterfaces=[interface],
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}
            ],
            **more,
        )["Instances"]
        return made["InstanceId"]

    def described(self, instance: str) -> dict[str, Any]:
        found = self.client("ec2").describe_instances(InstanceIds=[instance])
        return found["Reservations"][0]["Instances"][0]

    def in_state(self, instance: str, state: str) -> None:
        eventually(lambda: self.described(instance)["State"]["Name"] == state)

    @cached_property
    def operations(self) -> str:
        """The one machine that can be reached from outside, and may reach all others."""
        return self.instance(
            "operations", self.group("operations", port_22=self.public), public=True
        )

    @cached_property
    def operations_group(self) -> str:
        interface = self.described(self.operations)["NetworkInterfaces"][0]
        return interface["Groups"][0]["GroupId"]

    def ssh(
        self, command: str, instance: str | None = None, timeout: float = 180, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run something on the operations machine, or through it on another."""
        options = ["-i", str(self.key), *SSH_OPTIONS]
        door = f"admin@{self.described(self.operations)['PublicIpAddress']}"
        target = door
        if instance:
            target = f"admin@{self.described(instance)['PrivateIpAddress']}"
            options += ["-o", f"ProxyCommand=ssh {' '.join(options)} -W %h:%p {door}"]
        return subprocess.run(
            ["timeout", str(timeout), "ssh", *options, target, command],
            input=stdin,
            capture_output=True,
            text=True,
        )

    def reachable(self, instance: str | None = None) -> None:
        eventually(lambda: self.ssh("true", instance, timeout=30).returncode == 0)

    def says(self, command: str, instance: str | None = None) -> str:
        """However long it takes a busy machine, as to install packages."""
        done = self.ssh(command, instance, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def install(self, packages: str, instance: str | None = None) -> None:
        """Whatever else installs there just then, as Debian's own timers do."""
        command = (
            "sudo apt-get -o DPkg::Lock::Timeout=300 -qq update && "
            "sudo DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq --yes "
            f"install {packages} >/dev/null"
        )
        eventually(lambda: self.ssh(command, instance, timeout=PATIENCE).returncode == 0)

    # -- behind the API's back ---------------------------------------------------------------

    def status(self, reconciler: str) -> list[dict[str, str]]:
        return json.loads(self._status(reconciler).read_text())["served"]

    def container(self, pattern: str) -> Container:
        [directory] = self.state.glob(f"*/{pattern}")
        return Container(directory, self.network.namespace)

    @cached_property
    def network(self) -> CloudNetwork:
        return CloudNetwork(self.state.resolve() / "network")

    def keepers(self) -> dict[str, str]:
        """Which process keeps what: the same ones, as long as nothing was started again."""
        return {path.parent.name: path.read_text() for path in self.state.glob("*/*/keeper.json")}


@cache
def _client(service: str, port: int) -> Any:
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@contextmanager
def emulated(folder: Path, public: str = PUBLIC) -> Iterator[Emulated]:
    """Everything is taken away again, whatever happens."""
    # On a bare machine this takes minutes, which are not among those that a test waits for.
    image.ensure_all()
    made = Emulated(folder=folder, public=public)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        destroy(made.state)
