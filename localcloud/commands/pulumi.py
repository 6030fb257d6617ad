"""`pulumi ARGUMENT…`: the engine's own command line, with the environment of the local cloud."""

import os
import sys

from localcloud import supervisor, tools
from localcloud.engine import configuration, project
from localcloud.engine.stack import Stack, environment
from localcloud.error import LocalCloudError
from localcloud.paths import Paths

CHANGING = frozenset({"cp", "refresh", "rm", "set", "set-all"})


def run(paths: Paths, arguments: list[str]) -> int:
    _refuse_lost_configuration(arguments)
    found = tools.ensure(paths, lambda text: print(text, file=sys.stderr))
    project.write_work_project(paths)
    project.ensure_passphrase(paths)
    paths.backend.mkdir(parents=True, exist_ok=True)
    endpoint = supervisor.running(paths)
    # What has changed in the committed files since `up` counts here as it does there.
    for name in configuration.work_copies(paths):
        Stack(paths, name, endpoint.url if endpoint else None).prepare(
            own_keys=True, runtimes=configuration.packed_runtimes(paths, name)
        )
    command = [found.engine.path.name, "-C", str(paths.work_project), *arguments]
    # The journal is for runs that know what the last one left; here a person decides.
    variables = environment(paths, endpoint.url if endpoint else None, journal=False)
    os.execve(paths.bin / found.engine.path.name, command, variables)  # noqa: S606 - this process becomes the engine


def _refuse_lost_configuration(arguments: list[str]) -> None:
    """The engine works on a copy; all but the secrets in it comes from the committed file anew."""
    verb, action = [*arguments, "", ""][:2]
    if verb == "config" and action in CHANGING and "--secret" not in arguments:
        raise LocalCloudError(
            f"`pulumi config {action}` would be forgotten by the next run, which takes the "
            "configuration from Pulumi.STACK.yaml.",
            "Edit that file. Only secrets are set by command: config set --secret KEY.",
        )
