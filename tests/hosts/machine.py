"""A throw-away machine for host scripts: this machine's own files under an overlay, in a mount
namespace of its own, with stand-ins for what only a booted Debian has (systemctl, apt-get, ...).

Every script truly runs, as root of that overlay; nothing of it is seen outside, and the kernel
removes it with the namespace's last process.
"""

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

STAND_INS = Path(__file__).parent / "stand_ins"

SET_UP = """\
set -eu
mount -t tmpfs machine "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t tmpfs run "$1/root/run"
mkdir -p "$1/root/proc" "$1/root/dev" "$1/root/usr/local/sbin"
mount --rbind /proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
cp -a "$3/." "$1/root/usr/local/sbin/"
echo ready
exec chroot "$1/root" sleep infinity
"""

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="a machine of its own needs root and unshare",
)


class Machine:
    """Runs scripts as root of an overlay; `write` and `read` see the same files."""

    def __init__(self, directory: Path, *, base: Path = Path("/"), stand_ins: bool = True) -> None:
        empty = directory / "no-stand-ins"
        empty.mkdir()
        root = directory / "machine"
        root.mkdir()
        fakes = STAND_INS if stand_ins else empty
        self._holder = subprocess.Popen(
            [
                *("unshare", "--mount", "--propagation", "private"),
                *("sh", "-c", SET_UP, "sh", str(root), str(base), str(fakes)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n"
        while Path(f"/proc/{self._holder.pid}/comm").read_text() != "sleep\n":
            pass  # chroot has not happened yet

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._holder.kill()
        self._holder.communicate()

    def shell(
        self, command: str, stdin: str = "", **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [
                *("nsenter", "--target", str(self._holder.pid), "--mount", "--root", "--wdns=/"),
                *("bash", "-c", command),
            ],
            input=stdin,
            text=True,
            capture_output=True,
            env={"PATH": os.environ["PATH"], "HOME": "/root", **environment},
        )

    def run(self, script: str) -> "subprocess.CompletedProcess[str]":
        return self.shell("exec bash -s", stdin=script)

    def ok(self, command: str, stdin: str = "") -> str:
        done = self.shell(command, stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, path: str, content: str, mode: str = "0644") -> None:
        self.ok(f'mkdir -p "$(dirname {path})" && cat >{path} && chmod {mode} {path}', content)

    def read(self, path: str) -> str:
        return self.ok(f"cat {path}")

    def stat(self, path: str) -> str:
        """Mode, owner and group."""
        return self.ok(f"stat -c '%04a %U %G' {path}").strip()

    def asked_of_systemd(self) -> list[str]:
        """What systemctl was told to do since the last time somebody asked."""
        log = "/run/systemctl/log"
        return self.ok(f"systemctl list; sed -i /^list/d {log}; cat {log}; : >{log}").splitlines()
