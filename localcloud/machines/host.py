"""What the host must have before machines can run on it."""

import os
import shutil
import subprocess

from localcloud.error import LocalCloudError

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
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
    ):
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
            raise MachinesError(
                f"apt-get could not install {wanted}: {' '.join(errors[:2])} "
                "Install them by hand, then run again."
            )
