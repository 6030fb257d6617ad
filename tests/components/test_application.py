"""An application's services get what their variables refer to, and nothing beside."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.components.test_platform import IMAGE, changes
from tests.recording import Engine
from tests.settings.files import Project
from tests.stacks import built, platform_of

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


def test_an_image_is_built_of_the_applications_own_dockerfile_with_public_values(
    tmp_path: Path,
) -> None:
    project = Project(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "Dockerfile").write_text("FROM scratch\n")
    project.change_application(
        {
            "services/web/build/image": {"context": "shop", "target": "web"},
            "services/web/build/environment": {
                "NEXT_PUBLIC_API_URL": "https://${hosts.api}",
                "NEXT_PUBLIC_FAST": True,
            },
        }
    )
    placed = changes("ecs", "load balancer")
    services = placed["applications"]["threed-generator"]["placement"]["services"]
    project.change_stack(
        {
            **placed,
            "applications/threed-generator/placement/services": {
                **services,
                "web": {"build": True},
            },
        },
        "dev",
    )
    engine = Engine()
    engine.attach(stack="dev")
    engine.answers["aws:ecr/getAuthorizationToken:getAuthorizationToken"] = {
        "proxyEndpoint": "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "userName": "AWS",
        "password": "token",
    }

    engine.build(lambda: platform_of("dev", root=tmp_path))

    image = engine.one("docker:index/image:Image")
    build = image["build"]
    assert (build["context"], build["dockerfile"], build["target"]) == (
        "shop",
        "shop/Dockerfile",
        "web",
    )
    assert build["args"] == {
        "NEXT_PUBLIC_API_URL": "https://api.dev.3dgenerator.com",
        "NEXT_PUBLIC_FAST": "true",
    }
    assert image["imageName"].endswith(":1.0.0")


def test_a_digest_alone_is_one_of_the_services_own_registry_and_may_be_pulled() -> None:
    digest = f"sha256:{'1' * 64}"
    own = changes("ecs", "load balancer")
    services = own["applications"]["threed-generator"]["placement"]["services"]
    services["web"] = {"image": digest}
    engine = built("dev", json.dumps(own))

    task = engine.named("aws:ecs/taskDefinition:TaskDefinition", "threed-generator-web").inputs
    (only,) = json.loads(task["containerDefinitions"])
    assert only["image"].endswith(f"@{digest}")
    (registry,) = (one for one in engine.registered if one.typ == "aws:ecr/repository:Repository")
    assert registry.name == "threed-generator-web"
    assert "ecr:BatchGetImage" in allowed(engine, "threed-generator-web-start")


def plain(engine: Engine, service: str) -> dict[str, str]:
    variables: list[dict[str, str]] = container(engine, service)["environment"]
    return {one["name"]: one["value"] for one in variables}


def container(engine: Engine, service: str) -> dict[str, Any]:
    task = engine.named("aws:ecs/taskDefinition:TaskDefinition", f"threed-generator-{service}")
    (only,) = json.loads(task.inputs["containerDefinitions"])
    assert only["image"] == IMAGE
    return only
