"""Logs on hosts: the journal of an application's units, which has what PM2 writes as well."""

import queue
import subprocess
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from commands.error import CommandError
from commands.operations import Way
from settings.application import Application


@dataclass(frozen=True)
class HostLogs:
    way: Way
    hosts: Sequence[str]
    application: Application
    services: Sequence[str]

    def newest(self, lines: int) -> Iterator[str]:
        with ThreadPoolExecutor(max_workers=8) as pool:
            for written in pool.map(self._read, self._commands(lines)):
                yield from written

    def coming(self, lines: int) -> Generator[str]:
        """Ends when no host is left that writes."""
        running = [
            (
                host,
                subprocess.Popen(
                    self.way.command(*words, host=host),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    # Ctrl-C is for this process, which ends them.
                    start_new_session=True,
                ),
            )
            for host, words in self._commands(lines, follow=True)
        ]
        lines_in: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for host, process in running:
            threading.Thread(target=_hand_on, args=(host, process, lines_in), daemon=True).start()
        try:
            for _ in running:
                while (line := lines_in.get()) is not None:
                    yield line
        finally:
            for _, process in running:
                process.terminate()
            for _, process in running:
                process.wait()

    def _read(self, command: tuple[str, tuple[str, ...]]) -> list[str]:
        host, words = command
        done = self.way.run(*words, host=host)
        if done.returncode:
            raise CommandError(f"{host}: {done.stderr.strip()}")
        return [f"{host}  {line}" for line in done.stdout.splitlines()]

    def _commands(
        self, lines: int, *, follow: bool = False
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        for host in self.hosts:
            for service in self.services:
                yield host, self._command(service, lines, follow=follow)

    def _command(self, service: str, lines: int, *, follow: bool) -> tuple[str, ...]:
        """With what the clock starts of the service's release."""
        key = f"{self.application.name}-{service}"
        colours = self.application.colours(service)
        units = [f"{key}@{port}" for port in colours] if colours else [key]
        units += [
            f"{key}-{schedule}"
            for schedule, wanted in self.application.schedules.items()
            if wanted.service == service
        ]
        return (
            *("sudo", "-n", "journalctl", "--quiet", "--no-pager", "--no-hostname"),
            *("--output=short-iso", f"--lines={lines}"),
            *(f"--unit={unit}.service" for unit in units),
            *(("--follow",) if follow else ()),
        )


def _hand_on(
    host: str, process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]"
) -> None:
    """Whole lines, and None when there are no more."""
    assert process.stdout
    for line in process.stdout:
        lines.put(f"{host}  {line.rstrip()}")
    lines.put(None)
