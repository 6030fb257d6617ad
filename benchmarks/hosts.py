"""What configuring hosts costs: groundwork, ansible-core and pyinfra, on the same machines.

`python -m benchmarks.hosts` boots fresh machines for each first run, lets each tool make the same
host of them (benchmarks/configured_host.py), compares what came out, and runs the tool again with
nothing to change. It needs Linux and root, as `make up` does. Results are added to a file of JSON
lines; `--report` prints the tables and draws the picture of what is in it.
"""

import argparse
import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from benchmarks import hosts_report
from benchmarks.configured_host import files
from benchmarks.machines import Booted, Site
from commands.repair import GONE_OVER
from localcloud import tools
from localcloud.engine.stack import Stack
from localcloud.paths import ROOT, Paths
from localcloud.report import say
from localcloud.standins.journal import JOURNAL
from tests.e2e.emulated import emulated

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PEERS_ENVIRONMENT = ROOT / ".venv/peers"
RESULTS = ROOT / ".local/benchmark-hosts.jsonl"
PICTURE = HERE / "hosts.svg"
STACK = "bench"
LONGEST = 900

FIRST, AGAIN, UNCHANGED = "first", "again", "unchanged"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run of one tool over all machines."""

    round: int
    tool: str
    machines: int
    kind: str
    seconds: float
    controller_seconds: float
    """Processor time of the tool itself and all that it started here."""
    machine_seconds: float
    """Processor time on all machines together."""
    connections: int
    bytes: int
    """Over the machines' network ports, both ways, all machines together."""
    load: float
    """Average of the last minute when the run began."""
    others_seconds: float
    """Processor time that everything else here took meanwhile."""


class Tool:
    """A way to configure the machines of an inventory."""

    name: str
    kinds: tuple[str, ...] = (FIRST, AGAIN)

    def begin(self, booted: Booted) -> None:
        """What comes before the first run and is not measured: files that a person has already."""

    def command(self, kind: str, booted: Booted) -> list[str]:
        raise NotImplementedError

    def environment(self, booted: Booted) -> Mapping[str, str]:
        # As for the engine: no tool compiles its modules anew at each run, whatever the shell says.
        inherited = {name: it for name, it in os.environ.items() if not name.startswith("PYTHON")}
        return {**inherited, "BENCHMARK_INVENTORY": str(booted.file)}

    def directory(self) -> Path:
        return ROOT

    def end(self, booted: Booted) -> None:
        """What a run leaves alive is ended, so that the next one begins as the first did."""


class Groundwork(Tool):
    """The engine as `make deploy` runs it: a preview with the policy pack, then the change."""

    name = "groundwork"
    kinds = (FIRST, AGAIN, UNCHANGED)

    def __init__(self, home: Path) -> None:
        paths = Paths(HERE / "program", home)
        tools.ensure(paths, say)
        self._stack = Stack(paths, STACK, None)
        self._stack.environment.pop(JOURNAL, None)
        self._stack.prepare(own_keys=False)

    def begin(self, booted: Booted) -> None:
        # No machine of these has been there before.
        self._stack.run(["stack", "rm", "--yes", "--force", "--preserve-config", STACK])
        self._stack.run(["stack", "init", STACK, "--no-select"])

    def command(self, kind: str, booted: Booted) -> list[str]:
        # As `make repair` does it: every host is gone over although nothing has changed.
        over = ["--refresh", "--replace", GONE_OVER[0]] if kind == AGAIN else []
        pack = ["--policy-pack", str(ROOT / "policies")]
        return self._stack.command(["up", "--stack", STACK, "--yes", *pack, *over])

    def environment(self, booted: Booted) -> Mapping[str, str]:
        return {**self._stack.environment, "BENCHMARK_INVENTORY": str(booted.file)}


class HostsAlone(Tool):
    """groundwork's script and remote command, side by side, without engine and state."""

    name = "groundwork, no engine"

    def command(self, kind: str, booted: Booted) -> list[str]:
        return [sys.executable, "-m", "benchmarks.side_by_side", str(booted.file)]


class Peer(Tool):
    """Gets the text of each file ready-made, and so is spared its templates."""

    def begin(self, booted: Booted) -> None:
        for file in files(booted.inventory.roles):
            place = booted.texts / file.path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(file.content)


