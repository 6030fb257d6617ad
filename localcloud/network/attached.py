"""Who is attached to the network, and who reaches whom behind the groups' back.

Each owner says all of its own, and what it said is kept: a control plane that starts again would
otherwise shut out, for as long as an owner takes to look for the first time, whoever is that one's.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from localcloud import whole_file
from localcloud.network.firewall import Flow, Members


class Attached:
    """What all owners have said last; a file each, in one folder for each kind of it."""

    def __init__(self, directory: Path) -> None:
        self._members = _Kept(directory / "members")
        self._flows = _Kept(directory / "flows")

    def attach(self, owner: str, members: Members) -> None:
        said = {address: sorted(groups) for address, groups in members.items()}
        self._members.say(owner, said)

    def join(self, owner: str, flows: Sequence[Flow]) -> None:
        self._flows.say(owner, [{**asdict(flow), "source": str(flow.source)} for flow in flows])

    @property
    def members(self) -> Mapping[str, Iterable[str]]:
        return {address: groups for said in self._members.all() for address, groups in said.items()}

    @property
    def flows(self) -> list[Flow]:
        return [
            Flow(**{**flow, "source": IPv4Network(flow["source"])})
            for said in self._flows.all()
            for flow in said
        ]


class _Kept:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts = {path.stem: path.read_text() for path in folder.glob("[!.]*.json")}

    def say(self, owner: str, said: Any) -> None:
        text = json.dumps(said, sort_keys=True)
        if self._texts.get(owner) != text:
            whole_file.write(self._folder / f"{owner}.json", text, mode=0o600)
            self._texts[owner] = text

    def all(self) -> Iterable[Any]:
        return [json.loads(text) for _, text in sorted(self._texts.items())]
