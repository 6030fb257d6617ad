"""Names and shapes are paired by rule; what is irregular, by likeness; the rest is said missing."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.standins.aws.mapping import ALIKE_RESOURCES, EXACT, Fields, Names, counterpart, pair
from localcloud.standins.aws.schema import block_from_json, to_json
from localcloud.standins.aws.sdk import Annotation, Sdk, SdkKind, annotation, camel, snake

TEXT = Annotation("str")


def attribute(name: str, kind: Any = "string", **flags: bool) -> Any:
    given = {"required": False, "optional": True, "computed": False, "sensitive": False, **flags}
    return SimpleNamespace(name=name, type=json.dumps(kind), **given)


def nested(name: str, *attributes: Any, nesting: int = 2, max_items: int = 0) -> Any:
    block = SimpleNamespace(attributes=list(attributes), block_types=[])
    return SimpleNamespace(type_name=name, block=block, nesting=nesting, max_items=max_items)


def schema(*attributes: Any, blocks: tuple[Any, ...] = ()) -> Any:
    return SimpleNamespace(
        block=SimpleNamespace(attributes=list(attributes), block_types=list(blocks))
    )


def kind(token: str, *properties: str) -> SdkKind:
    return SdkKind(token, "lb", dict.fromkeys(properties, TEXT), list(properties))


@pytest.mark.parametrize(
    ("field", "is_list", "property_"),
    [
        ("cidr_block", False, "cidrBlock"),
        ("subnet_id", True, "subnetIds"),
        ("policy", True, "policies"),
        ("topic_arn", False, "topic"),
        ("alarm_name", False, "name"),
        ("function_name", False, "name"),
        ("filename", False, "code"),
        ("ipv6_cidr_block", False, "ipv6CidrBlock"),
    ],
)
def test_a_field_is_paired_by_rule(field: str, is_list: bool, property_: str) -> None:
    assert pair({field: is_list}, [property_, "unrelated"]) == {field: property_}


def test_the_same_name_wins_over_a_likeness() -> None:
    fields = {"subnet": False, "subnets": True}

    assert pair(fields, ["subnets", "subnet"]) == {"subnet": "subnet", "subnets": "subnets"}


def test_a_property_is_given_away_once() -> None:
    assert pair({"arn": False, "name_arn": False}, ["name"]) == {"name_arn": "name"}


def test_a_kind_of_the_same_name_is_its_counterpart() -> None:
    candidates = {"aws_lb_target_group": Names.of(schema()), "aws_alb": Names.of(schema())}

    found = counterpart(kind("aws:lb/targetGroup:TargetGroup", "port"), candidates)

    assert found == ("aws_lb_target_group", EXACT)


def test_an_irregular_kind_is_found_by_its_fields() -> None:
    fields = ("identifier", "engine", "allocated_storage", "username")
    candidates = {
        "aws_db_instance": Names.of(schema(*map(attribute, fields))),
        "aws_rds_cluster": Names.of(schema(*map(attribute, ("cluster_identifier", "engine")))),
    }

    name, score = counterpart(kind("aws:rds/instance:Instance", *map(camel, fields)), candidates)

    assert name == "aws_db_instance"
    assert score >= ALIKE_RESOURCES


def test_a_kind_of_a_newer_provider_is_like_none() -> None:
    candidates = {"aws_vpc_ipam": Names.of(schema(attribute("description"), attribute("tier")))}

    _, score = counterpart(
        kind("aws:vpc/routeServer:RouteServer", "amazonSideAsn", "persistRoutes"), candidates
    )

    assert score < ALIKE_RESOURCES


class FakeSdk(Sdk):
    def __init__(self, **classes: dict[str, Annotation]) -> None:
        self._classes = classes

    def nested(self, folder: str) -> dict[str, dict[str, Annotation]]:  # type: ignore[override]
        return self._classes


def test_a_list_of_at_most_one_is_the_thing_itself() -> None:
    access_logs = Annotation("object", name="AccessLogs")
    sdk = FakeSdk(AccessLogs={"bucket": TEXT})
    block = Fields(sdk, "lb").block(
        schema(blocks=(nested("access_logs", attribute("bucket"), max_items=1),)).block,
        {"accessLogs": access_logs},
    )

    assert block.blocks["access_logs"].single
    assert block.blocks["access_logs"].block.attributes["bucket"].pulumi == "bucket"


def test_a_list_stays_one_where_the_sdk_says_so() -> None:
    rule = Annotation("list", Annotation("object", name="Rule"))
    block = Fields(FakeSdk(Rule={"id": TEXT}), "s3").block(
        schema(blocks=(nested("rule", attribute("id")),)).block, {"rules": rule}
    )

    assert block.blocks["rule"].pulumi == "rules"
    assert not block.blocks["rule"].single


def test_a_schema_survives_its_way_through_the_cache() -> None:
    object_type = ["list", ["object", {"bucket_name": "string"}]]
    block = Fields(FakeSdk(), "s3").block(
        schema(
            attribute("outputs", object_type, computed=True, optional=False),
            attribute("password", sensitive=True),
            blocks=(nested("rule", attribute("id"), max_items=1),),
        ).block,
        {"outputs": Annotation("list", Annotation("object", name="Output")), "password": TEXT},
    )

    assert block_from_json(json.loads(json.dumps(to_json(block)))) == block


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pulumi.Output[_builtins.str]", TEXT),
        ("pulumi.Output[Optional[_builtins.bool]]", Annotation("bool")),
        ("pulumi.Output[Sequence[_builtins.str]]", Annotation("list", TEXT)),
        ("pulumi.Output[Mapping[str, _builtins.str]]", Annotation("map", TEXT)),
        (
            "pulumi.Output[Optional[Sequence['outputs.BucketRule']]]",
            Annotation("list", Annotation("object", name="BucketRule")),
        ),
        ("pulumi.Output[Optional[Union[pulumi.Asset, pulumi.Archive]]]", Annotation("any")),
    ],
)
def test_the_sdks_annotations_are_understood(text: str, expected: Annotation) -> None:
    assert annotation(text) == expected


def test_names_go_both_ways() -> None:
    assert camel(snake("enableHttpEndpoint")) == "enableHttpEndpoint"
    assert snake("WebACLId") == "web_acl_id"
