"""A service on Fargate: plain user, secrets by reference, old tasks until the new are well."""

import json
from typing import Any

import pytest

from components.fargate_service import FargateService, FargateServiceArgs, TaskArgs
from components.workload import SecretReference, Workload
from settings.application import Service
from tests.components.test_platform import IMAGE
from tests.recording import Engine

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:main"
WEB = {
    "runtime": {"kind": "node", "start": "main.js"},
    "port": 3000,
    "health": {"path": "/health"},
    "stop_seconds": 45,
    "writable": ["uploads"],
}
WORKER = {"runtime": {"kind": "node", "start": "worker.js"}}


def build(
    engine: Engine, shape: dict[str, Any], *, ceiling: int | None = None, spot: bool = False
) -> None:
    listens = "port" in shape
    args = FargateServiceArgs(
        task=TaskArgs(
            workload=Workload(
                application="shop",
                service="web",
                shape=Service.model_validate(shape),
                plain={"NODE_ENV": "production"},
                secret={
                    "DATABASE_URL": SecretReference(arn=SECRET, field="url"),
                    "TOKEN": SecretReference(arn=f"{SECRET}-token"),
                },
                statements={},
                version=None,
            ),
            image=IMAGE,
            repository_arn=None,
            cpu=512,
            memory_mb=1024,
            architecture="arm64",
            region="eu-west-1",
            key_arn="arn:key",
            log_days=30,
        ),
        count=2,
        max_count=ceiling,
        cpu_target_percent=60,
        spot=spot,
        cluster_arn="arn:aws:ecs:eu-west-1:123456789012:cluster/main",
        cluster_name="main",
        subnet_ids=["subnet-private-a", "subnet-private-b"],
        group_id="sg-web",
        target_group_arn="arn:target" if listens else None,
    )
    engine.build(lambda: FargateService("shop-web", args))


def container(engine: Engine) -> dict[str, Any]:
    task = engine.one("aws:ecs/taskDefinition:TaskDefinition")
    (only,) = json.loads(task["containerDefinitions"])
    return only


def test_a_container_runs_the_command_that_is_given_or_its_own(engine: Engine) -> None:
    build(engine, {"runtime": {"kind": "container", "command": ["node", "worker.js"]}})

    assert container(engine)["command"] == ["node", "worker.js"]


def test_without_a_command_the_image_says_what_runs(engine: Engine) -> None:
    build(engine, WORKER)

    assert "command" not in container(engine)


def service(engine: Engine) -> dict[str, Any]:
    return engine.one("aws:ecs/service:Service")


def test_secrets_come_by_reference_and_none_is_a_plain_variable(engine: Engine) -> None:
    build(engine, WEB)

    assert container(engine)["environment"] == [{"name": "NODE_ENV", "value": "production"}]
    assert {one["name"]: one["valueFrom"] for one in container(engine)["secrets"]} == {
        "DATABASE_URL": f"{SECRET}:url::",
        "TOKEN": f"{SECRET}-token",
    }


def test_who_starts_the_task_reads_its_secrets_and_the_task_itself_does_not(
    engine: Engine,
) -> None:
    build(engine, WEB)

    policies = {
        resource.name: resource.inputs["policy"]
        for resource in engine.registered
        if resource.typ == "aws:iam/rolePolicy:RolePolicy"
    }
    assert [name for name, text in policies.items() if SECRET in text] == ["shop-web-start"]


def test_it_runs_as_a_plain_user_who_may_write_where_it_says(engine: Engine) -> None:
    build(engine, WEB)

    assert container(engine)["user"].split(":")[0] not in ("", "0", "root")
    assert container(engine)["readonlyRootFilesystem"] is True
    writable = {one["containerPath"] for one in container(engine)["mountPoints"]}
    assert writable == {"/tmp", "/srv/uploads"}


def test_a_failing_version_goes_back_and_the_old_tasks_serve_meanwhile(engine: Engine) -> None:
    build(engine, WEB)

    assert service(engine)["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service(engine)["deploymentMinimumHealthyPercent"] == 100


def test_it_is_asked_whether_it_is_well_and_given_time_to_start_and_to_stop(
    engine: Engine,
) -> None:
    build(engine, WEB)

    assert "http://127.0.0.1:3000/health" in container(engine)["healthCheck"]["command"][1]
    assert service(engine)["healthCheckGracePeriodSeconds"] == 60
    assert container(engine)["stopTimeout"] == 45


def test_it_has_the_processor_and_memory_asked_for_and_no_more(engine: Engine) -> None:
    build(engine, WEB)

    task = engine.one("aws:ecs/taskDefinition:TaskDefinition")
    assert (task["cpu"], task["memory"]) == ("512", "1024")
    assert task["runtimePlatform"]["cpuArchitecture"] == "ARM64"


def test_it_has_no_public_address(engine: Engine) -> None:
    build(engine, WEB)

    place = service(engine)["networkConfiguration"]
    assert place["assignPublicIp"] is False
    assert place["subnets"] == ["subnet-private-a", "subnet-private-b"]


def test_what_it_says_is_kept_encrypted_and_not_for_ever(engine: Engine) -> None:
    build(engine, WEB)

    group = engine.one("aws:cloudwatch/logGroup:LogGroup")
    assert (group["retentionInDays"], group["kmsKeyId"]) == (30, "arn:key")
    assert container(engine)["logConfiguration"]["options"]["awslogs-group"] == "shop-web"


def test_a_worker_is_reached_by_nobody(engine: Engine) -> None:
    build(engine, WORKER)

    assert not service(engine).get("loadBalancers")
    assert "portMappings" not in container(engine)


def test_it_grows_within_its_bounds_and_an_update_leaves_the_number_alone(engine: Engine) -> None:
    build(engine, WEB, ceiling=6)

    bounds = engine.one("aws:appautoscaling/target:Target")
    assert (bounds["minCapacity"], bounds["maxCapacity"]) == (2, 6)
    assert engine.named("aws:ecs/service:Service", "shop-web").ignored_changes == ("desiredCount",)


def test_without_a_ceiling_the_number_is_fixed(engine: Engine) -> None:
    build(engine, WEB)

    assert engine.of("aws:appautoscaling/target:Target") == []
    assert service(engine)["desiredCount"] == 2
    assert engine.named("aws:ecs/service:Service", "shop-web").ignored_changes == ()


@pytest.mark.parametrize(("spot", "capacity"), [(False, "FARGATE"), (True, "FARGATE_SPOT")])
def test_spare_capacity_is_taken_where_asked(engine: Engine, spot: bool, capacity: str) -> None:
    build(engine, WEB, spot=spot)

    (strategy,) = service(engine)["capacityProviderStrategies"]
    assert strategy["capacityProvider"] == capacity
