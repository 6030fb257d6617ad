"""One machine or service: a root file system, its own network port, processes and cgroup."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from localcloud.machines.host import MachinesError
from localcloud.network.namespace import BRIDGE, Namespace
from localcloud.recorded_process import Recorded, children

# What systemd, as the first process of a machine, understands (systemd(1), "Signals").
POWER_OFF = signal.SIGRTMIN + 4
REBOOT = signal.SIGRTMIN + 5

# Where systemd-nspawn leaves an empty directory for each machine it ever started.
PROPAGATION = Path("/run/systemd/nspawn/propagate")

# Debian's own, whatever this process has.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

CGROUPS = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "cpu", "pids", "systemd", "unified")
CGROUP_PARENT = "groundwork"

# Stays beside the machine for its whole life, in a mount namespace of its own: the overlay is
# gone when it is. systemd-nspawn ends with 133 where a machine asks to be started again.
KEEPER = """
directory=$1 restart=$2 overlay=$3 groups=$4; shift 4
for group in $groups; do echo $$ >"$group/cgroup.procs" || exit 1; done
[ -z "$overlay" ] || mount -t overlay groundwork -o "$overlay" "$directory/root" || exit 1
while :; do
  "$@"; status=$?
  [ $status -ne 133 ] || continue
  [ "$restart" = always ] && [ ! -e "$directory/stopping" ] || break
  sleep 1
