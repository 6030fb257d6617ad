"""`run PROGRAM ARGUMENT…`: a program that finds this cloud where it would find AWS."""

import os
import shlex
import sys

from localcloud import supervisor
from localcloud.engine.stack import environment
from localcloud.error import LocalCloudError
from localcloud.paths import Paths

# By this variable `python -m commands` is told how its engine is called.
ENGINE = "GROUNDWORK_ENGINE"


def run(paths: Paths, words: list[str]) -> int:
    endpoint = supervisor.running(paths)
    if endpoint is None:
        raise LocalCloudError("The local cloud is not up.", "Bring it up with: make up")
    engine = [
        *(sys.executable, "-m", "localcloud"),
        *("--project", str(paths.project), "--home", str(paths.home), "pulumi"),
    ]
    variables = {
        **environment(paths, endpoint.url, journal=False),
        ENGINE: shlex.join(engine),
    }
    try:
        os.execvpe(words[0], words, variables)  # noqa: S606 - this process becomes the program
    except OSError as error:
        raise LocalCloudError(f"{words[0]} cannot be started: {error.strerror}.") from None
