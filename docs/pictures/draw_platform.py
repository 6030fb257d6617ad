"""Draws platform.svg, the picture of a stack: `python -m docs.pictures.draw_platform`."""

from pathlib import Path

from commands.drawing import Area, Arrow, Box, svg

PICTURE = Path(__file__).with_name("platform.svg")
SIZE = (1000, 700)

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


def picture() -> str:
    return svg(
        "A stack: edge, network, services, stores, and the program",
        SIZE,
        areas=AREAS,
        arrows=ARROWS,
        boxes=BOXES,
    )


if __name__ == "__main__":
    PICTURE.write_text(picture())
