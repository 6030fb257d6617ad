"""`down [STACK]`: the stack destroyed, every process ended, nothing left."""

import signal

from localcloud import lock, processes, recovery, report, session, supervisor
from localcloud.engine import configuration
from localcloud.engine.run import follow
from localcloud.engine.stack import Stack
from localcloud.error import LocalCloudError
from localcloud.machines.destroy import destroy
from localcloud.paths import Paths
from localcloud.report import Progress, Timings, say

# Whoever takes everything away need not wait long for what was being made.
PATIENCE = 20.0
GRACE = 60.0
PARALLEL = ("--parallel", "64")


def run(paths: Paths, name: str) -> int:
    if not paths.home.exists():
        say("Nothing is up.")
        return 0
    # What was brought up once is taken away, even if its file has gone meanwhile.
    if recovery.state_file(Stack(paths, name, None)) is None:
        configuration.refuse_unknown(paths, name)
    timings = Timings()
    code = 0
    with lock.held(paths, patience=PATIENCE):
        recovery.end_leftovers(paths, patience=PATIENCE)
        recovery.finish_removal(paths)
        with timings.part("destroy"):
            code = _destroy(paths, name)
        with timings.part("stop and remove"):
            remaining = processes.end_all(paths.home, grace=GRACE, first=signal.SIGTERM)
            if remaining:
                listed = ", ".join(f"{process.pid} ({process.command})" for process in remaining)
                raise LocalCloudError(f"These processes do not end: {listed}")
            # Machines and stores outlive the control plane, so they are ended by their own records.
            state = paths.control_plane / "state"
            if (state / "network").exists():
                destroy(state)
            recovery.remove(paths)
    report.show_timings(timings)
    say("Down: no process and no file of the local cloud is left.")
    return code


def _destroy(paths: Paths, name: str) -> int:
    """Through the engine, as on AWS; what it cannot destroy goes with the emulated cloud."""
    stack = Stack(paths, name, None)
    if recovery.state_file(stack) is None:
        return 0
    try:
        endpoint = supervisor.start(paths, session.port()).wait()
        stack = Stack(paths, name, endpoint.url)
        recovery.mend(stack)
        progress = Progress("destroyed")
        outcome = follow(stack, "destroy", ["--yes", "--skip-preview", *PARALLEL], progress)
        progress.done()
    except LocalCloudError as error:
        say(f"The stack was not destroyed resource by resource: {error.what}")
        return 1
    if outcome.ok:
        say(f"Destroyed {outcome.counts.get('delete', 0)} resources.")
        return 0
    report.show_errors(outcome)
    say("Not every resource could be destroyed one by one; what is left goes with the cloud.")
    return 1
