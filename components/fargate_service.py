"""A service on Fargate: its task, its two roles, its place in the target group, its growth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.identity import Role, RoleArgs
from components.permissions import (
    Statement,
    decrypt,
    log_in_to_registry,
    pull_images,
    read_secrets,
    write_logs,
)
from components.workload import Workload
from settings.application import Container

# Unprivileged in every image of ours; the 3D generator's manual names the same.
USER = "1001:1001"


@dataclass(frozen=True, kw_only=True)
class TaskArgs:
    """What a task is, whoever begins it."""

    workload: Workload
    image: pulumi.Input[str]  # by digest
    repository_arn: pulumi.Input[str] | None  # None: an image of somebody else's
    cpu: int
    memory_mb: int
    architecture: str  # x86_64 or arm64
    region: str
    key_arn: pulumi.Input[str]
    log_days: int


@dataclass(frozen=True, kw_only=True)
class FargateServiceArgs:
    task: TaskArgs
    count: int
    max_count: int | None
    cpu_target_percent: int
    spot: bool
    cluster_arn: pulumi.Input[str]
    cluster_name: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    group_id: pulumi.Input[str]
    target_group_arn: pulumi.Input[str] | None  # None: a worker
    after: Sequence[pulumi.Resource] = ()  # what is there before a task serves


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task as AWS knows it."""

    definition: aws.ecs.TaskDefinition
    logs: aws.cloudwatch.LogGroup
    starter: Role  # ECS's, until the container runs
    worker: Role  # the container's own


class FargateService(pulumi.ComponentResource):
    """Old tasks serve until new ones are healthy; ECS goes back when a version never is."""

    service_name: pulumi.Output[str]
    log_group: pulumi.Output[str]

    def __init__(
        self, name: str, args: FargateServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:compute:FargateService", name, None, opts)
        shape = args.task.workload.shape
        task = task_definition(
            name, args.task, lambda logs: container(args.task, logs), parent=self
        )
        service = aws.ecs.Service(
            name,
            cluster=args.cluster_arn,
            task_definition=task.definition.arn,
            desired_count=args.count,
            capacity_provider_strategies=[
                aws.ecs.ServiceCapacityProviderStrategyArgs(
                    capacity_provider="FARGATE_SPOT" if args.spot else "FARGATE", weight=1
                )
            ],
            platform_version="LATEST",
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(
                enable=True, rollback=True
            ),
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            health_check_grace_period_seconds=(
                None if args.target_group_arn is None else shape.startup_seconds
            ),
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                subnets=list(args.subnet_ids),
                security_groups=[args.group_id],
                assign_public_ip=False,
            ),
            load_balancers=(
                []
                if args.target_group_arn is None or shape.port is None
                else [
                    aws.ecs.ServiceLoadBalancerArgs(
                        target_group_arn=args.target_group_arn,
                        container_name=args.task.workload.service,
                        container_port=shape.port,
                    )
                ]
            ),
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            # With a ceiling, the number of tasks is the scaler's to change.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                ignore_changes=["desiredCount"] if args.max_count is not None else None,
            ),
        )
        if args.max_count is not None:
            self._grow(name, args, args.max_count, service)
        self.service_name = service.name
        self.log_group = task.logs.name
        self.register_outputs({"service_name": self.service_name})

    def _grow(
        self, name: str, args: FargateServiceArgs, ceiling: int, service: aws.ecs.Service
    ) -> None:
        child = pulumi.ResourceOptions(parent=self)
        target = aws.appautoscaling.Target(
            name,
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", args.cluster_name, "/", service.name),
            min_capacity=args.count,
            max_capacity=ceiling,
            opts=child,
        )
        aws.appautoscaling.Policy(
            name,
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=float(args.cpu_target_percent),
                predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type="ECSServiceAverageCPUUtilization"
                ),
                # Up at once, down slowly: a lull between two waves costs less than a cold start.
                scale_out_cooldown=60,
                scale_in_cooldown=300,
            ),
            opts=child,
        )


