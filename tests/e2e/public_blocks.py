"""Blocks of public addresses for clouds: each test process has its own, and none that a cloud on
this machine has, as one that was killed with its tests may."""

import os
import socket
import struct
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

ROUTES = Path("/proc/net/route")


def free(beginning: str, numbers: Sequence[int], count: int = 1) -> list[str]:
    """So many /24 networks BEGINNING.N.0/24, looked for from another N on by each process."""
    taken = _taken()
    first = os.getpid() * count % len(numbers)
    blocks = (f"{beginning}.{number}.0" for number in (*numbers[first:], *numbers[:first]))
    found = [f"{block}/24" for block in islice((one for one in blocks if one not in taken), count)]
    assert len(found) == count, f"every block from {beginning}.{numbers[0]}.0 on is in use"
    return found


def _taken() -> set[str]:
    """The networks that this machine reaches over some link."""
    if not ROUTES.exists():
        return set()
    rows = [line.split() for line in ROUTES.read_text().splitlines()[1:]]
    return {socket.inet_ntoa(struct.pack("<L", int(row[1], 16))) for row in rows}
