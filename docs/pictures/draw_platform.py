"""Draws platform.svg, the picture of a stack: `python docs/pictures/draw_platform.py`."""

from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

PICTURE = Path(__file__).with_name("platform.svg")
WIDTH, HEIGHT = 1000, 700

# One style for light and dark pages; a page without either gets the light one.
STYLE = """
  .page { fill: #ffffff } .group { fill: #f4f6f8; stroke: #9aa7b4 }
  .tier { fill: #e6ebf0; stroke: none } .box { fill: #ffffff; stroke: #41729f }
  .data { fill: #ffffff; stroke: #2e7d5b } .person { fill: #fff7e6; stroke: #b7791f }
  .name { fill: #14212e; font-weight: 600; font-size: 14px }
  .detail { fill: #40505f; font-size: 12px }
  .label { fill: #40505f; font-size: 12px; font-weight: 600; letter-spacing: 0.4px }
  .arrow { stroke: #40505f; fill: none; stroke-width: 1.5 } .head { fill: #40505f }
  text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0f1720 } .group { fill: #17222d; stroke: #5b6b7a }
    .tier { fill: #1f2d3a } .box { fill: #0f1720; stroke: #7fb2e5 }
    .data { fill: #0f1720; stroke: #6fcf9f } .person { fill: #2a2312; stroke: #e0b050 }
    .name { fill: #f0f4f8 } .detail, .label { fill: #b8c4d0 }
    .arrow { stroke: #b8c4d0 } .head { fill: #b8c4d0 }
  }
"""


class Box(NamedTuple):
    x: int
    y: int
    width: int
    height: int
    name: str
    details: tuple[str, ...] = ()
    kind: str = "box"


class Area(NamedTuple):
    """A band or a frame with a label in its corner."""

    x: int
    y: int
    width: int
    height: int
    label: str
    kind: str = "group"


class Arrow(NamedTuple):
    """A line through points, its head at the last one."""

    points: tuple[tuple[int, int], ...]


AREAS = [
    Area(30, 100, 620, 120, "Edge: cdn, load-balancer or host"),
    Area(30, 240, 620, 430, "Private network, two or more zones"),
    Area(45, 270, 590, 105, "public subnets", "tier"),
    Area(45, 390, 590, 125, "private subnets", "tier"),
    Area(45, 530, 590, 125, "isolated subnets", "tier"),
    Area(680, 330, 290, 340, "Beside the network, under one key"),
]

BOXES = [
    Box(250, 20, 180, 52, "Visitors", ("browser, app",), "person"),
    Box(60, 135, 170, 70, "DNS", ("Route 53,", "or a list to set elsewhere")),
    Box(255, 135, 170, 70, "CloudFront", ("caching, compression,", "headers")),
    Box(
        450, 135, 180, 70, "Web firewall", ("on CDN or load balancer:", "managed rules, rate limit")
    ),
    Box(
        240,
        298,
        200,
        66,
        "Load balancer",
        ("TLS, routes, health checks;", "private behind CloudFront"),
    ),
    Box(465, 298, 155, 66, "NAT", ("none, one,", "or one a zone")),
    Box(60, 420, 190, 82, "Operations instance", ("jump host; migrations,", "dumps, restores")),
    Box(
        275,
        420,
        345,
        82,
        "Services of the applications",
        ("hosts: nginx, then PM2 or systemd", "or ECS on Fargate: the stack chooses"),
    ),
    Box(60, 560, 170, 82, "Database", ("PostgreSQL or MySQL,", "a role for each purpose"), "data"),
    Box(255, 560, 170, 82, "Standby, replicas", ("in other zones",), "data"),
    Box(450, 560, 170, 82, "Cache, queue", ("Redis with TLS", "and a token"), "data"),
    Box(
        700,
        20,
        250,
        70,
        "Application and stack files",
        ("apps/NAME.yaml: what it is;", "Pulumi.STACK.yaml: how much"),
        "person",
    ),
    Box(
        700,
        125,
        250,
        70,
        "Program and policy pack",
        ("settings → components, hosts;", "every resource is judged first"),
    ),
    Box(700, 230, 250, 70, "Pulumi engine", ("AWS, or the local cloud", "on one Linux machine")),
    Box(700, 365, 250, 62, "Buckets", ("S3: private, versioned, TLS only",), "data"),
    Box(700, 440, 250, 62, "Secrets", ("Secrets Manager; known by ARN",), "data"),
    Box(700, 515, 250, 62, "Logs, metrics, alarms", ("CloudWatch; one alert channel",)),
    Box(700, 590, 250, 62, "Roles, key, image registry", ("IAM, KMS, ECR",)),
]

ARROWS = [
    Arrow(((340, 72), (340, 135))),
    Arrow(((340, 205), (340, 298))),
    Arrow(((340, 364), (340, 420))),
    Arrow(((300, 502), (222, 560))),
    Arrow(((535, 502), (535, 560))),
    Arrow(((230, 601), (255, 601))),
    Arrow(((195, 502), (195, 560))),
    Arrow(((620, 461), (660, 461), (660, 396), (700, 396))),
    Arrow(((620, 471), (700, 471))),
    Arrow(((620, 481), (660, 481), (660, 546), (700, 546))),
    Arrow(((825, 90), (825, 125))),
    Arrow(((825, 195), (825, 230))),
    Arrow(((700, 265), (665, 265), (665, 285), (650, 285))),
    Arrow(((825, 300), (825, 330))),
]


def drawn(area: Area) -> str:
    return (
        f'<rect class="{area.kind}" x="{area.x}" y="{area.y}" width="{area.width}" '
        f'height="{area.height}" rx="8"/>'
        f'<text class="label" x="{area.x + 12}" y="{area.y + 19}">{escape(area.label)}</text>'
    )


def box(shape: Box) -> str:
    middle = shape.x + shape.width // 2
    lines = 1 + len(shape.details)
    first = shape.y + shape.height // 2 - 9 * (lines - 1) + 5
    texts = [f'<text class="name" x="{middle}" y="{first}">{escape(shape.name)}</text>']
    texts += [
        f'<text class="detail" x="{middle}" y="{first + 18 * number}">{escape(detail)}</text>'
        for number, detail in enumerate(shape.details, start=1)
    ]
    return (
        f'<rect class="{shape.kind}" x="{shape.x}" y="{shape.y}" width="{shape.width}" '
        f'height="{shape.height}" rx="6" stroke-width="1.5"/>'
        f'<g text-anchor="middle">{"".join(texts)}</g>'
    )


def arrow(line: Arrow) -> str:
    points = " ".join(f"{x},{y}" for x, y in line.points)
    return f'<polyline class="arrow" points="{points}" marker-end="url(#head)"/>'


def picture() -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            "<title>A stack: edge, network, services, stores, and the program</title>",
            f"<style>{STYLE}</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
            f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="10"/>',
            *map(drawn, AREAS),
            *map(arrow, ARROWS),
            *map(box, BOXES),
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    PICTURE.write_text(picture())
