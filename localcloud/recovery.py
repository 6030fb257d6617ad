"""After a crash: no engine left over, no lock, and no half-made resource without its trace."""

import json
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from localcloud import processes, tools
from localcloud.engine.binary import ENGINE
from localcloud.engine.stack import ROLE, Stack
from localcloud.paths import Paths
from localcloud.report import say
from localcloud.standins.journal import Journal

# A plugin whose engine is gone finishes what it has begun; the slowest kinds take minutes.
PATIENCE = 900.0
GRACE = 30.0
TERRAFORM_PROVIDER = "terraform-provider-"


def end_leftovers(paths: Paths, *, patience: float = PATIENCE) -> None:
    """Processes of runs that are gone: given time to finish, then asked, then ended."""
    # Half a set-up is of no use: it is made anew, from what is cached.
    making = processes.started_by(paths.home, {tools.ROLE})
    processes.end(making, grace=GRACE, first=signal.SIGTERM)
    left = processes.started_by(paths.home, {ROLE})
    if not left:
        return
    say(f"an earlier run was interrupted; waiting for what it had begun ({len(left)} processes)")
    deadline = time.monotonic() + patience
    while left and time.monotonic() < deadline:
        processes.end(_without_plugin(left), grace=0, first=signal.SIGKILL)
        time.sleep(0.2)
        # An engine whose run alone was killed goes on, and starts others.
        left = processes.started_by(paths.home, {ROLE})
    engines = [process for process in left if _is_engine(process, paths)]
    processes.end(engines, grace=GRACE, first=signal.SIGINT)
    processes.end(left, grace=GRACE, first=signal.SIGTERM)


def finish_removal(paths: Paths) -> None:
    """A `down` that was killed goes on, before anything is made of the half that it left."""
    if paths.removal.exists():
        _empty(paths)
        paths.removal.unlink()


def remove(paths: Paths) -> None:
    """The whole home. A state without its passphrase, or without its cloud, would be of no use to
    the next run, so whatever is left after a kill is marked."""
    paths.removal.touch()
    _empty(paths)
    paths.removal.unlink()
    paths.lock.unlink(missing_ok=True)
    # Whoever waited for the lock may have made the home anew: then it is that one's.
    with suppress(OSError):
        paths.home.rmdir()


def _empty(paths: Paths) -> None:
    for entry in paths.home.iterdir():
        if entry not in (paths.lock, paths.removal):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _without_plugin(left: list[processes.Process]) -> list[processes.Process]:
    """Providers of Terraform whose plugin was killed: they wait for its questions for ever."""
    plugins = {process.pid for process in left}
    return [
        process
        for process in left
        if Path(process.command.partition(" ")[0]).name.startswith(TERRAFORM_PROVIDER)
        and processes.parent_of(process.pid) not in plugins
    ]


def mend(stack: Stack) -> bool:
    """The stack can be worked on again; True where a run had been cut off."""
    locks = stack.paths.backend / ".pulumi" / "locks"
    if any(locks.rglob("*.json")):
        # Its holder is dead: we hold the lock of this home, and no engine is left.
        stack.run(["cancel", "--yes", "--stack", stack.name])
    snapshot = _snapshot(stack)
    held = snapshot.get("resources") or []
    Journal(stack.paths.journal).drop([(one["urn"], one.get("id", "")) for one in held])
    if not snapshot.get("pending_operations"):
        return False
    state = stack.exported()
    state["deployment"]["pending_operations"] = []
    file = stack.paths.home / "mended.json"
    file.write_text(json.dumps(state))
    stack.run(["stack", "import", "--stack", stack.name, "--file", str(file)])
    file.unlink()
    return True


def forget_journal(paths: Paths) -> None:
    """After a run that ended well the engine's state holds everything."""
    Journal(paths.journal).clear()


def _snapshot(stack: Stack) -> dict[str, Any]:
    """The state as it lies, for a run of the engine costs a second."""
    file = state_file(stack)
    if file is None:
        return {}
    checkpoint = json.loads(file.read_text()).get("checkpoint") or {}
    return checkpoint.get("latest") or {}


def state_file(stack: Stack) -> Path | None:
    stacks = stack.paths.backend / ".pulumi" / "stacks"
    return next(iter(sorted(stacks.rglob(f"{stack.name}.json"))), None)


def _is_engine(process: processes.Process, paths: Paths) -> bool:
    return process.command.startswith(str(paths.bin / ENGINE))
