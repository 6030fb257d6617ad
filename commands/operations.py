"""The way to the operations instance, and through it to every host: OpenSSH and pinned keys.

    with way_to(stack) as way:
        done = way.run("sudo", "-n", "/usr/local/lib/groundwork/release", "--help")
        code = way.show("sudo", "-n", "journalctl", "-n", "20", host="web-a1")

Host keys are those which the machines published of themselves; any other is refused. The deploy
key is in the memory of this process only, and ssh reads it there: nothing is left, however it ends.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Collection, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.cloud import Cloud, error_code, explained
from commands.error import CommandError
from commands.stack import Stack
from hosts import port_forward
from hosts.first_boot import parameter_prefix
from settings.secrets import DEPLOY_KEY

# What ssh exits with when it was ssh that failed, and not the command (ssh(1)).
SSH_FAILED = 255
OPERATIONS = "operations"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How ssh finds a machine, and the name under which its key is pinned."""

    instance_id: str
    address: str
    port: int = 22
    pool: str = ""


def in_pools(hosts: Mapping[str, Machine], pools: Collection[str]) -> list[str]:
    """The hosts of these pools, by name."""
    return sorted(name for name, machine in hosts.items() if machine.pool in pools)


@dataclass(frozen=True, kw_only=True)
class Way:
    """For as long as its block lasts."""

    user: str
    key: Path
    known_hosts: Path
    operations: Machine
    hosts: Mapping[str, Machine]

    def run(
        self, *words: str, host: str = OPERATIONS, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """A command's output and exit code; CommandError only where ssh itself fails.

        given goes to its standard input, which is where secrets belong: arguments are seen by all.
        """
        done = subprocess.run(
            self.command(*words, host=host),
            input=given,
            capture_output=True,
            text=True,
            check=False,
            # Ctrl-C is for this process, which knows what may be stopped.
            start_new_session=True,
        )
        if done.returncode == SSH_FAILED:
            raise CommandError(f"{host} is not reached: {done.stderr.strip()}", _look(host))
        return done

    def show(self, *words: str, host: str = OPERATIONS, given: str | None = None) -> int:
        """A command's exit code; what it says is shown as it comes.

        Without given, it reads what the person types: no words at all are a login shell.
        """
        terminal = given is None and sys.stdin.isatty()
        code = subprocess.run(
            self.command(*words, host=host, terminal=terminal), input=given, text=True, check=False
        ).returncode
        if code == SSH_FAILED:
            raise CommandError(f"{host} is not reached, or the connection broke.", _look(host))
        return code

    def command(self, *words: str, host: str = OPERATIONS, terminal: bool = False) -> list[str]:
        """The ssh command, for callers with pipes of their own."""
        machine = self._machine(host)
        through = [] if host == OPERATIONS else ["-o", f"ProxyCommand={self._proxy()}"]
        return [
            *self._ssh(machine),
            *through,
            "-tt" if terminal else "-T",
            f"{self.user}@{machine.address}",
            *([shlex.join(words)] if words else []),
        ]

    def _machine(self, host: str) -> Machine:
        if host == OPERATIONS:
            return self.operations
        if host not in self.hosts:
            raise CommandError(
                f"There is no host {host}.",
                f"Hosts are {', '.join([OPERATIONS, *sorted(self.hosts)])}.",
            )
        return self.hosts[host]

    def _proxy(self) -> str:
        # %% becomes %, and then ssh puts address and port of the host in.
        words = [word.replace("%", "%%") for word in self._ssh(self.operations)]
        return shlex.join(
            [*words, "-W", "%h:%p", f"{self.user}@{self.operations.address}"],
        )

    def _ssh(self, machine: Machine) -> list[str]:
        options = {
            "BatchMode": "yes",
            # Until both have agreed on keys, which takes a busy machine a while.
            "ConnectTimeout": "60",
            "ServerAliveInterval": "15",
            "IdentityFile": str(self.key),
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "HostKeyAlias": machine.instance_id,
            "UserKnownHostsFile": str(self.known_hosts),
            "GlobalKnownHostsFile": os.devnull,
            "StrictHostKeyChecking": "yes",
            "UpdateHostKeys": "no",
            "LogLevel": "ERROR",
        }
        # Nothing of the person's own configuration changes where this leads.
        words = ["ssh", "-F", "none", "-p", str(machine.port)]
        return [*words, *(word for pair in options.items() for word in ("-o", "=".join(pair)))]


@contextmanager
def way_to(stack: Stack) -> Generator[Way]:
    """The way to a stack's machines, open for the time of the block."""
    outputs = stack.engine.outputs()
    told: Mapping[str, Any] | str | None = outputs.get("operations")
    if told is None or isinstance(told, str):
        raise CommandError(
            f"The outputs of {stack.name} are of an older program: they say no way to its hosts.",
            f"Bring it up to date first: {stack.engine.bring_up}",
        )
    hosts = {
        name: Machine(instance_id=host["instance_id"], address=host["address"], pool=host["pool"])
        for name, host in outputs["hosts"].items()
    }
    with ExitStack() as held:
        address: str | None = told["address"]
        port = 22
        if address is None:
            address, port = held.enter_context(
                _forwarded(told["instance_id"], stack.settings.region)
            )
        operations = Machine(instance_id=told["instance_id"], address=address, port=port)
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="groundwork.")))
        known = folder / "known_hosts"
        ids = [machine.instance_id for machine in (operations, *hosts.values())]
        known.write_text(_known_hosts(stack.cloud, stack.name, ids))
        yield Way(
            user=stack.settings.images.user,
            key=held.enter_context(_key_in_memory(stack.engine.secret(DEPLOY_KEY), folder)),
            known_hosts=known,
            operations=operations,
            hosts=hosts,
        )


@contextmanager
def _forwarded(instance_id: str, region: str) -> Generator[tuple[str, int]]:
    try:
        port = port_forward.free_port()
        session = port_forward.start(instance_id, region, port)
    except port_forward.ForwardError as error:
        raise CommandError(str(error)) from None
    try:
        yield port_forward.LOOPBACK, port
    finally:
        port_forward.end(session)


def _known_hosts(cloud: Cloud, stack: str, instance_ids: list[str]) -> str:
    prefix = parameter_prefix(stack)
    lines: list[str] = []
    ssm = cloud.client("ssm")
    with explained():
        for instance_id in instance_ids:
            try:
                found = ssm.get_parameter(Name=f"{prefix}/{instance_id}")
            except Exception as error:
                if error_code(error) != "ParameterNotFound":
                    raise
                continue  # it has not booted yet: ssh refuses it as unknown
            lines.append(f"{instance_id} {found['Parameter']['Value'].strip()}\n")
    return "".join(lines)


@contextmanager
def _key_in_memory(key: str, folder: Path) -> Generator[Path]:
    """A path at which ssh reads the key: no file on Linux, elsewhere one that is taken away."""
    text = f"{key.strip()}\n".encode()
    if not hasattr(os, "memfd_create"):
        path = folder / "deploy_key"
        path.touch(mode=0o600)
        path.write_bytes(text)
        yield path
        return
    descriptor = os.memfd_create("deploy_key")
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, text)
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _look(host: str) -> str:
    if host == OPERATIONS:
        return (
            "Is the instance running, and is your address one of groundwork:access.allowed_from "
            "(access bastion)? Its key is in Parameter Store once it has booted."
        )
    return "Is the instance running? Its key is in Parameter Store once it has booted."
