"""What the host must have before machines can run on it."""

import os
import shutil
import subprocess

from localcloud.error import LocalCloudError
from localcloud.fetching import again_where_it_failed

# Tool → the Debian package it comes in.
TOOLS = {
    "dnsmasq": "dnsmasq-base",
    "ip": "iproute2",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "nsenter": "util-linux",
    "systemd-nspawn": "systemd-container",
}


class MachinesError(LocalCloudError):
    """Why machines cannot run here."""


def missing_packages() -> list[str]:
    """The Debian packages to install before machines can run."""
    return sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})


def require_host_packages() -> None:
    """Install what is missing where apt can; else say what to install."""
    missing = missing_packages()
    if not missing:
        return
    wanted = " ".join(missing)
    if shutil.which("apt-get") is None or os.geteuid():
        raise MachinesError(f"Machines need these packages: {wanted}. Install them, as root.")
    done = again_where_it_failed(lambda: _apt_get(missing))
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise MachinesError(
            f"apt-get could not install {wanted}: {' '.join(errors[:2])} "
            "Install them by hand, then run again."
        )


def _apt_get(packages: list[str]) -> subprocess.CompletedProcess[str]:
    # Whoever else installs just now, as Debian's own upgrades do, is waited for.
    apt = ("apt-get", "-qq", "--option=DPkg::Lock::Timeout=600")
    updated = _run(*apt, "update")
    if updated.returncode:
        return updated
    return _run(*apt, "install", "-y", "--no-install-recommends", *packages)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