class Ansible(Peer):
    name = "ansible-core"

    def begin(self, booted: Booted) -> None:
        super().begin(booted)
        inventory = booted.inventory
        rules = (booted.texts / "etc/groundwork/firewall-rules").read_text().splitlines()
        variables = {
            "ansible_user": inventory.user,
            "ansible_ssh_private_key_file": str(inventory.key),
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={booted.folder}/known_hosts"
            " -o IdentitiesOnly=yes",
            "texts": str(booted.texts),
            "rules": rules,
        }
        addresses = {m.name: {"ansible_host": m.address} for m in inventory.machines}
        self._inventory(booted).write_text(
            json.dumps({"all": {"hosts": addresses, "vars": variables}})
        )

    @staticmethod
    def _inventory(booted: Booted) -> Path:
        return booted.folder / "ansible.json"

    @staticmethod
    def _sockets(booted: Booted) -> Path:
        return booted.folder / "c"

    def command(self, kind: str, booted: Booted) -> list[str]:
        forks = str(len(booted.inventory.machines))
        program = str(PEERS_ENVIRONMENT / "bin/ansible-playbook")
        return [program, "--forks", forks, "-i", str(self._inventory(booted)), "playbook.yml"]

    def directory(self) -> Path:
        return PEERS / "ansible"

    def environment(self, booted: Booted) -> Mapping[str, str]:
        return {
            **super().environment(booted),
            "ANSIBLE_CONFIG": str(PEERS / "ansible/ansible.cfg"),
            "ANSIBLE_HOME": str(booted.folder / "ansible-home"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self._sockets(booted)),
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
        }

    def end(self, booted: Booted) -> None:
        for socket in self._sockets(booted).glob("*"):
            subprocess.run(
                ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "any"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )


class Pyinfra(Peer):
    name = "pyinfra"

    def command(self, kind: str, booted: Booted) -> list[str]:
        at_once = str(len(booted.inventory.machines))
        program = str(PEERS_ENVIRONMENT / "bin/pyinfra")
        return [
            *(program, "--yes", "--no-wait", "--parallel", at_once),
            *("inventory.py", "deploy.py"),
        ]

    def directory(self) -> Path:
        return PEERS / "pyinfra"

    def environment(self, booted: Booted) -> Mapping[str, str]:
        return {**super().environment(booted), "BENCHMARK_TEXTS": str(booted.texts)}


# -- one run -----------------------------------------------------------------------------------


def busy() -> float:
    """Processor seconds that this whole machine has spent on anything."""
    user, nice, system, _, _, irq, softirq, *_ = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def ended() -> float:
    """Processor seconds of all processes below this one that have ended and been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def adopt() -> None:
    """What a tool leaves behind is this process's child from now on, and so is counted."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0):  # PR_SET_CHILD_SUBREAPER
        raise OSError(ctypes.get_errno(), "prctl")


def reap(own: set[int]) -> None:
    """Wait for every child but those in `own`."""
    deadline = time.monotonic() + 20
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while left := {int(pid) for pid in children.read_text().split()} - own:
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            raise TimeoutError(f"still there: {left}")
        time.sleep(0.02)


def measure(tool: Tool, kind: str, booted: Booted, turn: int, log: Path) -> Measured:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    own = {int(pid) for pid in children.read_text().split()}
    load = os.getloadavg()[0]
    seen, spent, all_spent = booted.seen(), ended(), busy()
    with log.open("w") as output:
        began = time.perf_counter()
        done = subprocess.run(
            tool.command(kind, booted),
            cwd=tool.directory(),
            env=tool.environment(booted),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
        )
        seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{tool.name}, {kind}: exit status {done.returncode}, see {log}")
    tool.end(booted)
    reap(own)
    controller = ended() - spent
    all_spent = busy() - all_spent
    after = booted.seen()
    on_machines = after.processor_seconds - seen.processor_seconds
    return Measured(
        round=turn,
        tool=tool.name,
        machines=len(booted.inventory.machines),
        kind=kind,
        seconds=round(seconds, 3),
        controller_seconds=round(controller, 3),
        machine_seconds=round(on_machines, 3),
        connections=after.connections - seen.connections,
        bytes=after.bytes - seen.bytes,
        load=round(load, 2),
        others_seconds=round(max(0.0, all_spent - controller - on_machines), 3),
    )