def task_definition(
    name: str,
    args: TaskArgs,
    container: Callable[[pulumi.Input[str]], dict[str, object]],  # name of its log group -> it
    *,
    parent: pulumi.Resource,
) -> Task:
    """A task of one container, with its log and its two roles."""
    child = pulumi.ResourceOptions(parent=parent)
    logs = aws.cloudwatch.LogGroup(
        name, retention_in_days=args.log_days, kms_key_id=args.key_arn, opts=child
    )
    starter = Role(
        f"{name}-start",
        RoleArgs(service="ecs-tasks.amazonaws.com", statements=_to_start(args, logs.arn)),
        opts=child,
    )
    worker = Role(
        f"{name}-run",
        RoleArgs(service="ecs-tasks.amazonaws.com", statements=args.workload.statements),
        opts=child,
    )
    definition = aws.ecs.TaskDefinition(
        name,
        family=name,
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu=str(args.cpu),
        memory=str(args.memory_mb),
        runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
            operating_system_family="LINUX", cpu_architecture=args.architecture.upper()
        ),
        execution_role_arn=starter.arn,
        task_role_arn=worker.arn,
        container_definitions=pulumi.Output.json_dumps([container(logs.name)]),
        volumes=[aws.ecs.TaskDefinitionVolumeArgs(name=volume) for volume in _writable(args)],
        opts=child,
    )
    return Task(definition=definition, logs=logs, starter=starter, worker=worker)


def _to_start(args: TaskArgs, log_group_arn: pulumi.Input[str]) -> Mapping[str, Statement]:
    """What ECS needs before the container runs: its image, its secrets, its log."""
    statements = {"log": write_logs(log_group_arn)}
    if args.workload.secret:
        arns = list({id(one.arn): one.arn for one in args.workload.secret.values()}.values())
        statements |= {"secrets": read_secrets(arns), "decrypt": decrypt(args.key_arn)}
    if args.repository_arn is not None:
        statements |= {
            "image": pull_images(args.repository_arn),
            "registry": log_in_to_registry(),
        }
    return statements


def _writable(args: TaskArgs) -> Mapping[str, str]:
    """Volume → mount point; everything else of the container is read-only."""
    folders = ("/tmp", *(f"/srv/{folder}" for folder in args.workload.shape.writable))  # noqa: S108 - a mount point inside the container
    return {folder.strip("/").replace("/", "-"): folder for folder in folders}


def container(args: TaskArgs, log_group: pulumi.Input[str]) -> dict[str, object]:
    """The service's container, as a task definition has it."""
    shape = args.workload.shape
    health = (
        {}
        if shape.health is None or shape.port is None
        else {
            "healthCheck": {
                "command": [
                    "CMD-SHELL",
                    f"curl -fsS http://127.0.0.1:{shape.port}{shape.health.path} || exit 1",
                ],
                "interval": max(5, shape.health.interval_seconds),
                # ECS allows 2 to 60 (ECS API reference, HealthCheck).
                "timeout": min(60, max(2, shape.health.timeout_seconds)),
                "retries": shape.health.unhealthy,
                # ECS allows 300 at most (ECS API reference, HealthCheck).
                "startPeriod": min(300, shape.startup_seconds),
            }
        }
    )
    ports = (
        {}
        if shape.port is None
        else {"portMappings": [{"containerPort": shape.port, "protocol": "tcp"}]}
    )
    # A task knows only the values that it was started with: a label makes it another one.
    generations = {
        f"groundwork.generation.{key}": one.generation
        for key, one in sorted(args.workload.secret.items())
        if one.generation
    }
    labels = {"dockerLabels": generations} if generations else {}
    own = shape.runtime.command if isinstance(shape.runtime, Container) else ()
    command = {"command": list(own)} if own else {}
    return {
        "name": args.workload.service,
        "image": args.image,
        "essential": True,
        "user": USER,
        "readonlyRootFilesystem": True,
        "linuxParameters": {"initProcessEnabled": True},
        "stopTimeout": shape.stop_seconds,
        "environment": [
            {"name": key, "value": value} for key, value in sorted(args.workload.plain.items())
        ],
        "secrets": [
            {
                "name": key,
                "valueFrom": (
                    pulumi.Output.concat(one.arn, f":{one.field}::") if one.field else one.arn
                ),
            }
            for key, one in sorted(args.workload.secret.items())
        ],
        "mountPoints": [
            {"sourceVolume": volume, "containerPath": folder, "readOnly": False}
            for volume, folder in _writable(args).items()
        ],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
                "awslogs-region": args.region,
                "awslogs-stream-prefix": args.workload.service,
                # A slow log service must not stall the application.
                "mode": "non-blocking",
                "max-buffer-size": "4m",
            },
        },
        **labels,
        **command,
        **ports,
        **health,
    }
