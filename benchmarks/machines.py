"""Fresh machines for each run, and what can be read off them from behind, without a connection."""

import contextlib
import json
import os
import shlex
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.configured_host import Inventory, Machine, steps
from hosts.script import COMMAND, render
from hosts.steps import Absent, Directory, File, Link, Packages, Role, Running, Sysctl, User
from localcloud.machines.container import Container
from tests.e2e.emulated import PUBLIC, Emulated, eventually

USER = "admin"
READY = "test -e /var/lib/cloud/instance/boot-finished && systemctl is-active --quiet ssh.service"


@dataclass(frozen=True)
class Seen:
    """What a machine has counted since it booted."""

    processor_seconds: float
    connections: int
    bytes: int


@dataclass(frozen=True)
class Booted:
    """Machines of one run, and where their inventory lies."""

    inventory: Inventory
    containers: tuple[Container, ...]
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "inventory.json"

    @property
    def texts(self) -> Path:
        return self.folder / "texts"

    def seen(self) -> Seen:
        each = [_seen(container) for container in self.containers]
        return Seen(
            sum(one.processor_seconds for one in each),
            sum(one.connections for one in each),
            sum(one.bytes for one in each),
        )

    def end_states(self) -> list[str]:
        """Of each machine: files by digest, rights, units, packages, kernel, firewall, user."""
        question = _question(self.inventory.roles)
        return [_says(container, question) for container in self.containers]

    def still_to_do(self) -> str:
        """What groundwork's own checks find amiss on any of them; it is mended, too."""
        script = render(self.inventory.roles)
        return "".join(_says(container, COMMAND, script) for container in self.containers)


class Site:
    """A cloud that boots and removes machines."""

    def __init__(self, cloud: Emulated) -> None:
        self._cloud = cloud

    @cached_property
    def _group(self) -> str:
        return self._cloud.group("hosts", port_22=PUBLIC)

    @contextmanager
    def machines(self, number: int) -> Iterator[Booted]:
        """Booted from the image and idle; gone at the end."""
        ids = [
            self._cloud.instance(f"host-{n + 1}", self._group, public=True) for n in range(number)
        ]
        try:
            for instance in ids:
                eventually(lambda one=instance: self._is_ready(one))
            containers = tuple(self._cloud.container(instance) for instance in ids)
            booted = self._described(ids, containers)
            for machine in booted.inventory.machines:
                eventually(lambda one=machine: _answers(one.address))
            yield booted
        finally:
            self._cloud.client("ec2").terminate_instances(InstanceIds=ids)
            for instance in ids:
                self._cloud.in_state(instance, "terminated")

    def _is_ready(self, instance: str) -> bool:
        if not list(self._cloud.state.glob(f"*/{instance}/keeper.json")):
            return False
        container = self._cloud.container(instance)
        return container.leader is not None and not container.run("sh", "-c", READY).returncode

    def _described(self, ids: list[str], containers: tuple[Container, ...]) -> Booted:
        machines = tuple(
            Machine(
                name=f"host-{n}",
                instance_id=instance,
                address=self._cloud.described(instance)["PublicIpAddress"],
                host_key=" ".join(
                    _says(container, "cat /etc/ssh/ssh_host_ed25519_key.pub").split()[:2]
                ),
            )
            for n, (instance, container) in enumerate(zip(ids, containers, strict=True), start=1)
        )
        inventory = Inventory(user=USER, key=self._cloud.key, source=PUBLIC, machines=machines)
        booted = Booted(inventory, containers, self._cloud.folder)
        booted.file.write_text(json.dumps({**asdict(inventory), "key": str(inventory.key)}))
        (booted.folder / "known_hosts").write_text(
            "".join(f"{machine.address} {machine.host_key}\n" for machine in machines)
        )
        return booted


def _answers(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _says(container: Container, command: str, given: str = "") -> str:
    done = container.run("bash", "-c", command, text=given, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{container.name}: {done.stdout}{done.stderr}")
    return done.stdout


def _seen(container: Container) -> Seen:
    accepted = _says(
        container,
        "journalctl --quiet --output=cat _COMM=sshd + _COMM=sshd-session"
        " | grep -c '^Accepted publickey' || true",
    )
    counters = "/sys/class/net/host0/statistics"
    moved = _says(container, f"cat {counters}/rx_bytes {counters}/tx_bytes")
    return Seen(_processor_seconds(container), int(accepted), sum(map(int, moved.split())))


def _processor_seconds(container: Container) -> float:
    """Of all that runs there and of all that has ended there: a parent inherits what it reaps."""
    ticks = 0
    for process in container.processes():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # Behind the name, which may hold spaces: proc_pid_stat(5), fields 14 to 17.
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _question(roles: list[Role]) -> str:
    """One command that prints the end state of everything that the roles are about."""
    lines: list[str] = []
    for step in steps(roles):
        if isinstance(step, File | Directory):
            path = shlex.quote(step.path)
            lines.append(f"stat -c '%n %F %04a %U:%G' {path}")
            if isinstance(step, File):
                lines.append(f"sha256sum {path}")
        elif isinstance(step, Link):
            lines.append(f"readlink {shlex.quote(step.path)}")
        elif isinstance(step, Absent):
            lines.append(f"test -e {shlex.quote(step.path)} && echo {shlex.quote(step.path)}")
        elif isinstance(step, User):
            lines.append(f"getent passwd {step.user} | cut -d: -f1,6,7")
        elif isinstance(step, Sysctl):
            lines.append(f"sysctl {step.key}")
        elif isinstance(step, Packages):
            wanted = " ".join(step.packages)
            lines.append(f"dpkg-query -Wf '${{Package}} ${{Version}} ${{Status}}\\n' {wanted}")
        elif isinstance(step, Running):
            lines.append(
                f"echo {step.unit} $(systemctl is-enabled {step.unit})"
                f" $(systemctl is-active {step.unit})"
            )
    lines += [
        "ufw show added | sort",
        "ufw status verbose | sort",
        "sshd -T",
        "nginx -T 2>/dev/null",
    ]
    lines += ["curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:3001/", "true"]
    return "\n".join(lines)
