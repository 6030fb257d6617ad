"""An application's services as tasks of the stack's cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_aws as aws

from components.ecs_cluster import EcsCluster
from components.fargate_service import FargateService, FargateServiceArgs, TaskArgs
from components.firewall import ANYWHERE, Firewall, FirewallArgs, Passage, PrefixList
from components.image import Image, ImageArgs
from components.migration_task import MigrationTask, MigrationTaskArgs
from components.network import Network
from components.registry import Registry, RegistryArgs
from components.workload import Workload
from settings.application import Service
from settings.part import Part
from settings.stack import EcsPlacement, FargateSize
from settings.tree import Settings

# AWS's own services and the network's gateway to S3 answer here.
HTTPS = 443
# Images of a service that its registry keeps.
KEPT = 10


@dataclass(frozen=True, kw_only=True)
class TasksArgs:
    settings: Settings
    placement: EcsPlacement
    network: Network
    cluster: EcsCluster
    key_arn: pulumi.Input[str]
    workloads: Mapping[str, Workload]  # by service
    migrating: Workload | None  # the one that brings the database along, as its owner
    group_ids: Mapping[str, pulumi.Input[str]]  # service -> its own security group
    target_group_arns: Mapping[str, pulumi.Input[str]]  # application-service -> where it answers


class Tasks:
    """The parts of an application's component that run its services; no component themselves."""

    migration: MigrationTask | None  # what brings the database along

    def __init__(self, args: TasksArgs, opts: pulumi.ResourceOptions) -> None:
        self._args = args
        self._child = opts
        self._tasks = {
            service: task
            for service, size in args.placement.services.items()
            if (task := self._task(args.workloads[service], size)) is not None
        }
        self.migration = self._migration()

    def start(self, after: Sequence[pulumi.Resource]) -> None:
        """Services, each with the image that it has now; `after`: what they rely on."""
        args = self._args
        for service, task in self._tasks.items():
            name, size = task.workload.name, args.placement.services[service]
            FargateService(
                name,
                FargateServiceArgs(
                    task=task,
                    count=size.count,
                    max_count=size.max_count,
                    cpu_target_percent=size.cpu_target_percent,
                    spot=size.spot,
                    cluster_arn=args.cluster.arn,
                    cluster_name=args.cluster.name,
                    subnet_ids=self._subnets,
                    group_id=args.group_ids[service],
                    target_group_arn=args.target_group_arns.get(name),
                    after=after,
                ),
                opts=self._child,
            )

    @property
    def _subnets(self) -> list[pulumi.Output[str]]:
        return list(self._args.network.subnet_ids["private"].values())

    def _task(self, workload: Workload, size: FargateSize) -> TaskArgs | None:
        args = self._args
        # An image of somebody else's has its name in front of the digest.
        named = size.image is not None and not size.image.startswith("sha256:")
        registry = None if named else self._registry(workload)
        image = self._image(workload, size, registry)
        # Nothing is released yet: the load balancer answers 503 for it.
        if image is None:
            return None
        return TaskArgs(
            workload=workload,
            image=image,
            repository_arn=registry.arn if registry else None,
            cpu=size.cpu,
            memory_mb=size.memory_mb,
            architecture=args.placement.architecture,
            region=args.settings.stack.region,
            key_arn=args.key_arn,
            log_days=args.settings.applications[workload.application].logs.keep_days,
        )

    def _migration(self) -> MigrationTask | None:
        """For commands; files of SQL are run by the operations instance itself."""
        args, workload = self._args, self._args.migrating
        if workload is None or workload.service not in self._tasks:
            return None
        migration = args.settings.applications[workload.application].migration
        if migration is None or not (migration.command or migration.down or migration.seed):
            return None
        return MigrationTask(
            f"{workload.application}-migrate",
            MigrationTaskArgs(
                task=replace(self._tasks[workload.service], workload=workload),
                cluster_arn=args.cluster.arn,
                subnet_ids=self._subnets,
                group_id=args.group_ids[workload.service],
            ),
            opts=self._child,
        )

    def _registry(self, workload: Workload) -> Registry:
        return Registry(
            workload.name,
            RegistryArgs(
                key_arn=self._args.key_arn, keep=KEPT, durable=self._args.settings.stack.durable
            ),
            opts=self._child,
        )

    def _image(
        self, workload: Workload, size: FargateSize, registry: Registry | None
    ) -> pulumi.Input[str] | None:
        if size.image is not None:
            return pulumi.Output.concat(registry.url, "@", size.image) if registry else size.image
        made_of = workload.shape.build.image
        if not size.build or workload.version is None or registry is None or made_of is None:
            return None
        return Image(
            workload.name,
            ImageArgs(
                context=made_of.context,
                dockerfile=made_of.dockerfile,
                target=made_of.target,
                version=workload.version,
                architecture=self._args.placement.architecture,
                arguments=workload.built_with,
                repository_url=registry.url,
            ),
            opts=self._child,
        ).digest


def own_group(
    service: Part[Service], network: Network, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Who a service's tasks are on the network, and what of the outside world they call."""
    group = aws.ec2.SecurityGroup(
        service.key, vpc_id=network.vpc_id, description=f"{service.key}: tasks", opts=opts
    )
    Firewall(
        f"{service.key}-outside",
        FirewallArgs(
            group_id=group.id,
            ingress={},
            egress={
                "objects": Passage(peer=PrefixList(network.s3_prefix_list_id), port=HTTPS),
                **{
                    str(port): Passage(peer=ANYWHERE, port=port)
                    for port in sorted({HTTPS, *(one.port for one in service.shape.egress)})
                },
            },
        ),
        opts=opts,
    )
    return group.id
