"""What really runs, written beside it for whoever draws the status."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from localcloud import whole_file


@dataclass(frozen=True, kw_only=True)
class Served:
    """One thing of the control plane and what stands for it here."""

    kind: str
    name: str
    id: str
    state: str
    address: str
    # What really answers, e.g. "PostgreSQL 17 (15 asked for)".
    served: str
    problem: str = ""


class StatusFile:
    """`status.json` in a reconciler's directory; replaced whole, and only when it changes."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "status.json"

    def write(self, served: Iterable[Served]) -> None:
        self._replace({"problem": "", "served": [asdict(one) for one in served]})

    def fail(self, problem: str) -> None:
        """Nothing is served at all, and why."""
        self._replace({"problem": problem, "served": []})

    def _replace(self, contents: object) -> None:
        text = json.dumps(contents, indent=1)
        if self._path.exists() and self._path.read_text() == text:
            return
        whole_file.write(self._path, text)
