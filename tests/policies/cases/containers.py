"""Tasks, services, clusters and image repositories."""

import json
from typing import Any

from policies.rules.ecr_encrypted_with_own_key import ecr_encrypted_with_own_key
from policies.rules.ecr_has_lifecycle import ecr_has_lifecycle
from policies.rules.ecr_not_public import ecr_not_public
from policies.rules.ecr_scans_on_push import ecr_scans_on_push
from policies.rules.ecr_tags_are_immutable import ecr_tags_are_immutable
from policies.rules.ecs_cluster_has_insights import ecs_cluster_has_insights
from policies.rules.ecs_containers_log import ecs_containers_log
from policies.rules.ecs_containers_not_privileged import ecs_containers_not_privileged
from policies.rules.ecs_containers_run_as_user import ecs_containers_run_as_user
from policies.rules.ecs_efs_encrypted_in_transit import ecs_efs_encrypted_in_transit
from policies.rules.ecs_images_not_latest import ecs_images_not_latest
from policies.rules.ecs_images_pinned import ecs_images_pinned
from policies.rules.ecs_no_data_stores import ecs_no_data_stores
from policies.rules.ecs_no_host_paths import ecs_no_host_paths
from policies.rules.ecs_no_secret_in_environment import ecs_no_secret_in_environment
from policies.rules.ecs_no_shell_into_tasks import ecs_no_shell_into_tasks
from policies.rules.ecs_platform_version_is_latest import ecs_platform_version_is_latest
from policies.rules.ecs_root_file_system_read_only import ecs_root_file_system_read_only
from policies.rules.ecs_service_rolls_back import ecs_service_rolls_back
from policies.rules.ecs_services_have_no_public_ip import ecs_services_have_no_public_ip
from policies.rules.ecs_tasks_have_own_network import ecs_tasks_have_own_network
from policies.rules.ecs_tasks_see_own_processes import ecs_tasks_see_own_processes
from policies.testing import Declared
from tests.policies.table import ABSENT, Case, both, on, unknown, without


def definition(**container: Any) -> dict[str, Any]:
    """A task definition of one container, which differs in this from a good one."""
    good: dict[str, Any] = {
        "name": "api",
        "image": "registry.example.com:5000/shop/api@sha256:0",
        "user": "1000:1000",
        "readonlyRootFilesystem": True,
        "logConfiguration": {"logDriver": "awslogs"},
        "environment": [{"name": "PORT", "value": "3000"}],
        "secrets": [{"name": "JWT_SECRET", "valueFrom": "arn:aws:secretsmanager:x"}],
    }
    container = {key: value for key, value in {**good, **container}.items() if value is not ABSENT}
    return {"containerDefinitions": json.dumps([container])}


def variable(name: str, value: str) -> dict[str, Any]:
    return definition(environment=[{"name": name, "value": value}])


TASK = Declared(
    "aws:ecs/taskDefinition:TaskDefinition",
    {
        "family": "api",
        "networkMode": "awsvpc",
        "volumes": [
            {"name": "scratch"},
            {"name": "shared", "efsVolumeConfiguration": {"transitEncryption": "ENABLED"}},
        ],
        **definition(),
    },
)
SERVICE = Declared(
    "aws:ecs/service:Service",
    {
        "networkConfiguration": {"assignPublicIp": False, "subnets": ["subnet-a"]},
        "platformVersion": "LATEST",
        "enableExecuteCommand": False,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    },
)
CLUSTER = Declared(
    "aws:ecs/cluster:Cluster", {"settings": [{"name": "containerInsights", "value": "enabled"}]}
)
REPOSITORY = Declared(
    "aws:ecr/repository:Repository",
    {
        "imageScanningConfiguration": {"scanOnPush": True},
        "imageTagMutability": "IMMUTABLE",
        "encryptionConfigurations": [{"encryptionType": "KMS"}],
    },
    name="repository",
)
LIFECYCLE = Declared(
    "aws:ecr/lifecyclePolicy:LifecyclePolicy", {"repository": REPOSITORY}, name="lifecycle"
)


