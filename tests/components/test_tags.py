"""Every resource says which application it serves, and which part of that."""

from typing import Any

from tests.recording import Engine
from tests.stacks import built


def tags(engine: Engine, kind: str, name: str) -> dict[str, str]:
    found: dict[str, Any] = engine.named(kind, name).inputs["tags"]
    return {key: found[key] for key in ("application", "component")}


def test_what_an_application_has_bears_its_name_and_that_of_the_part() -> None:
    prod = built("prod")

    assert tags(prod, "aws:rds/instance:Instance", "threed-generator-main") == {
        "application": "threed-generator",
        "component": "main",
    }
    assert tags(prod, "aws:lb/targetGroup:TargetGroup", "ai-photo-api") == {
        "application": "ai-photo",
        "component": "api",
    }
    assert tags(prod, "aws:cloudwatch/metricAlarm:MetricAlarm", "groundwork-ai-photo-api-slow") == {
        "application": "ai-photo",
        "component": "api-slow",
    }


def test_a_host_bears_all_that_runs_on_its_pool() -> None:
    assert tags(built("prod"), "aws:ec2/instance:Instance", "workers-a1") == {
        "application": "ai-notebook aixsss",
        "component": "workers",
    }


def test_a_pool_of_one_application_and_its_name_is_that_applications() -> None:
    found = tags(built("prod"), "aws:ec2/instance:Instance", "ingenio-a1")

    assert found["application"] == "ingenio"


def test_what_serves_all_is_shared() -> None:
    assert tags(built("prod"), "aws:lb/loadBalancer:LoadBalancer", "groundwork")["application"] == (
        "shared"
    )


def test_a_name_that_a_component_gives_stays() -> None:
    given = built("prod").named("aws:ec2/instance:Instance", "workers-a1").inputs["tags"]

    assert given["Name"] == "workers-a1"


def test_nothing_that_can_be_tagged_is_left_out() -> None:
    for stack in ("local", "dev", "prod"):
        kinds = {one.typ for one in built(stack).registered if "tags" in one.inputs}
        assert len(kinds) > 20
        assert [
            one.urn
            for one in built(stack).registered
            if one.typ in kinds and not {"application", "component"} <= set(one.inputs["tags"])
        ] == []


def test_what_an_older_provider_cannot_tag_has_none() -> None:
    functions = built("prod").of("aws:cloudfront/function:Function")

    assert functions
    assert all("tags" not in one for one in functions)
