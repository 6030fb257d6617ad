"""On ECS the database is brought along before a task serves, by one who may do nothing else."""

import json
from typing import Any

import pytest

from tests.components.test_platform import changes
from tests.recording import Engine, Registered
from tests.stacks import built

POLICY = "aws:iam/rolePolicy:RolePolicy"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
MIGRATE = "threed-generator-migrate"


@pytest.fixture(scope="module")
def on_ecs() -> Engine:
    return built("dev", json.dumps(changes("ecs", "load balancer")))


def container(engine: Engine) -> dict[str, Any]:
    (only,) = json.loads(engine.named(TASK, MIGRATE).inputs["containerDefinitions"])
    return only


def statements(engine: Engine, name: str) -> list[dict[str, Any]]:
    return json.loads(engine.named(POLICY, name).inputs["policy"])["Statement"]


def command(engine: Engine, name: str) -> Registered:
    return engine.named("command:remote:Command", name)


def script(engine: Engine, name: str) -> str:
    told = command(engine, name).inputs["stdin"]
    return str(told["value"] if isinstance(told, dict) else told)


def test_it_runs_the_service_s_image_as_the_owner_and_answers_nobody(on_ecs: Engine) -> None:
    api = json.loads(on_ecs.named(TASK, "threed-generator-api").inputs["containerDefinitions"])[0]
    migrating = container(on_ecs)

    assert migrating["image"] == api["image"]
    assert migrating["entryPoint"] == ["/bin/sh", "-c"]
    assert not {"portMappings", "healthCheck"} & set(migrating)
    assert (migrating["user"], migrating["readonlyRootFilesystem"]) == ("1001:1001", True)
    assert {one["valueFrom"].rpartition("secret:")[2] for one in migrating["secrets"]} != set()
    assert all("roles-generator_owner" in one["valueFrom"] for one in migrating["secrets"])


def test_the_owner_s_secret_is_read_by_it_and_by_no_service(on_ecs: Engine) -> None:
    readers = {
        one.name
        for one in on_ecs.registered
        if one.typ == POLICY and "roles-generator_owner" in str(one.inputs["policy"])
    }

    assert readers == {f"{MIGRATE}-start", "groundwork-operations-threed-generator"}


def test_the_operations_instance_may_begin_this_family_in_this_cluster_and_pass_its_roles(
    on_ecs: Engine,
) -> None:
    by_action = {
        action: one
        for one in statements(on_ecs, "groundwork-operations-threed-generator")
        for action in one["Action"]
        if action.startswith(("ecs:", "iam:"))
    }

    assert set(by_action) == {"ecs:RunTask", "ecs:DescribeTasks", "ecs:ListTasks", "iam:PassRole"}
    (family,) = by_action["ecs:RunTask"]["Resource"]
    assert family.endswith(":*")
    assert family.count("*") == 1
    for action in ("ecs:RunTask", "ecs:ListTasks"):
        assert list(by_action[action]["Condition"]["ArnEquals"]) == ["ecs:cluster"]
    roles = {arn.rpartition(":")[2] for arn in by_action["iam:PassRole"]["Resource"]}
    assert {role.rpartition("/")[2] for role in roles} == {f"{MIGRATE}-start", f"{MIGRATE}-run"}
    service = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    assert by_action["iam:PassRole"]["Condition"]["StringEquals"] == service


def test_no_service_takes_a_version_before_its_database_is_brought_along(on_ecs: Engine) -> None:
    migrated = command(on_ecs, f"{MIGRATE}-operations")

    for service in ("web", "api"):
        known = on_ecs.named("aws:ecs/service:Service", f"threed-generator-{service}")
        assert migrated.urn in known.dependencies
    # The image decides, not only what it is called.
    assert "release migrate threed-generator 1.0.0-000000000000" in script(
        on_ecs, f"{MIGRATE}-operations"
    )


def test_the_operations_instance_is_told_which_task_and_no_variable_of_the_service(
    on_ecs: Engine,
) -> None:
    told = script(on_ecs, "groundwork-databases")

    assert f"{MIGRATE}@.service" in told
    assert f'"family": "{MIGRATE}"' in told
    assert "HUNYUAN_API_URL" not in told


def test_without_a_release_nothing_is_brought_along() -> None:
    waiting = {**changes("ecs", "load balancer"), "releases": {}}
    waiting["applications"]["threed-generator"]["placement"] = {
        "kind": "ecs",
        "services": {"web": {}, "api": {}},
    }
    engine = built("dev", json.dumps(waiting))

    assert engine.of(TASK) == []
    assert f"{MIGRATE}@.service" not in script(engine, "groundwork-databases")
