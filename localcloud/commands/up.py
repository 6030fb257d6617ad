"""`up [STACK]`: the program, through the real engine, on this machine."""

from localcloud import lock, recovery, report, session
from localcloud.engine.run import Outcome, follow
from localcloud.engine.stack import Stack
from localcloud.paths import ROOT, Paths
from localcloud.report import Progress, Timings, say

# The Terraform provider mostly waits, so more at once than there are cores.
PARALLEL = ("--parallel", "64")


def run(paths: Paths, name: str) -> int:
    timings = Timings()
    port = session.port()
    session.check(paths, name, port)
    with lock.held(paths):
        recovery.end_leftovers(paths)
        recovery.finish_removal(paths)
        # A program that is not this one has hosts of its own to think of.
        opened = session.open_stack(paths, name, port, timings, machines=paths.project == ROOT)
        stack = opened.stack
        with timings.part("stack and configuration"):
            stack.prepare(own_keys=True, runtimes=opened.runtimes)
            interrupted = recovery.mend(stack)
        pack = policy_pack(paths)
        with timings.part("preview"):
            progress = Progress("previewed")
            planned = follow(stack, "preview", [*pack, *PARALLEL], progress)
            progress.done()
        if not planned.ok:
            return _refused(planned, "The preview failed: nothing was changed.")
        if pack:
            report.show_findings(planned.findings)
        if not planned.changes and not planned.outputs_change and not interrupted:
            say(f"Nothing to change: {_unchanged(planned)} unchanged.")
            report.show_timings(timings)
            return 0
        with timings.part("up"):
            progress = Progress("made", len(planned.steps))
            done = follow(stack, "up", ["--yes", "--skip-preview", *pack, *PARALLEL], progress)
            progress.done()
        if not done.ok:
            return _refused(
                done,
                "Not everything could be made. What was made is kept: the same command goes on.",
            )
        recovery.forget_journal(paths)
        show(stack, done, timings)
    return 0


def policy_pack(paths: Paths) -> list[str]:
    """The pack of the project that is run; a project without one runs without."""
    folder = paths.project / "policies"
    return ["--policy-pack", str(folder)] if (folder / "PulumiPolicy.yaml").exists() else []


def show(stack: Stack, done: Outcome, timings: Timings) -> None:
    made = done.kinds(frozenset({"create", "create-replacement"}))
    if made:
        report.show_counts("Created", made)
    report.show_changes(done.steps)
    if done.counts.get("same"):
        say(f"{_unchanged(done)} unchanged.")
    report.show_slowest(done.steps)
    report.show_timings(timings)
    ours = stack.paths.project == ROOT
    down = "make down" if ours else "python -m localcloud down"
    say(f"Up at {stack.environment['AWS_ENDPOINT_URL']}. Take it down with: {down}")


def _unchanged(outcome: Outcome) -> int:
    return outcome.counts.get("same", 0)


def _refused(outcome: Outcome, summary: str) -> int:
    report.show_errors(outcome)
    if outcome.findings:
        report.show_findings(outcome.findings)
    say(summary)
    return 1