def grant(principal: Any, **condition: Any) -> str:
    return json.dumps(
        {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": principal,
                    "Action": "ecr:BatchGetImage",
                    **({"Condition": condition} if condition else {}),
                }
            ]
        }
    )


REPOSITORY_POLICY = Declared(
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    {"policy": grant({"AWS": "arn:aws:iam::123456789012:root"})},
)

CASES = [
    Case(
        ecs_no_secret_in_environment,
        [TASK],
        refused=[
            variable("JWT_SECRET", "correct horse"),
            variable("stripeApiKey", "sk"),
            variable("DB_PASS", "x"),
            variable("DATABASE_URL", "postgres://app:hunter2@db/app"),
            variable("NOTE", "AKIA" + "A" * 16),
            {"containerDefinitions": [{"environment": [{"name": "TOKEN", "value": "x"}]}]},
        ],
        unknown=unknown("containerDefinitions"),
        allowed=[
            variable("JWT_SECRET_ARN", "arn:aws:secretsmanager:x"),
            variable("DB_PASSWORD", "arn:aws:secretsmanager:x"),
            variable("DB_PASSWORD", ""),
            variable("PASSPORT", "x"),
            variable("DATABASE_URL", "postgres://db/app"),
            definition(environment=ABSENT),
        ],
    ),
    Case(
        ecs_containers_run_as_user,
        [TASK],
        refused=[definition(user=user) for user in (ABSENT, "", "0", "root", "root:staff", "0:0")],
        unknown=unknown("containerDefinitions"),
        allowed=[definition(user="node")],
    ),
    Case(
        ecs_tasks_have_own_network,
        [TASK],
        refused=[{"networkMode": "host"}, {"networkMode": "bridge"}, {"networkMode": ABSENT}],
        unknown=unknown("networkMode"),
    ),
    Case(
        ecs_services_have_no_public_ip,
        [SERVICE],
        refused=[{"networkConfiguration.assignPublicIp": True}],
        unknown=unknown("networkConfiguration.assignPublicIp"),
        allowed=[{"networkConfiguration": ABSENT}],
    ),
    Case(
        ecs_tasks_see_own_processes,
        [TASK],
        refused=[{"pidMode": "host"}, {"ipcMode": "host"}],
        unknown=unknown("pidMode"),
        allowed=[{"pidMode": "task"}, {"ipcMode": "task"}],
    ),
    Case(
        ecs_containers_not_privileged,
        [TASK],
        refused=[definition(privileged=True)],
        unknown=unknown("containerDefinitions"),
        allowed=[definition(privileged=False)],
    ),
    Case(
        ecs_root_file_system_read_only,
        [TASK],
        refused=[
            definition(readonlyRootFilesystem=False),
            definition(readonlyRootFilesystem=ABSENT),
        ],
        unknown=unknown("containerDefinitions"),
    ),
    Case(
        ecs_containers_log,
        [TASK],
        refused=[definition(logConfiguration=ABSENT), definition(logConfiguration={})],
        unknown=unknown("containerDefinitions"),
    ),
    Case(
        ecs_platform_version_is_latest,
        [SERVICE],
        refused=[{"platformVersion": "1.3.0"}],
        unknown=unknown("platformVersion"),
        allowed=[{"platformVersion": ABSENT}],
    ),
    Case(
        ecs_cluster_has_insights,
        [CLUSTER],
        refused=[
            {"settings": ABSENT},
            {"settings.0.value": "disabled"},
            {"settings.0.name": "other"},
        ],
        unknown=unknown("settings"),
        allowed=[{"settings.0.value": "enhanced"}],
    ),
    Case(
        ecs_images_pinned,
        [TASK],
        refused=[definition(image="shop/api:1.4.2"), definition(image="shop/api")],
        unknown=unknown("containerDefinitions"),
    ),
    Case(
        ecs_images_not_latest,
        [TASK],
        refused=[
            definition(image="shop/api:latest"),
            definition(image="registry.example.com:5000/shop/api"),
        ],
        unknown=unknown("containerDefinitions"),
        allowed=[
            definition(image="shop/api:1.4.2"),
            definition(image="shop/api:latest@sha256:0"),
        ],
    ),
    Case(
        ecs_no_data_stores,
        [TASK],
        refused=[
            definition(image=image)
            for image in (
                "postgres:16",
                "library/redis@sha256:0",
                "minio/minio",
                "mysql:8.4",
                "mariadb",
                "mongo:8",
                "valkey/valkey:8",
            )
        ],
        unknown=unknown("containerDefinitions"),
        allowed=[definition(image="shop/postgres-exporter:1")],
    ),
    Case(
        ecs_no_host_paths,
        [TASK],
        refused=[{"volumes": [{"name": "engine", "hostPath": "/var/run/docker.sock"}]}],
        unknown=unknown("volumes.0.hostPath"),
        allowed=[{"volumes": ABSENT}],
    ),
    Case(
        ecs_efs_encrypted_in_transit,
        [TASK],
        refused=[
            {"volumes.1.efsVolumeConfiguration.transitEncryption": "DISABLED"},
            {"volumes.1.efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
        ],
        unknown=unknown("volumes.1.efsVolumeConfiguration.transitEncryption"),
    ),
    Case(
        ecs_service_rolls_back,
        [SERVICE],
        refused=[
            {"deploymentCircuitBreaker": ABSENT},
            {"deploymentCircuitBreaker.enable": False},
            {"deploymentCircuitBreaker.rollback": False},
            {"deploymentCircuitBreaker": ABSENT, "deploymentController": {"type": "ECS"}},
        ],
        unknown=unknown("deploymentCircuitBreaker.rollback"),
        allowed=[
            {"deploymentCircuitBreaker": ABSENT, "deploymentController": {"type": kind}}
            for kind in ("CODE_DEPLOY", "EXTERNAL")
        ],
    ),
    Case(
        ecs_no_shell_into_tasks,
        [SERVICE],
        refused=[{"enableExecuteCommand": True}],
        unknown=unknown("enableExecuteCommand"),
        allowed=[{"enableExecuteCommand": ABSENT}],
    ),
    Case(
        ecr_scans_on_push,
        [REPOSITORY],
        refused=[
            {"imageScanningConfiguration.scanOnPush": False},
            {"imageScanningConfiguration": ABSENT},
        ],
        unknown=unknown("imageScanningConfiguration.scanOnPush"),
    ),
    Case(
        ecr_tags_are_immutable,
        [REPOSITORY],
        refused=[{"imageTagMutability": "MUTABLE"}, {"imageTagMutability": ABSENT}],
        unknown=unknown("imageTagMutability"),
        allowed=[{"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"}],
    ),
    Case(
        ecr_has_lifecycle,
        [REPOSITORY, LIFECYCLE],
        refused=[without("lifecycle"), on("lifecycle", {"repository": "other"})],
        decided="whether a lifecycle is declared for it is known from its references",
        allowed=[both({"name": "shop"}, on("lifecycle", {"repository": "shop"}))],
    ),
    Case(
        ecr_encrypted_with_own_key,
        [REPOSITORY],
        refused=[
            {"encryptionConfigurations.0.encryptionType": "AES256"},
            {"encryptionConfigurations": ABSENT},
        ],
        unknown=unknown("encryptionConfigurations"),
        allowed=[{"encryptionConfigurations.0.encryptionType": "KMS_DSSE"}],
    ),
    Case(
        ecr_not_public,
        [REPOSITORY_POLICY],
        refused=[
            {"policy": grant("*")},
            {"policy": grant({"AWS": "*"})},
            {"policy": grant({"AWS": ["arn:aws:iam::123456789012:root", "*"]})},
            {"policy": grant("*", StringNotEquals={"aws:PrincipalOrgID": "o-1"})},
            {"policy": grant("*", StringEquals={"aws:PrincipalOrgID": "*"})},
            {"policy": grant("*", Bool={"aws:SecureTransport": "true"})},
        ],
        unknown=unknown("policy"),
        allowed=[
            {"policy": grant("*", StringEquals={"aws:PrincipalOrgID": "o-1"})},
            {"policy": grant("*").replace("Allow", "Deny")},
        ],
    ),
]
