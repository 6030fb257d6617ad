"""`preview STACK`: what a stack would make, judged by the policy pack, without an AWS account."""

import os
import signal
import subprocess

from localcloud import lock, processes, recovery, report, session, tools
from localcloud.commands.up import PARALLEL, policy_pack
from localcloud.engine import plugins
from localcloud.engine.run import follow
from localcloud.error import LocalCloudError
from localcloud.paths import Paths
from localcloud.report import Progress, Timings, say

GRACE = 30.0


def run(paths: Paths, name: str, *, aws: bool) -> int:
    return on_aws(paths, name) if aws else on_emulated_cloud(paths, name)


def on_emulated_cloud(main: Paths, name: str) -> int:
    """Against an empty cloud of its own: everything the stack has shows as new."""
    timings = Timings()
    paths = main.preview(name)
    session.check(paths, name, None)
    pack = policy_pack(paths)
    with lock.held(paths):
        recovery.end_leftovers(paths)
        recovery.finish_removal(paths)
        try:
            stack = session.open_stack(paths, name, None, timings).stack
            with timings.part("stack and configuration"):
                stack.prepare(own_keys=False)
                recovery.mend(stack)
            with timings.part("preview"):
                progress = Progress("previewed")
                outcome = follow(stack, "preview", [*pack, *PARALLEL], progress)
                progress.done()
        finally:
            processes.end_all(paths.home, grace=GRACE, first=signal.SIGTERM)
        if outcome.ok:
            report.show_counts(f"Stack {name} would have", outcome.kinds())
        report.show_errors(outcome)
        if pack:
            report.show_findings(outcome.findings)
        report.show_timings(timings)
        recovery.remove(paths)
    if not outcome.ok:
        say(f"The preview of {name} failed.")
    return 0 if outcome.ok else 1


def on_aws(paths: Paths, name: str) -> int:
    """With the account, backend and keys of whoever runs it, and the official plugins."""
    if not os.environ.get("PULUMI_BACKEND_URL"):
        raise LocalCloudError(
            "PULUMI_BACKEND_URL is not set: the real stack's state cannot be found.",
            "Set it to the address of the state (docs/guide.md, To AWS), or leave --aws away.",
        )
    found = tools.ensure(paths, say)
    if any(plugins.is_standin(plugin, paths) for plugin in plugins.required()):
        raise LocalCloudError(
            "A preview on AWS needs the official plugins, and here they cannot be downloaded.",
            "Leave --aws away to preview against an emulated cloud.",
        )
    command = [
        *(str(paths.bin / found.engine.path.name), "-C", str(paths.project)),
        *("preview", "--stack", name, *policy_pack(paths)),
    ]
    variables = {**os.environ, "PULUMI_HOME": str(paths.pulumi_home)}
    variables["PATH"] = f"{paths.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return subprocess.run(command, env=variables, check=False).returncode
