"""An application's services get what their variables refer to, and nothing beside."""

import json
from typing import Any

import pytest

from tests.components.test_platform import IMAGE, changes
from tests.recording import Engine
from tests.stacks import built

POLICY = "aws:iam/rolePolicy:RolePolicy"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@pytest.fixture(scope="module")
def prod() -> Engine:
    """Web and api on a pool each."""
    return built("prod")


@pytest.fixture(scope="module")
def on_ecs() -> Engine:
    return built("dev", json.dumps(changes("ecs", "load balancer")))


def allowed(engine: Engine, name: str) -> dict[str, set[str]]:
    """Action → what a role may do it to, by the resource's own name."""
    policy = json.loads(engine.named(POLICY, name).inputs["policy"])
    found: dict[str, set[str]] = {}
    for statement in policy["Statement"]:
        for action in statement["Action"]:
            names = {resource.rpartition(":")[2] for resource in statement["Resource"]}
            found.setdefault(action, set()).update(names)
    return found


def test_a_service_may_read_its_own_secrets_and_no_other(prod: Engine) -> None:
    web = allowed(prod, "threed-generator-web")
    api = allowed(prod, "threed-generator-api")

    assert web["secretsmanager:GetSecretValue"] == {"threed-generator-nextauth-secret"}
    assert api["secretsmanager:GetSecretValue"] == {
        "threed-generator-cache",
        "threed-generator-hunyuan-api-key",
        "threed-generator-jwt-secret",
        "threed-generator-main-roles-prod_user",
        "threed-generator-smtp-pass",
        "threed-generator-smtp-user",
    }


def test_who_owns_the_database_is_known_to_operations_alone(prod: Engine) -> None:
    owners = {"threed-generator-main-administrator", "threed-generator-main-roles-generator_owner"}
    readers = {
        resource.name
        for resource in prod.registered
        if resource.typ == POLICY
        and any(owner in str(resource.inputs["policy"]) for owner in owners)
    }
    assert readers == {"groundwork-operations-threed-generator"}


def test_a_service_reaches_only_the_buckets_that_it_names(prod: Engine) -> None:
    assert "s3:GetObject" not in allowed(prod, "threed-generator-web")
    assert allowed(prod, "threed-generator-api")["s3:GetObject"] == {"threed-generator-models/*"}


def test_a_service_reaches_only_the_stores_that_it_names(prod: Engine) -> None:
    for store in ("main", "cache"):
        clients = {
            rule["referencedSecurityGroupId"]
            for rule in prod.of(INGRESS)
            if rule["securityGroupId"] == f"threed-generator-{store}-id"
        }
        assert clients == {"api-id", "groundwork-operations-id"}


def test_variables_are_filled_from_what_the_stack_makes(on_ecs: Engine) -> None:
    assert plain(on_ecs, "web")["NEXTAUTH_URL"] == "https://dev.3dgenerator.com"
    api = plain(on_ecs, "api")
    assert api["S3_BUCKET_NAME"] == "threed-generator-models"
    assert api["DATABASE_READER_HOST"] == "database.internal"
    assert api["REDIS_HOST"] == "cache.internal"
    assert (api["REDIS_PORT"], api["AWS_REGION"]) == ("6379", "eu-west-1")


def test_a_stack_may_give_a_variable_another_value() -> None:
    changed = changes("ecs", "load balancer")
    placed = changed["applications"]["threed-generator"]
    placed["environment"] = {"api": {"HUNYUAN_API_URL": "https://sandbox.hunyuan.com"}}

    engine = built("dev", json.dumps(changed))

    assert plain(engine, "api")["HUNYUAN_API_URL"] == "https://sandbox.hunyuan.com"


def plain(engine: Engine, service: str) -> dict[str, str]:
    variables: list[dict[str, str]] = container(engine, service)["environment"]
    return {one["name"]: one["value"] for one in variables}


def container(engine: Engine, service: str) -> dict[str, Any]:
    task = engine.named("aws:ecs/taskDefinition:TaskDefinition", f"threed-generator-{service}")
    (only,) = json.loads(task.inputs["containerDefinitions"])
    assert only["image"] == IMAGE
    return only
