"""One network, to which machines, stores and load balancers are attached by different hands."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from localcloud.network.cloud_network import CloudNetwork
from localcloud.network.firewall import Flow, Rule, Rules
from localcloud.network.namespace import Namespace

WEB, DATABASE, REPLICA = "10.0.1.10", "10.0.1.20", "10.0.2.20"
RULES = Rules(
    inbound={"stores": [Rule("tcp", 5432, 5432, "web")]},
    outbound={"web": [Rule("tcp", 5432, 5432, "stores")]},
)
MACHINES: Mapping[str, list[str]] = {WEB: ["web"]}


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the kernel was told, the last at the end."""
    found: list[str] = []

    def run(_: Namespace, *command: str, text: str = "") -> str:
        assert command == ("nft", "-f", "-")
        found.append(text)
        return ""

    monkeypatch.setattr(Namespace, "run", run)
    return found


def test_a_control_plane_that_starts_again_shuts_nobody_out(
    tmp_path: Path, applied: list[str]
) -> None:
    network = CloudNetwork(tmp_path)
    network.attach("instances", MACHINES)
    network.attach("services", {DATABASE: ["stores"], REPLICA: ["stores"]})
    network.join("db", [Flow("tcp", IPv4Network(REPLICA), DATABASE, 5432, 5432)])
    network.filter(RULES)
    assert f"ip saddr {WEB}/32 ip daddr {DATABASE} tcp dport 5432-5432 accept" in applied[0]
    assert f"ip saddr {REPLICA}/32 ip daddr {DATABASE} tcp dport 5432-5432 accept" in applied[0]

    # The machines are looked at first; who cares for the stores has said nothing yet.
    again = CloudNetwork(tmp_path)
    again.attach("instances", MACHINES)
    again.filter(RULES)

    assert applied[1] == applied[0]


def test_what_its_owner_no_longer_names_is_let_in_no_more(
    tmp_path: Path, applied: list[str]
) -> None:
    network = CloudNetwork(tmp_path)
    network.attach("instances", MACHINES)
    network.attach("services", {DATABASE: ["stores"]})
    network.attach("services", {})
    network.filter(RULES)

    assert DATABASE not in applied[0]
    again = CloudNetwork(tmp_path)
    again.filter(RULES)
    assert DATABASE not in applied[1]
