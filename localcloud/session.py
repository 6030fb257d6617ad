"""What every run of the engine needs, made side by side: tools, control plane, map of AWS."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from localcloud import artifacts, processes, supervisor, tools
from localcloud.engine import binary, configuration
from localcloud.engine.stack import Stack
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, Paths
from localcloud.report import Timings, say
from localcloud.standins.aws.mirror import ProviderNotFoundError, find_provider

# The port that tools for an emulated AWS try by themselves.
DEFAULT_PORT = 4566
LONGEST_MAPPING = 900.0


def port() -> int:
    given = os.environ.get("GROUNDWORK_PORT", str(DEFAULT_PORT))
    if not given.isdigit() or not 1024 <= int(given) <= 65535:
        raise LocalCloudError(
            f"GROUNDWORK_PORT is {given!r}.", "It must be a number from 1024 to 65535."
        )
    return int(given)


@dataclass(frozen=True)
class Opened:
    """A stack that the engine can work on, and what its hosts will fetch."""

    stack: Stack
    runtimes: dict[str, dict[str, object]] | None


def open_stack(
    paths: Paths,
    name: str,
    chosen_port: int | None,
    timings: Timings,
    *,
    machines: bool = False,
) -> Opened:
    """Everything that a run needs; what is wrong is said before anything is touched.

    machines: the instances will boot, so there is an image to copy and there are artifacts.
    """
    check(paths, name, chosen_port)
    stack = artifacts.stack_of(name) if machines else None
    if machines:
        check_machines()
    with timings.part("set-up"), ThreadPoolExecutor(max_workers=4) as pool:
        parts: dict[str, Future[float]] = {}
        packing: Future[artifacts.Artifacts] | None = None
        if stack is not None:
            parts["machine images"] = pool.submit(_timed, lambda: _bake(paths))
            packing = pool.submit(artifacts.packed, stack, say)
        # The tools are shared: a preview makes them where an `up` looks for them.
        home = Paths(paths.project, paths.tools or paths.home)
        parts["engine and plugins"] = pool.submit(_timed, lambda: tools.ensure(home, say))
        parts["map of AWS kinds"] = pool.submit(_timed, lambda: _map_aws(paths))
        if stack is not None:
            parts["machine images"].result()
        endpoint = supervisor.start(paths, chosen_port, machines=machines).wait()
        runtimes = None
        if packing is not None:
            made = packing.result()
            artifacts.upload(made, endpoint.url)
            runtimes = made.runtimes
        took = {part: future.result() for part, future in parts.items()}
    for part, seconds in took.items():
        timings.add(f"  of it {part}", seconds)
    return Opened(Stack(paths, name, endpoint.url), runtimes)


def check_machines() -> None:
    """Machines are containers of this one: that takes Linux and root."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise LocalCloudError(
            "The local stack boots machines, which needs Linux and root.",
            "Run it with sudo, or look at what it would make: make preview STACK=local",
        )


def _bake(paths: Paths) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "localcloud.machines", "--bake"],
        cwd=ROOT,
        env={**os.environ, **processes.marks(paths.home, tools.ROLE)},
        stdin=subprocess.DEVNULL,
        stdout=sys.stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().removeprefix("error: ") or "it said nothing"
        raise LocalCloudError(f"The machines' image cannot be made: {said}")


def check(paths: Paths, name: str, chosen_port: int | None) -> None:
    """Everything that can be known to be missing, before a file is written."""
    configuration.check(paths, name)
    try:
        find_provider()
    except ProviderNotFoundError as error:
        raise LocalCloudError(_capitalised(str(error))) from None
    if chosen_port is not None and supervisor.running(paths) is None:
        supervisor.check_port(paths, chosen_port)
    if binary.on_path() is None and binary.cached() is None and not binary.official_reachable():
        binary.go()


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _map_aws(paths: Paths) -> None:
    """Done once a version of the SDK and of the Terraform provider; the first plugin needs it."""
    done = subprocess.run(
        [sys.executable, "-m", "localcloud.standins.aws", "--prepare"],
        cwd=ROOT,
        env={**os.environ, **processes.marks(paths.home, tools.ROLE)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_MAPPING,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().removeprefix("error: ") or "it said nothing"
        raise LocalCloudError(f"The AWS plugin's stand-in cannot be prepared: {said}")


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
