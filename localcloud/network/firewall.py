"""Security groups, enforced on the bridge between every two ports of the network.

What passes needs a rule of the group that sends, outbound, and one of the group that is
sent to, inbound: AWS gives no group either of them by itself once its rules are declared.
The kernel tracks no connections for a bridge here, so rules decide on a TCP connection's
first packet; what follows passes. Datagrams pass both ways between those whom rules join.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from localcloud.network.namespace import Namespace

EVERYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Rule:
    """One rule of a group: from or to a range, or a group's members."""

    protocol: str  # tcp, udp, icmp, or -1 for all
    first_port: int
    last_port: int
    peer: IPv4Network | str


@dataclass(frozen=True)
class Rules:
    """Of every group."""

    inbound: Mapping[str, Sequence[Rule]]
    outbound: Mapping[str, Sequence[Rule]]


@dataclass(frozen=True)
class Flow:
    """Whom a rule lets reach whom; the target is an address, or a range where it lets out."""

    protocol: str
    source: IPv4Network
    target: str
    first_port: int
    last_port: int


Members = Mapping[str, Iterable[str]]
"""Address → the groups that it is in."""


def arrivals(rules: Mapping[str, Sequence[Rule]], members: Members) -> list[Flow]:
    """Every flow that the inbound rules let in: group → its rules."""
    return _sorted(
        Flow(rule.protocol, peer, own, rule.first_port, rule.last_port)
        for rule, own, peer in _applied(rules, members)
    )


def departures(rules: Mapping[str, Sequence[Rule]], members: Members) -> list[Flow]:
    """Every flow that the outbound rules let out."""
    return _sorted(
        Flow(rule.protocol, IPv4Network(own), _plain(peer), rule.first_port, rule.last_port)
        for rule, own, peer in _applied(rules, members)
    )


def _applied(
    rules: Mapping[str, Sequence[Rule]], members: Members
) -> Iterator[tuple[Rule, str, IPv4Network]]:
    """Each rule with each member of its group, and each range or address at the other end."""
    addresses: dict[str, list[str]] = {}
    for address, groups in members.items():
        for group in groups:
            addresses.setdefault(group, []).append(address)
    for group, own in addresses.items():
        for rule in rules.get(group, ()):
            peers = (
                [rule.peer]
                if isinstance(rule.peer, IPv4Network)
                else [IPv4Network(address) for address in addresses.get(rule.peer, ())]
            )
            yield from ((rule, one, peer) for one in own for peer in peers)


def _sorted(flows: Iterable[Flow]) -> list[Flow]:
    return sorted(set(flows), key=lambda f: (f.target, f.protocol, f.first_port, str(f.source)))


def _plain(network: IPv4Network) -> str:
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def render(
    arriving: Iterable[Flow],
    leaving: Iterable[Flow],
    joined: Iterable[Flow],
    members: Iterable[str],
) -> str:
    """The rules as nftables takes them, replacing what was there in one step.

    joined: who reaches whom behind the groups' back.
    """
    arriving = list(arriving)
    sending = sorted(members)
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
            *(f"    {_passes(flow)} accept" for flow in joined),
            *(f"    {line} accept" for flow in (*arriving, *joined) for line in _answers(flow)),
            "    jump leaving",
            *(f"    {_passes(flow)} accept" for flow in arriving),
            "  }",
            # Back to the rules above, which decide whether it may arrive.
            "  chain leaving {",
            *(f"    {_passes(flow)} return" for flow in leaving),
            *([f"    ip saddr {{ {', '.join(sending)} }} drop"] if sending else []),
            "  }",
            "}",
            "",
        ]
    )


def _passes(flow: Flow) -> str:
    """What a flow's packets look like."""
    source = "" if flow.source == EVERYWHERE else f"ip saddr {flow.source} "
    target = "" if flow.target == str(EVERYWHERE) else f"ip daddr {flow.target} "
    kind = {
        "tcp": f"tcp dport {flow.first_port}-{flow.last_port} ",
        "udp": f"udp dport {flow.first_port}-{flow.last_port} ",
        "icmp": "ip protocol icmp ",
    }
    return f"{source}{target}{kind.get(flow.protocol, '')}".strip() or "ether type ip"


def _answers(flow: Flow) -> list[str]:
    """What comes back of it without a connection that the kernel would know."""
    back = "" if flow.source == EVERYWHERE else f"ip daddr {flow.source} "
    if flow.protocol == "udp":
        return [f"{back}ip saddr {flow.target} udp sport {flow.first_port}-{flow.last_port}"]
    if flow.protocol == "-1":
        return [f"{back}ip saddr {flow.target} ip protocol != tcp"]
    return []


class Firewall:
    """Applies what changed, and only then."""

    def __init__(self, network: Namespace) -> None:
        self._network = network
        self._applied = ""

    def apply(self, rules: Rules, members: Members, joined: Sequence[Flow]) -> None:
        text = render(
            arrivals(rules.inbound, members),
            departures(rules.outbound, members),
            joined,
            members,
        )
        if text != self._applied:
            self._network.run("nft", "-f", "-", text=text)
            self._applied = text