# -- all runs ----------------------------------------------------------------------------------


def runs(
    site: Site, chosen: Sequence[Tool], sizes: Sequence[int], turns: range, logs: Path
) -> Iterator[Measured]:
    """Tools take turns, each round another one first; every first run has fresh machines."""
    for turn in turns:
        for size in sizes:
            agreed: dict[str, list[str]] = {}
            for n in range(len(chosen)):
                tool = chosen[(n + turn) % len(chosen)]
                with site.machines(size) as booted:
                    tool.begin(booted)
                    for kind in tool.kinds:
                        log = logs / f"{tool.name}-{size}-{kind}-{turn}.log".replace(" ", "-")
                        yield measure(tool, kind, booted, turn, log)
                    compare(tool, booted, agreed)


def compare(tool: Tool, booted: Booted, agreed: dict[str, list[str]]) -> None:
    """Every machine of every tool ended in the same state, and groundwork finds nothing amiss."""
    states = booted.end_states()
    for other, expected in {tool.name: states[:1], **agreed}.items():
        for state in states:
            if state != expected[0]:
                ours, theirs = state.splitlines(), expected[0].splitlines()
                odd = sorted(set(ours) ^ set(theirs))
                raise RuntimeError(f"{tool.name} and {other} differ:\n" + "\n".join(odd[:40]))
    if amiss := booted.still_to_do():
        raise RuntimeError(f"after {tool.name} this was left to do:\n{amiss}")
    agreed[tool.name] = states


def peers_ready() -> None:
    """The peers in an environment of their own, as pinned."""
    wanted = PEERS / "requirements.txt"
    complete = PEERS_ENVIRONMENT / ".complete"
    if complete.exists() and complete.read_text() == wanted.read_text():
        return
    uv = str(ROOT / ".venv/uv/bin/uv")
    here = str(PEERS_ENVIRONMENT)
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, here], check=True)
    compiled = ["--compile-bytecode", "--python", here]
    subprocess.run([uv, "pip", "sync", "--quiet", *compiled, wanted], check=True)
    complete.write_text(wanted.read_text())


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hosts", description=__doc__)
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 2, 4, 8], metavar="N")
    parser.add_argument("--rounds", type=int, default=3, help="of all tools over all sizes")
    parser.add_argument("--first-round", type=int, default=0, help="number of the first of them")
    parser.add_argument("--tools", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--results", type=Path, default=RESULTS, help="JSON lines, added to")
    parser.add_argument("--report", action="store_true", help="measure nothing: tables, picture")
    return parser.parse_args()


def stop(number: int, frame: FrameType | None) -> None:
    """As Ctrl-C does: the machines are taken away first."""
    raise KeyboardInterrupt


def main() -> None:
    given = parsed()
    signal.signal(signal.SIGTERM, stop)
    if not given.report:
        given.results.parent.mkdir(parents=True, exist_ok=True)
        peers_ready()
        adopt()
        with tempfile.TemporaryDirectory(prefix="gwb-") as name, emulated(Path(name)) as cloud:
            site = Site(cloud)
            every: list[Tool] = [
                Groundwork(Path(name) / "home"),
                HostsAlone(),
                Ansible(),
                Pyinfra(),
            ]
            known = [tool.name for tool in every]
            if unknown := set(given.tools or known) - set(known):
                raise SystemExit(f"error: {', '.join(unknown)}: tools are {', '.join(known)}")
            chosen = [tool for tool in every if tool.name in (given.tools or known)]
            turns = range(given.first_round, given.first_round + given.rounds)
            logs = given.results.with_suffix(".logs")
            logs.mkdir(exist_ok=True)
            for one in runs(site, chosen, given.machines, turns, logs):
                with given.results.open("a") as results:
                    results.write(json.dumps(asdict(one)) + "\n")
                print(
                    f"round {one.round}, {one.machines} machines, {one.tool}, {one.kind}: "
                    f"{one.seconds:.1f} s (load {one.load:.0f})",
                    flush=True,
                )
    found = [json.loads(line) for line in given.results.read_text().splitlines()]
    print(hosts_report.tables(found))
    PICTURE.write_text(hosts_report.picture(found))


if __name__ == "__main__":
    main()
