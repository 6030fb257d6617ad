"""What machines ask about themselves is answered at any moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.machines.instances import Machines
from localcloud.machines.seed import Identity
from localcloud.network.metadata import Facts
from localcloud.status_file import StatusFile

ADDRESS = "10.0.0.5"
FACTS = Facts(enabled=True, token_required=True, values={})


class Stopped:
    """One instance that is off, as the API has it; `facts` is read in the middle of a look."""

    region, state, name = "eu-west-1", "stopped", "web"
    security_groups: tuple[str, ...] = ()
    identity = Identity(
        instance_id="i-1",
        machine_id="1",
        hostname="ip-10-0-0-5",
        domain="internal",
        private_address=ADDRESS,
        vpc=IPv4Network("10.0.0.0/16"),
    )

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self.seen_meanwhile: list[Facts | None] = []

    @property
    def facts(self) -> Facts:
        if self._machines._looked.is_set():
            self.seen_meanwhile.append(self._machines._facts_of(ADDRESS))
        return FACTS


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    made = Machines()
    cloud: Any = SimpleNamespace(reading=nullcontext, regions=lambda _: [])
    network: Any = SimpleNamespace(
        attach=lambda *_: None,
        filter=lambda *_: None,
        namespace=None,
        resolver=SimpleNamespace(announce=lambda *_: None),
    )
    made._cloud, made._network = cloud, network
    made._directory, made._status = tmp_path, StatusFile(tmp_path)
    return made


@pytest.fixture
def stopped(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> Stopped:
    one = Stopped(machines)

    def wanted() -> Iterator[Any]:
        yield one

    monkeypatch.setattr(machines, "_wanted", wanted)
    return one


def test_who_asks_while_all_are_looked_at_is_no_stranger(
    machines: Machines, stopped: Stopped
) -> None:
    machines._reconcile()
    machines._reconcile()

    assert stopped.seen_meanwhile == [FACTS]


def test_who_asks_before_the_first_look_waits_for_it(machines: Machines, stopped: Stopped) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool:
        answer = pool.submit(machines._facts_of, ADDRESS)
        machines._reconcile()
        assert answer.result() == FACTS

    assert machines._facts_of("10.0.0.6") is None
