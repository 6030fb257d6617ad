"""The stack's pools of hosts: for each a fleet, and the alarms that watch its hosts."""

from collections.abc import Iterable, Mapping

import pulumi

from components.alarms import NAMESPACE, Alarms, AlarmsArgs, HostLimits, host_alarms
from components.foundation import Foundation, image_for
from components.host_fleet import HostFleet, HostFleetArgs
from components.permissions import Statement, publish_metrics, read_objects
from hosts.first_boot import user_data
from settings.application import Thresholds
from settings.tree import Settings

HTTPS = 443


def fleets(
    settings: Settings, foundation: Foundation, opts: pulumi.ResourceOptions
) -> dict[str, HostFleet]:
    """By pool."""
    return {
        pool: HostFleet(pool, _fleet(settings, pool, foundation), opts=opts)
        for pool in settings.stack.pools
    }


def alarms_of(
    settings: Settings,
    fleets: Mapping[str, HostFleet],
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> dict[str, Alarms]:
    """By pool."""
    return {
        pool: Alarms(
            pool,
            AlarmsArgs(
                topic_arn=topic_arn,
                alarms={
                    f"{host}-{measure}": alarm
                    for host, one in fleet.hosts.items()
                    for measure, alarm in host_alarms(
                        one.instance_id, _limits(settings, pool)
                    ).items()
                },
            ),
            opts=opts,
        )
        for pool, fleet in fleets.items()
    }


def _fleet(settings: Settings, pool: str, foundation: Foundation) -> HostFleetArgs:
    stack = settings.stack
    size = stack.pools[pool]
    public = settings.answers_the_world(pool)
    egress = [out for service in settings.services_on(pool) for out in service.shape.egress]
    return HostFleetArgs(
        instance_type=size.instance_type,
        image_id=image_for(stack, size.instance_type),
        count=size.count,
        disk_gb=size.disk_gb,
        durable=stack.durable,
        public=public,
        vpc_id=foundation.network.vpc_id,
        subnet_ids=foundation.network.subnet_ids["public" if public else "private"],
        key_arn=foundation.key_arn,
        key_pair=foundation.key_pair,
        user_data=user_data(settings.name),
        after=foundation.before_machines,
        operations_group_id=foundation.operations.group_id,
        calls=[HTTPS, *(out.port for out in egress)],
        statements={
            "host-key": foundation.publish_host_key,
            "measure": publish_metrics(NAMESPACE),
            **_fetched(stack.artifacts, settings.applications_on(pool)),
        },
    )


def _fetched(artifacts: str, applications: Iterable[str]) -> dict[str, Statement]:
    """What a host may fetch before any service is on it: all that it will run."""
    bucket = f"arn:aws:s3:::{artifacts}"
    return {
        "runtimes": read_objects(bucket, "runtimes/"),
        **{f"releases-{name}": read_objects(bucket, f"releases/{name}/") for name in applications},
    }


def _limits(settings: Settings, pool: str) -> HostLimits:
    """The lowest of what the applications on a pool call too much."""
    told = [
        settings.applications[application].thresholds
        for application in settings.applications_on(pool)
    ] or [Thresholds()]
    return HostLimits(
        cpu=min(one.cpu_percent for one in told),
        memory=min(one.memory_percent for one in told),
        disk=min(one.disk_percent for one in told),
    )
