"""Draws a stack as it stands: zones side by side, tiers one below the other, from its state."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from commands.drawing import NAME_LETTER, Area, Arrow, Box, Note, svg
from commands.graph import Graph, Resource, graph
from commands.progress import under_way
from commands.stack import Stack

TIERS = ("public", "private", "isolated")
EDGE, GAP, MARGIN = 30, 14, 16
ZONE_WIDTH, SIDE_WIDTH = 460, 270
BOX_HEIGHT, HEADER = 58, 30
HALF = (ZONE_WIDTH - 2 * MARGIN - GAP) // 2
# Where the network begins: above it are the visitors and the edge.
TOP = 250


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the SVG to write")


def run(stack: Stack, given: argparse.Namespace) -> int:
    with under_way("reading the state"):
        found = graph(stack.engine)
    write(given.file, stack.name, found)
    print(f"Drawn: {given.file}")
    return 0


def write(file: Path, stack: str, found: Graph) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(drawn(stack, found), "utf-8")


@dataclass
class Cell:
    """A tier in one zone: what lies in its subnet."""

    cidr: str
    boxes: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Name, detail and look of each."""


@dataclass
class Network:
    """Zone → tier → cell, and what spreads over all zones of a tier."""

    zones: list[str]
    cells: dict[tuple[str, str], Cell]
    across: dict[str, list[tuple[str, str, str]]]

    def columns(self, tier: str) -> int:
        """Two boxes in a row of a cell, where all their names are short enough."""
        names = [name for zone in self.zones for name, *_ in self.cells[zone, tier].boxes]
        return 2 if all(len(name) * NAME_LETTER < HALF - 12 for name in names) else 1

    def rows(self, tier: str) -> int:
        """Rows of boxes that the fullest cell of a tier needs."""
        fullest = max((len(self.cells[zone, tier].boxes) for zone in self.zones), default=0)
        return -(-fullest // self.columns(tier))

    def height(self, tier: str) -> int:
        rows = self.rows(tier) + len(self.across[tier])
        return HEADER + max(1, rows) * (BOX_HEIGHT + GAP) + 2


def drawn(stack: str, found: Graph) -> str:
    network = _network(found)
    width = len(network.zones) * ZONE_WIDTH + (len(network.zones) + 1) * MARGIN
    areas, boxes, bottom = _placed(network, width, _cidr(found))
    side_areas, side_boxes, side_bottom = _beside(found, EDGE + width + EDGE)
    edge_boxes, edge_arrows = _edge(found, width)
    bottom = max(bottom, side_bottom)
    arrows = [*edge_arrows, *_ways(network, boxes, width)]
    return svg(
        f"The stack {stack} as it stands: its zones, tiers, machines and stores",
        (EDGE + width + EDGE + SIDE_WIDTH + EDGE, bottom + 50),
        areas=[*areas, *side_areas],
        arrows=arrows,
        boxes=[*edge_boxes, *boxes, *side_boxes],
        notes=[Note(EDGE, bottom + 32, _sum(stack, found))],
    )


# What lies where


def _network(found: Graph) -> Network:
    subnets = {subnet.id: subnet for subnet in found.of("aws:ec2/subnet:Subnet")}
    place = {key: (one.text("availabilityZone"), _tier(one)) for key, one in subnets.items()}
    zones = sorted({zone for zone, _ in place.values()})
    cells = {(zone, tier): Cell("") for zone in zones for tier in TIERS}
    for key, where in place.items():
        cells[where] = Cell(subnets[key].text("cidrBlock"))
    network = Network(zones, cells, {tier: [] for tier in TIERS})

    def tier_of(subnet_ids: Sequence[str], otherwise: str) -> str:
        return next((place[one][1] for one in subnet_ids if one in place), otherwise)

    for balancer in found.of("aws:lb/loadBalancer:LoadBalancer"):
        kind = "internal" if balancer.text("internal") == "True" else "faces the internet"
        look = ("Load balancer", f"{kind}: TLS, routes, health checks", "box")
        network.across[tier_of(balancer.texts("subnets"), "public")].append(look)
    for gateway in found.of("aws:ec2/natGateway:NatGateway"):
        _put(cells, place, gateway.text("subnetId"), ("NAT gateway", "the way out", "box"))
    served = _served(found)
    for machine in found.of("aws:ec2/instance:Instance"):
        services = served.get(machine.id, [])
        detail = ", ".join(services) or machine.text("instanceType")
        look = "box" if services else "person"
        name = f"{machine.name} · {machine.text('instanceType')}" if services else machine.name
        _put(cells, place, machine.text("subnetId"), (name, detail, look))
    for service in found.of("aws:ecs/service:Service"):
        detail = f"Fargate, {service.text('desiredCount')} tasks"
        network.across["private"].append((service.name, detail, "box"))
    for database in found.of("aws:rds/instance:Instance"):
        version = database.text("engineVersionActual") or database.text("engineVersion")
        detail = f"{_engine(database)} {version}"
        detail += ", replica" if database.text("replicateSourceDb") else ""
        detail += ", standby elsewhere" if database.text("multiAz") == "True" else ""
        zone = database.text("availabilityZone")
        if (zone, "isolated") in cells:
            cells[zone, "isolated"].boxes.append((database.name, detail, "data"))
        else:
            network.across["isolated"].append((database.name, detail, "data"))
    for group in found.of("aws:elasticache/replicationGroup:ReplicationGroup"):
        nodes = int(group.text("numCacheClusters") or 1)
        version = group.text("engineVersionActual")
        detail = f"{group.text('engine') or 'redis'} {version}, {nodes} node{'s' * (nodes > 1)}"
        network.across["isolated"].append((group.name, detail, "data"))
    return network


def _served(found: Graph) -> dict[str, list[str]]:
    """Instance id → the services that the load balancer finds there."""
    groups = {
        group.text("arn"): f"{group.name} :{group.text('port')}"
        for group in found.of("aws:lb/targetGroup:TargetGroup")
    }
    served: dict[str, list[str]] = {}
    for target in found.of("aws:lb/targetGroupAttachment:TargetGroupAttachment"):
        name = groups.get(target.text("targetGroupArn"))
        if name is not None:
            served.setdefault(target.text("targetId"), []).append(name)
    return served


def _put(
    cells: dict[tuple[str, str], Cell],
    place: dict[str, tuple[str, str]],
    subnet: str,
    look: tuple[str, str, str],
) -> None:
    if subnet in place:
        cells[place[subnet]].boxes.append(look)


def _tier(subnet: Resource) -> str:
    return next((tier for tier in TIERS if f"-{tier}-" in subnet.name), "private")


def _engine(database: Resource) -> str:
    engine = database.text("engine")
    return {"postgres": "PostgreSQL", "mysql": "MySQL"}.get(engine, engine)


def _cidr(found: Graph) -> str:
    return next((vpc.text("cidrBlock") for vpc in found.of("aws:ec2/vpc:Vpc")), "")


# Where it is drawn


def _placed(network: Network, width: int, cidr: str) -> tuple[list[Area], list[Box], int]:
    areas: list[Area] = []
    boxes: list[Box] = []
    y = TOP + HEADER
    for tier in TIERS:
        height = network.height(tier)
        for index, zone in enumerate(network.zones):
            x = EDGE + MARGIN + index * (ZONE_WIDTH + MARGIN)
            cell = network.cells[zone, tier]
            label = f"{zone} · {tier} · {cell.cidr}"
            areas.append(Area(x, y, ZONE_WIDTH, height, label, "tier"))
            below = len(network.across[tier]) * (BOX_HEIGHT + GAP) if tier != "isolated" else 0
            boxes += _in_cell(cell, x, y + HEADER + below, network.columns(tier))
        first = y + HEADER
        if tier == "isolated":
            first += network.rows(tier) * (BOX_HEIGHT + GAP)
        boxes += [
            Box(
                EDGE + 2 * MARGIN,
                first + number * (BOX_HEIGHT + GAP),
                width - 4 * MARGIN,
                BOX_HEIGHT,
                name,
                (detail,),
                look,
            )
            for number, (name, detail, look) in enumerate(network.across[tier])
        ]
        y += height + GAP
    network_frame = Area(EDGE, TOP, width, y - TOP, f"Private network {cidr}")
    return [network_frame, *areas], boxes, y


def _in_cell(cell: Cell, x: int, y: int, columns: int) -> list[Box]:
    whole = columns == 1 or len(cell.boxes) == 1
    return [
        Box(
            x + MARGIN + (number % columns) * (HALF + GAP),
            y + (number // columns) * (BOX_HEIGHT + GAP),
            ZONE_WIDTH - 2 * MARGIN if whole else HALF,
            BOX_HEIGHT,
            name,
            (detail,),
            look,
        )
        for number, (name, detail, look) in enumerate(cell.boxes)
    ]


def _edge(found: Graph, width: int) -> tuple[list[Box], list[Arrow]]:
    """Visitors, and what they meet before the network."""
    names = sorted(
        record.text("name")
        for record in found.of("aws:route53/record:Record")
        if record.text("type") in ("A", "AAAA")
    )
    met = [("DNS", _few(names), "box")] if names else []
    aliases = [
        alias
        for distribution in found.of("aws:cloudfront/distribution:Distribution")
        for alias in distribution.texts("aliases")
    ]
    if aliases:
        met.append(("CloudFront", _few(sorted(aliases)), "box"))
    firewalls = found.of("aws:wafv2/webAcl:WebAcl")
    if firewalls:
        scopes = {"CLOUDFRONT": "CloudFront", "REGIONAL": "load balancer"}
        on = sorted({scopes.get(acl.text("scope"), acl.text("scope")) for acl in firewalls})
        met.append(("Web firewall", f"on {' and '.join(on)}", "box"))
    middle = EDGE + width // 2
    visitors = Box(middle - 90, 24, 180, 52, "Visitors", ("browser, app",), "person")
    if not met:
        return [visitors], [Arrow(((middle, 76), (middle, TOP)))]
    each = (width - (len(met) - 1) * GAP) // len(met)
    boxes = [
        Box(EDGE + number * (each + GAP), 136, each, 66, name, (detail,), look)
        for number, (name, detail, look) in enumerate(met)
    ]
    return [visitors, *boxes], [
        Arrow(((middle, 76), (middle, 136))),
        Arrow(((middle, 202), (middle, TOP))),
    ]


def _ways(network: Network, boxes: Sequence[Box], width: int) -> list[Arrow]:
    """From each tier to the next one, where both have something in them."""
    arrows: list[Arrow] = []
    y = TOP + HEADER
    for tier, following in pairwise(TIERS):
        y += network.height(tier)
        if _used(network, tier) and _used(network, following):
            for index in range(len(network.zones)):
                x = EDGE + MARGIN + index * (ZONE_WIDTH + MARGIN) + ZONE_WIDTH // 2
                arrows.append(Arrow(((x, y - 2), (x, y + GAP + 2))))
        y += GAP
    return arrows


def _used(network: Network, tier: str) -> bool:
    return bool(network.across[tier]) or any(
        network.cells[zone, tier].boxes for zone in network.zones
    )


def _beside(found: Graph, x: int) -> tuple[list[Area], list[Box], int]:
    """What belongs to no zone."""
    entries: list[tuple[str, str, str]] = [
        (bucket.name, "bucket", "data") for bucket in found.of("aws:s3/bucket:Bucket")
    ]
    counted = (
        ("aws:secretsmanager/secret:Secret", "secret", "Secrets Manager", "data"),
        ("aws:kms/key:Key", "key", "KMS", "data"),
        ("aws:ecr/repository:Repository", "image repository", "ECR", "data"),
        ("aws:cloudwatch/logGroup:LogGroup", "log group", "CloudWatch", "box"),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", "alarm", "CloudWatch", "box"),
        ("aws:sns/topicSubscription:TopicSubscription", "address for alarms", "SNS", "box"),
        ("aws:iam/role:Role", "role", "IAM", "box"),
        ("aws:acm/certificate:Certificate", "certificate", "ACM", "box"),
    )
    entries += [
        (_counted(number, name), service, look)
        for kind, name, service, look in counted
        if (number := len(found.of(kind)))
    ]
    height = 46
    boxes = [
        Box(
            x + MARGIN,
            TOP + HEADER + number * (height + 8),
            SIDE_WIDTH - 2 * MARGIN,
            height,
            name,
            (detail,),
            look,
        )
        for number, (name, detail, look) in enumerate(entries)
    ]
    bottom = TOP + HEADER + len(entries) * (height + 8) + 6
    return [Area(x, TOP, SIDE_WIDTH, bottom - TOP, "Beside the network")], boxes, bottom


def _counted(number: int, name: str) -> str:
    if number == 1:
        return f"1 {name}"
    first, *rest = name.split(" ")
    several = {"address": "addresses", "repository": "repositories"}
    if rest and first in several:
        return f"{number} {several[first]} {' '.join(rest)}"
    last = name.rpartition(" ")[2]
    return f"{number} {name.removesuffix(last)}{several.get(last, f'{last}s')}"


def _few(names: Sequence[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _sum(stack: str, found: Graph) -> str:
    kinds = Counter(resource.kind.partition(":")[0] for resource in found.resources)
    own, engine = kinds.pop("groundwork", 0), kinds.pop("pulumi", 0)
    real = sum(kinds.values())
    return f"{stack}: {real} resources in {own} components, {engine} of the engine's own."
