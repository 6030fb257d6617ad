"""The picture of a stack: everything in its zone and tier, nothing over another, nothing secret."""

from typing import Any
from xml.etree import ElementTree

import pytest

from commands.graph import parsed
from commands.picture import drawn
from tests.commands.test_graph import entry

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
SVG = "{http://www.w3.org/2000/svg}"


def subnets(zones: int) -> list[Any]:
    return [
        entry(
            "aws:ec2/subnet:Subnet",
            f"groundwork-{tier}-{zone[-1]}",
            id=f"{tier}-{zone}",
            availabilityZone=zone,
            cidrBlock=f"10.{number}.0.0/20",
        )
        for number, tier in enumerate(("public", "private", "isolated"))
        for zone in ZONES[:zones]
    ]


def machine(name: str, zone: str) -> Any:
    return entry(
        "aws:ec2/instance:Instance",
        name,
        id=f"i-{name}",
        subnetId=f"private-{zone}",
        instanceType="t4g.medium",
    )


def platform(zones: int, hosts_a_zone: int) -> str:
    resources = [
        *subnets(zones),
        entry("aws:ec2/vpc:Vpc", "groundwork", cidrBlock="10.0.0.0/8"),
        entry(
            "aws:lb/loadBalancer:LoadBalancer",
            "groundwork",
            internal=True,
            subnets=[f"private-{zone}" for zone in ZONES[:zones]],
        ),
        entry("aws:lb/targetGroup:TargetGroup", "shop-web", arn="arn:web", port=8443),
        *(
            machine(f"web-{zone[-1]}{n}", zone)
            for zone in ZONES[:zones]
            for n in range(hosts_a_zone)
        ),
        entry(
            "aws:lb/targetGroupAttachment:TargetGroupAttachment",
            "t",
            targetGroupArn="arn:web",
            targetId="i-web-a0",
        ),
        entry(
            "aws:rds/instance:Instance",
            "a-database-with-a-name-that-is-rather-long",
            engine="postgres",
            engineVersionActual="17.5",
            availabilityZone=ZONES[0],
        ),
        entry("aws:s3/bucket:Bucket", "shop-<models>"),
        entry("aws:secretsmanager/secret:Secret", "shop-token"),
    ]
    return drawn("prod", parsed({"deployment": {"resources": resources}}))


def rectangles(svg: str, *kinds: str) -> list[tuple[float, float, float, float]]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own
    return [
        tuple(float(found.attrib[key]) for key in ("x", "y", "width", "height"))  # pyright: ignore[reportReturnType] - four keys
        for found in root.iter(f"{SVG}rect")
        if found.attrib["class"] in kinds
    ]


@pytest.mark.parametrize("zones", [1, 2, 3])
@pytest.mark.parametrize("hosts_a_zone", [0, 1, 2, 5])
def test_no_box_lies_over_another_or_outside_the_page(zones: int, hosts_a_zone: int) -> None:
    svg = platform(zones, hosts_a_zone)
    boxes = rectangles(svg, "box", "data", "person")
    width, height = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split()[2:])  # noqa: S314

    for number, (x, y, w, h) in enumerate(boxes):
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        for other_x, other_y, other_w, other_h in boxes[number + 1 :]:
            apart = (
                x + w <= other_x or other_x + other_w <= x or y + h <= other_y
                or other_y + other_h <= y
            )  # fmt: skip
            assert apart


def test_a_host_lies_in_its_zone_and_names_what_it_serves() -> None:
    svg = platform(2, 1)

    assert "web-a0 · t4g.medium" in svg
    assert "shop-web :8443" in svg
    assert "eu-west-1b · private · 10.1.0.0/20" in svg


def test_a_name_is_cut_and_escaped_rather_than_drawn_over_its_neighbour() -> None:
    svg = platform(1, 1)

    assert "shop-&lt;models&gt;" in svg
    ElementTree.fromstring(svg)  # noqa: S314 - our own


def test_what_is_counted_is_counted_in_words() -> None:
    assert ">1 secret<" in platform(1, 0)


def test_the_same_state_is_the_same_picture() -> None:
    assert platform(3, 2) == platform(3, 2)
