#!/usr/bin/python3 -B
"""Tells the alarms how full this machine is, which nobody sees from outside."""

from __future__ import annotations

import os
import sys
import urllib.parse
from pathlib import Path

from hosts.programs import cloud

NAMESPACE = "groundwork"
ESTABLISHED = "01"


def memory_percent(told: Path = Path("/proc/meminfo")) -> float:
    """What programs could not have any more: what the kernel keeps for speed it would give back."""
    lines = (line.partition(":") for line in told.read_text().splitlines())
    sizes = {name: int(rest.split()[0]) for name, _, rest in lines}
    return 100 * (1 - sizes["MemAvailable"] / sizes["MemTotal"])


def disk_percent(directory: Path = Path("/")) -> float:
    """As df(1) says it: what only root may still use counts as used up."""
    disk = os.statvfs(directory)
    used = disk.f_blocks - disk.f_bfree
    return 100 * used / (used + disk.f_bavail)


def connections(tables: Path = Path("/proc/net")) -> int:
    """Of TCP, both ways, that are open (proc_net_tcp of the kernel's documentation)."""
    lines = [line for name in ("tcp", "tcp6") for line in (tables / name).read_text().splitlines()]
    return sum(line.split()[3] == ESTABLISHED for line in lines)


def tell() -> None:
    """The figures of this machine (CloudWatch API reference, PutMetricData)."""
    asked = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": NAMESPACE}
    figures = (
        ("MemoryPercent", "Percent", memory_percent()),
        ("DiskPercent", "Percent", disk_percent()),
        ("Connections", "Count", connections()),
    )
    instance = cloud.metadata("instance-id")
    for number, (name, unit, value) in enumerate(figures, start=1):
        one = f"MetricData.member.{number}"
        asked |= {
            f"{one}.MetricName": name,
            f"{one}.Unit": unit,
            f"{one}.Value": f"{value:.1f}",
            f"{one}.Dimensions.member.1.Name": "InstanceId",
            f"{one}.Dimensions.member.1.Value": instance,
        }
    base = cloud.endpoint("cloudwatch") or f"https://monitoring.{cloud.region()}.amazonaws.com"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode(asked).encode()
    cloud.ask("monitoring", "POST", f"{base}/", body, headers).close()


def main() -> int:
    try:
        cloud.patiently("cannot tell how full this host is", tell)
    except cloud.HopelessError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