done
echo $status >"$directory/exit"
"""

# A service has no network daemon: its port is set up on the way to its command.
SERVICE = """
ip link set dev lo up && ip link set dev host0 up || exit 1
for address in $0; do ip addr add "$address" dev host0 || exit 1; done
exec "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A single command on an image that it may not change, started again whenever it ends."""

    image: Path
    command: Sequence[str]
    # With the prefix length of the network that is on the bridge.
    addresses: Sequence[str]
    # Whether it is started again by itself, or by whoever decides who leads.
    restarts: bool = True
    # Directory here → directory there.
    writable: dict[Path, str]
    readable: dict[Path, str]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A booted system on a changeable copy of an image."""

    image: Path
    readable: dict[Path, str]


class Container:
    """Found again by its directory, whoever started it."""

    def __init__(self, directory: Path, network: Namespace) -> None:
        self.directory = directory
        self.name = directory.name
        self._network = network
        self._keeper = Recorded(directory / "keeper.json")

    @property
    def upper(self) -> Path:
        """What a machine's own files differ in from its image; write here before it starts."""
        return self.directory / "upper"

    @property
    def running(self) -> bool:
        return self._keeper.pid is not None

    @property
    def exit_status(self) -> int | None:
        """How it ended by itself; None while it runs, and where it was killed from outside."""
        try:
            return int((self.directory / "exit").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def start(self, what: Machine | Service) -> None:
        if self.running:
            return
        for name in ("upper", "work", "root"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        for mark in ("exit", "stopping"):
            (self.directory / mark).unlink(missing_ok=True)
        # What was started when a kill came, and not written down, would stand in the way.
        self._end_everything()
        groups = self._make_cgroups()
        overlay, root, arguments = "", what.image, self._service_or_boot(what)
        restart = "always" if isinstance(what, Service) and what.restarts else "never"
        if isinstance(what, Machine):
            root = self.directory / "root"
            layers = {
                "lowerdir": what.image,
                "upperdir": self.upper,
                "workdir": self.directory / "work",
            }
            overlay = ",".join(f"{k}={_escape(path)}" for k, path in layers.items())
        nspawn = [
            *("systemd-nspawn", "--quiet", f"--directory={root}", f"--machine={self.name}"),
            # This host need not run systemd itself.
            *("--register=no", "--keep-unit", f"--network-bridge={BRIDGE}"),
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
            *(f"--bind-ro={here}:{there}" for here, there in what.readable.items()),
            *arguments,
        ]
        keeper = ["sh", "-c", KEEPER, "keeper", str(self.directory), restart, overlay, groups]
        self._keeper.start(
            self._network.inside(
                ["unshare", "--mount", "--propagation", "slave", *keeper, *nspawn]
            ),
            output=self.directory / "console",
            environment={"PATH": os.environ["PATH"]},
        )

    def _service_or_boot(self, what: Machine | Service) -> list[str]:
        if isinstance(what, Machine):
            return ["--boot", "--kill-signal=SIGRTMIN+3"]
        return [
            *("--read-only", "--as-pid2", "--tmpfs=/var/log", "--tmpfs=/var/lib"),
            *(f"--bind={here}:{there}" for here, there in what.writable.items()),
            *("--", "/bin/sh", "-c", SERVICE, " ".join(what.addresses), *what.command),
        ]

    @property
    def leader(self) -> int | None:
        """The first process inside, as this host numbers it."""
        keeper = self._keeper.pid
        for nspawn in children(keeper) if keeper else []:
            for child in children(nspawn):
                if _number_inside(child) == 1:
                    return child
        return None

    @property
    def main(self) -> int | None:
        """A service's own process: the first one's oldest child, others being its orphans."""
        leader = self.leader
        return next(iter(children(leader)), None) if leader else None

    def run(
        self, *command: str, text: str | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root."""
        leader = self.leader
        if leader is None:
            raise MachinesError(f"{self.name} is not running.")
        return subprocess.run(
            ["nsenter", f"--target={leader}", "--all", "--wdns=/", "--", *command],
            input=text,
            capture_output=True,
            text=True,
            timeout=timeout,
            env={"PATH": PATH},
        )

    def reboot(self) -> None:
        self._signal(self.leader, REBOOT)

    def power_off(self, within: float = 30) -> None:
        """End a machine as its own `poweroff` would; pulled out where it does not obey."""
        self._signal(self.leader, POWER_OFF)
        self.ended(within)

    def quit(self, number: int = signal.SIGTERM, within: float = 30) -> None:
        """End a service by the signal it understands, and do not start it again."""
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "stopping").touch()
        self._signal(self.main, number)
        self.ended(within)

    def pull_the_plug(self) -> None:
        """End everything at once, as a power cut would."""
        keeper = self._keeper.pid
        self._keeper.signal(signal.SIGKILL)
        for nspawn in children(keeper) if keeper else []:
            self._signal(nspawn, signal.SIGKILL)
        for process in self.processes():
            self._signal(process, signal.SIGKILL)

    def _end_everything(self, within: float = 30) -> None:
        """On a busy machine a killed process takes its time to be gone."""
        deadline = time.monotonic() + within
        while self.processes() and time.monotonic() < deadline:
            self.pull_the_plug()
            time.sleep(0.05)

    def remove(self) -> None:
        """Leave no process, cgroup or file."""
        self.pull_the_plug()
        self.ended(5)
        self._end_everything()
        for group in self._cgroups():
            remove_cgroup(group)
        with contextlib.suppress(OSError):
            (PROPAGATION / self.name).rmdir()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ended(self, within: float) -> None:
        """Wait for its end; pulled out where that does not come."""
        if not self._keeper.ended(within):
            self.pull_the_plug()
            self._keeper.ended(within)

    @staticmethod
    def _signal(pid: int | None, number: int) -> None:
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _cgroups(self) -> list[Path]:
        return [parent / self.name for parent in cgroup_parents(self._network)]

    def _make_cgroups(self) -> str:
        groups = self._cgroups()
        for group in groups:
            group.mkdir(parents=True, exist_ok=True)
        return " ".join(str(group) for group in groups)

    def processes(self) -> list[int]:
        """All that belong to it, as this host numbers them."""
        return processes_in(self._cgroups())


def cgroup_parents(network: Namespace) -> list[Path]:
    """Where the cgroups of one cloud's machines are, in each hierarchy that this host has."""
    unified_only = (CGROUPS / "cgroup.procs").exists()
    hierarchies = [CGROUPS] if unified_only else [CGROUPS / name for name in CONTROLLERS]
    return [path / CGROUP_PARENT / network.name for path in hierarchies if path.is_dir()]


def processes_in(groups: Iterable[Path]) -> list[int]:
    """Those of cgroups and of all below, any of which may go while it is looked at."""
    found: set[int] = set()
    for group in groups:
        for directory, _, _ in os.walk(group):
            try:
                found.update(int(line) for line in (Path(directory) / "cgroup.procs").open())
            except OSError:
                continue
    return sorted(found)


def remove_cgroup(group: Path, within: float = 30) -> None:
    """Remove it and those below it, as soon as the killed processes have left: on a busy machine
    they take their time."""
    deadline = time.monotonic() + within
    for directory, _, _ in os.walk(group, topdown=False):
        while True:
            try:
                Path(directory).rmdir()
                break
            except FileNotFoundError:
                break
            except OSError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.05)


def _number_inside(pid: int) -> int | None:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                numbers = line.split()[1:]
                return int(numbers[-1]) if len(numbers) > 1 else None
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def _escape(path: Path) -> str:
    """A path as overlay's options take it."""
    return str(path).replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
