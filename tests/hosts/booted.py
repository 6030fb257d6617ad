"""A booted Debian 13 with no network but its own loopback, from the local cloud's image."""

import io
import os
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from localcloud.machines.image import MACHINE, PACKAGES, ensure

BOOT = """\
set -eu
for group in $5; do echo $$ >"$group/cgroup.procs"; done
mount -t overlay overlay -o "lowerdir=$2/root,upperdir=$1/upper,workdir=$1/work" "$1/root"
exec systemd-nspawn --quiet --directory="$1/root" --machine="$3" --register=no --keep-unit \\
  --private-network --resolv-conf=off --timezone=off --link-journal=no \\
  --bind-ro="$2/packages:$4" --boot --kill-signal=SIGRTMIN+3
"""
CONTROLLERS = ("memory", "cpu", "pids", "systemd", "unified")


class Booted:
    """Runs until the end of the `with`, and leaves nothing behind."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._image = ensure(MACHINE).directory
        for part in ("upper", "work", "root"):
            (directory / part).mkdir()
        self._write("etc/hostname", f"{name}\n")
        self._write("etc/machine-id", "")
        seed = "var/lib/cloud/seed/nocloud-net"
        self._write(f"{seed}/meta-data", f'{{"instance-id": "{name}", "local-hostname": "{name}"}}')
        self._write(f"{seed}/user-data", "#!/bin/sh\n")
        endpoint = "http://127.0.0.1:4566"
        variables = f"AWS_ENDPOINT_URL={endpoint} AWS_EC2_METADATA_SERVICE_ENDPOINT={endpoint}"
        self._write("etc/environment", variables.replace(" ", "\n") + "\n")
        self._write(
            "etc/systemd/system.conf.d/groundwork.conf",
            f"[Manager]\nDefaultEnvironment={variables}\n",
        )
        # It has no network to wait for.
        waits = directory / "upper/etc/systemd/system/systemd-networkd-wait-online.service"
        waits.parent.mkdir(parents=True, exist_ok=True)
        waits.symlink_to("/dev/null")
        self._groups = self._make_groups(f"groundwork-test-{os.getpid()}-{name}")
        groups = " ".join(map(str, self._groups))
        self._keeper = subprocess.Popen(
            [
                *("unshare", "--mount", "--propagation", "slave", "sh", "-c", BOOT, "boot"),
                *(str(directory), str(self._image), name, str(PACKAGES), groups),
            ],
            stdin=subprocess.DEVNULL,
            stdout=(directory / "console").open("w"),
            stderr=subprocess.STDOUT,
        )
        self._leader = self._wait_for_leader()

    def _write(self, path: str, content: str) -> None:
        file = self._directory / "upper" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    @staticmethod
    def _make_groups(name: str) -> list[Path]:
        root = Path("/sys/fs/cgroup")
        parents = [root / controller for controller in CONTROLLERS]
        if (root / "cgroup.procs").exists():
            parents = [root]
        groups = [parent / name for parent in parents if parent.is_dir()]
        for group in groups:
            group.mkdir(exist_ok=True)
        return groups

    def _wait_for_leader(self) -> int:
        deadline = time.monotonic() + 60
        children = Path(f"/proc/{self._keeper.pid}/task/{self._keeper.pid}/children")
        while time.monotonic() < deadline:
            for child in children.read_text().split():
                comm = Path(f"/proc/{child}/comm")
                if comm.exists() and comm.read_text() == "systemd\n":
                    return int(child)
            time.sleep(0.1)
        raise AssertionError((self._directory / "console").read_text())

    def __enter__(self) -> Self:
        try:
            self.wait_until("test -e /var/lib/cloud/instance/boot-finished", 300)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        os.kill(self._leader, signal.SIGRTMIN + 4)
        try:
            self._keeper.wait(60)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        for group in self._groups:
            for directory, _, _ in os.walk(group, topdown=False):
                Path(directory).rmdir()
        shutil.rmtree(self._directory, ignore_errors=True)

    def shell(
        self, command: str, stdin: str | bytes = "", timeout: float = 600
    ) -> "subprocess.CompletedProcess[str]":
        sent = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [
                *("nsenter", f"--target={self._leader}", "--all", "--wdns=/"),
                *("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME=/"),
                *("bash", "-c", command),
            ],
            input=sent,
            capture_output=True,
            timeout=timeout,
            cwd="/",
        )
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def ok(self, command: str, stdin: str | bytes = "", timeout: float = 600) -> str:
        done = self.shell(command, stdin, timeout)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def wait_until(self, command: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.shell(command).returncode:
            assert time.monotonic() < deadline, f"not within {seconds} s: {command}"
            time.sleep(0.3)

    def put(self, files: dict[str, bytes]) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name.lstrip("/"))
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
        self.ok("tar --extract --directory / --no-same-owner", packed.getvalue())
