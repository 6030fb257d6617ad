"""What a security group lets in, in each of the three ways to declare it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.inputs import blocks, number, texts

LAST = 65535
WORLD = ("0.0.0.0/0", "::/0")
# Protocols that carry ports; the others (icmp ...) are no opening in this sense.
_WITH_PORTS = ("tcp", "udp", "6", "17")
_EVERY = ("-1", "all")


@dataclass(frozen=True)
class Opening:
    """One range of ports, and the address ranges that may reach it."""

    first: int
    last: int
    cidrs: tuple[str, ...]

    def to_world(self) -> bool:
        return any(cidr in WORLD for cidr in self.cidrs)

    def includes(self, port: int) -> bool:
        return self.first <= port <= self.last

    def ports(self) -> str:
        if (self.first, self.last) == (0, LAST):
            return "every port"
        return (
            f"port {self.first}" if self.first == self.last else f"ports {self.first}-{self.last}"
        )


def openings(props: Mapping[str, Any]) -> Iterator[Opening]:
    """The ingress of a group with inline rules, of a rule, or of an ingress rule."""
    if "ipProtocol" in props:
        cidrs = [props.get("cidrIpv4"), props.get("cidrIpv6")]
        yield from _opening(props["ipProtocol"], props, cidrs)
    elif "protocol" in props:
        if props.get("type") == "ingress":
            yield from _opening(props["protocol"], props, _cidrs(props))
    else:
        for rule in blocks(props, "ingress"):
            yield from _opening(rule.get("protocol"), rule, _cidrs(rule))


def _cidrs(rule: Mapping[str, Any]) -> list[str]:
    return [*texts(rule, "cidrBlocks"), *texts(rule, "ipv6CidrBlocks")]


def _opening(
    protocol: object, rule: Mapping[str, Any], cidrs: Iterable[str | None]
) -> Iterator[Opening]:
    named = tuple(cidr for cidr in cidrs if cidr)
    if protocol in _EVERY:
        yield Opening(0, LAST, named)
    elif protocol in _WITH_PORTS:
        yield Opening(int(number(rule, "fromPort")), int(number(rule, "toPort", LAST)), named)
