"""What may come in to, and go out of, something on the network: the named peers and nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True)
class Group:
    """Whoever carries this security group."""

    id: pulumi.Input[str]


@dataclass(frozen=True)
class Range:
    """An address range."""

    cidr: str


@dataclass(frozen=True)
class PrefixList:
    """The address ranges that AWS publishes for one of its services."""

    id: pulumi.Input[str]


Peer = Group | Range | PrefixList
ANYWHERE = Range("0.0.0.0/0")


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One peer, one port."""

    peer: Peer
    port: int
    protocol: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    group_id: pulumi.Input[str]  # made first, since it is also the identity others refer to
    ingress: Mapping[str, Passage]  # who comes in -> by which passage
    egress: Mapping[str, Passage]  # where it goes -> by which passage


class Firewall(pulumi.ComponentResource):
    """The rules of one security group, each a resource of its own, named after the peer."""

    def __init__(
        self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:network:Firewall", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for rule, word, passages in (
            (aws.vpc.SecurityGroupIngressRule, "from", args.ingress),
            (aws.vpc.SecurityGroupEgressRule, "to", args.egress),
        ):
            for peer, passage in passages.items():
                rule(
                    f"{name}-{word}-{peer}",
                    security_group_id=args.group_id,
                    description=f"{word} {peer}",
                    ip_protocol=passage.protocol,
                    from_port=passage.port,
                    to_port=passage.port,
                    referenced_security_group_id=_group(passage.peer),
                    cidr_ipv4=_cidr(passage.peer),
                    prefix_list_id=_prefix_list(passage.peer),
                    opts=child,
                )
        self.register_outputs({})


def _group(peer: Peer) -> pulumi.Input[str] | None:
    return peer.id if isinstance(peer, Group) else None


def _cidr(peer: Peer) -> str | None:
    return peer.cidr if isinstance(peer, Range) else None


def _prefix_list(peer: Peer) -> pulumi.Input[str] | None:
    return peer.id if isinstance(peer, PrefixList) else None
