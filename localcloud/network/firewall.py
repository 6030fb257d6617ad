"""Security groups, enforced on the bridge between every two ports of the network.

The kernel tracks no connections for a bridge here, so a group's rules decide on a TCP
connection's first packet; what follows passes. Datagrams pass both ways between those
whom a rule joins.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from localcloud.network.namespace import Namespace

EVERYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Rule:
    """One inbound rule of a group: from a range or from a group's members."""

    protocol: str  # tcp, udp, icmp, or -1 for all
    first_port: int
    last_port: int
    source: IPv4Network | str


@dataclass(frozen=True)
class Flow:
    """Whom a rule lets reach whom."""

    protocol: str
    source: IPv4Network
    target: str
    first_port: int
    last_port: int


def flows(rules: Mapping[str, Sequence[Rule]], members: Mapping[str, Iterable[str]]) -> list[Flow]:
    """Every flow the groups allow: group → its rules, address → its groups."""
    addresses: dict[str, list[str]] = {}
    for address, groups in members.items():
        for group in groups:
            addresses.setdefault(group, []).append(address)
    allowed: set[Flow] = set()
    for group, targets in addresses.items():
        for rule in rules.get(group, ()):
            sources = (
                [rule.source]
                if isinstance(rule.source, IPv4Network)
                else [IPv4Network(address) for address in addresses.get(rule.source, ())]
            )
            allowed.update(
                Flow(rule.protocol, source, target, rule.first_port, rule.last_port)
                for source in sources
                for target in targets
            )
    return sorted(allowed, key=lambda f: (f.target, f.protocol, f.first_port, str(f.source)))


def render(allowed: Iterable[Flow]) -> str:
    """The rules as nftables takes them, replacing what was there in one step."""
    lines = [_rule(flow) for flow in allowed]
    both_ways = [line for pair in lines for line in pair]
    return "\n".join(
        [
            "table bridge security_groups",
            "delete table bridge security_groups",
            "table bridge security_groups {",
            "  chain forward {",
            "    type filter hook forward priority 0; policy drop;",
            "    ether type arp accept",
            "    ip daddr 169.254.0.0/16 accept",
            "    ip saddr 169.254.0.0/16 accept",
            "    tcp flags & (syn | ack) != syn accept",
            # Answers to what the machines send as the host's guests, such as refusals.
            "    icmp type { destination-unreachable, echo-reply, time-exceeded } accept",
            *(f"    {line}" for line in both_ways),
            "  }",
            "}",
            "",
        ]
    )


def _rule(flow: Flow) -> list[str]:
    source = "" if flow.source == EVERYWHERE else f"ip saddr {flow.source} "
    answer = "" if flow.source == EVERYWHERE else f"ip daddr {flow.source} "
    pair = f"{source}ip daddr {flow.target}"
    ports = f"{flow.first_port}-{flow.last_port}"
    if flow.protocol == "tcp":
        return [f"{pair} tcp dport {ports} accept"]
    if flow.protocol == "udp":
        return [
            f"{pair} udp dport {ports} accept",
            f"{answer}ip saddr {flow.target} udp sport {ports} accept",
        ]
    if flow.protocol == "icmp":
        return [f"{pair} ip protocol icmp accept"]
    return [f"{pair} accept", f"{answer}ip saddr {flow.target} ip protocol != tcp accept"]


class Firewall:
    """Applies what changed, and only then."""

    def __init__(self, network: Namespace) -> None:
        self._network = network
        self._applied = ""

    def apply(self, allowed: Iterable[Flow]) -> None:
        text = render(allowed)
        if text != self._applied:
            self._network.run("nft", "-f", "-", text=text)
            self._applied = text
