"""What is there and whether it is well: hosts, services, stores, targets, addresses."""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from commands import picture
from commands.cloud import Cloud, explained
from commands.error import CommandError
from commands.graph import Graph, Resource, graph
from commands.operations import Way, in_pools, way_to
from commands.progress import under_way
from commands.stack import Stack
from hosts.programs import DIRECTORY
from settings.application import HOURS_WITHOUT_DUMP

LOG_WIDTH = 140
# CloudWatch has a figure a minute, and may be some minutes late with it.
LAG_MINUTES = 15
# What the operations instance tells comes each 20 minutes (hosts/roles/dumps.py).
DUMP_MINUTES = 45
NAMESPACE = "groundwork"
UNKNOWN, NONE = "?", "-"


@dataclass(frozen=True)
class Row:
    """A line of a table; what is not well makes the command fail."""

    cells: tuple[str, ...]
    well: bool = True


@dataclass(frozen=True)
class Section:
    title: str
    columns: tuple[str, ...]
    rows: list[Row]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--picture", metavar="FILE", type=Path, help="draw what is there as well, as SVG"
    )


def run(stack: Stack, given: argparse.Namespace) -> int:
    """0 when all is well, 1 when something is not."""
    outputs = stack.engine.outputs()
    with under_way("looking"):
        found = graph(stack.engine)
        health = target_health(stack.cloud, found)
        parts = [
            hosts(stack.cloud, found, outputs),
            services(stack, found, health),
            tasks(stack.cloud, found),
            stores(stack.cloud, found),
            dumps(stack),
            targets(found, health),
            addresses(outputs),
        ]
    show([part for part in parts if part.rows])
    if given.picture is not None:
        picture.write(given.picture, stack.name, found)
        print(f"Drawn: {given.picture}")
    return 0 if all(row.well for part in parts for row in part.rows) else 1


def show(parts: Sequence[Section]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=LOG_WIDTH)
    for part in parts:
        table = Table(title=part.title, title_justify="left")
        for column in part.columns:
            table.add_column(column, overflow="fold")
        for row in part.rows:
            table.add_row(*row.cells, style=None if row.well else "red")
        console.print(table)


# Machines


def hosts(cloud: Cloud, found: Graph, outputs: Mapping[str, Any]) -> Section:
    """Every machine, as EC2 has it now, and whether the last run told it what to be."""
    machines = {resource.id: resource.name for resource in found.of("aws:ec2/instance:Instance")}
    pools = {name: str(host["pool"]) for name, host in outputs["hosts"].items()}
    configured = {
        run.parent.rpartition("::")[2]
        for run in found.of("command:remote:Command")
        if "groundwork:hosts:HostConfiguration::" in run.parent
    }
    rows = [
        Row(
            (
                machines[instance["InstanceId"]],
                pools.get(machines[instance["InstanceId"]], "operations"),
                instance["InstanceId"],
                instance["Placement"]["AvailabilityZone"],
                instance.get("PrivateIpAddress", ""),
                instance.get("PublicIpAddress", ""),
                instance["State"]["Name"],
                "yes" if machines[instance["InstanceId"]] in configured else "not yet",
            ),
            well=instance["State"]["Name"] == "running"
            and machines[instance["InstanceId"]] in configured,
        )
        for instance in described_instances(cloud, list(machines))
    ]
    return Section(
        "Hosts",
        ("host", "pool", "instance", "zone", "address", "public", "state", "configured"),
        sorted(rows, key=lambda row: row.cells),
    )


def described_instances(cloud: Cloud, ids: list[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    ec2 = cloud.client("ec2")
    with explained():
        answer = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": ids}])
    return [one for group in answer["Reservations"] for one in group["Instances"]]


# What they serve


def services(stack: Stack, found: Graph, health: Mapping[str, Mapping[str, str]]) -> Section:
    """Each service on each of its hosts: asked of the hosts themselves, through the way to them."""
    columns = ("application", "service", "host", "version", "unit", "load balancer", "stores")
    wanted = [name for name in stack.settings.applications if stack.pools_of(name)]
    if not wanted:
        return Section("Services on hosts", columns, [])
    groups = {group.name: group.id for group in found.of("aws:lb/targetGroup:TargetGroup")}
    rows: list[Row] = []
    with way_to(stack) as way, ThreadPoolExecutor(max_workers=8) as pool:
        asked = [
            (application, host, pool.submit(told, way, host, application))
            for application in wanted
            for host in in_pools(way.hosts, stack.pools_of(application))
        ]
        for application, host, answer in asked:
            instance = way.hosts[host].instance_id
            says = answer.result()
            if isinstance(says, str):
                unknown = (UNKNOWN,) * 3
                rows.append(Row((application, UNKNOWN, host, says, *unknown), well=False))
                continue
            version = says["serving"] or "no release yet"
            pending = says["pending"]
            for service, unit in says["services"].items():
                unit = "paused" if says.get("paused") else unit
                group = groups.get(f"{application}-{service}")
                balanced = health.get(group, {}).get(instance, UNKNOWN) if group else "not routed"
                behind = says.get("stores", {}).get(service, NONE)
                rows.append(
                    Row(
                        (
                            application,
                            service,
                            host,
                            f"{version} (unconfirmed)" if pending else version,
                            unit,
                            balanced,
                            behind,
                        ),
                        well=unit == "active"
                        and balanced in ("healthy", "not routed")
                        and behind in ("well", NONE),
                    )
                )
    return Section("Services on hosts", columns, rows)


def told(way: Way, host: str, application: str) -> dict[str, Any] | str:
    """What a host says of an application; why it says nothing otherwise."""
    try:
        words = ("sudo", "-n", f"{DIRECTORY}/release", "show", application, "--deep")
        done = way.run(*words, host=host)
    except CommandError as error:
        return error.what
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()


def tasks(cloud: Cloud, found: Graph) -> Section:
    rows: list[Row] = []
    ecs = found.of("aws:ecs/service:Service")
    for service in ecs:
        client = cloud.client("ecs")
        with explained():
            answer = client.describe_services(
                cluster=service.text("cluster"), services=[service.text("name")]
            )
        for one in answer["services"]:
            running, desired = int(one["runningCount"]), int(one["desiredCount"])
            task = str(one["taskDefinition"]).rpartition("/")[2]
            rows.append(
                Row((service.name, task, f"{running} of {desired}"), well=running >= desired)
            )
    return Section("Services on ECS", ("service", "task definition", "tasks that run"), rows)


# What they keep


def stores(cloud: Cloud, found: Graph) -> Section:
    rows = [_database(cloud, resource) for resource in found.of("aws:rds/instance:Instance")] + [
        row
        for resource in found.of("aws:elasticache/replicationGroup:ReplicationGroup")
        for row in _cache(cloud, resource)
    ]
    return Section("Stores", ("store", "engine", "role", "zone", "state", "replication lag"), rows)


def _database(cloud: Cloud, resource: Resource) -> Row:
    identifier = resource.text("identifier")
    rds = cloud.client("rds")
    with explained():
        (one,) = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    replica = bool(one.get("ReadReplicaSourceDBInstanceIdentifier"))
    lag = _lag(cloud, identifier) if replica else NONE
    return Row(
        (
            resource.name,
            f"{one['Engine']} {one['EngineVersion']}",
            "replica" if replica else "primary",
            one.get("AvailabilityZone", ""),
            one["DBInstanceStatus"],
            lag,
        ),
        well=one["DBInstanceStatus"] == "available",
    )


def _lag(cloud: Cloud, identifier: str) -> str:
    """Seconds, as CloudWatch has them of RDS (metric ReplicaLag)."""
    lag = _newest(cloud, "AWS/RDS", "ReplicaLag", LAG_MINUTES, {"DBInstanceIdentifier": identifier})
    return f"{UNKNOWN} (no figure yet)" if lag is None else f"{lag:.1f} s"


def _newest(
    cloud: Cloud, namespace: str, metric: str, minutes: int, dimensions: Mapping[str, str]
) -> float | None:
    """The newest figure that CloudWatch has of so many minutes; None where it has none."""
    now = datetime.now(UTC)
    watch = cloud.client("cloudwatch")
    with explained():
        points = watch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - timedelta(minutes=minutes),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
    if not points:
        return None
    return float(max(points, key=lambda point: point["Timestamp"])["Maximum"])


def dumps(stack: Stack) -> Section:
    """How old the newest dump of each database is, as the operations instance last told."""
    wanted = [
        f"{name}-{store}"
        for name, application in stack.tree.applications.items()
        for store, database in application.databases.items()
        if database.dump
    ]
    rows: list[Row] = []
    for key in wanted:
        dimensions = {"Stack": stack.name, "Database": key}
        hours = _newest(stack.cloud, NAMESPACE, "HoursWithoutDump", DUMP_MINUTES, dimensions)
        age = f"{UNKNOWN} (not told yet)" if hours is None else f"{hours:.1f}"
        rows.append(Row((key, age), well=hours is None or hours <= HOURS_WITHOUT_DUMP))
    return Section("Dumps", ("database", "hours without a dump"), rows)


def _cache(cloud: Cloud, resource: Resource) -> Iterable[Row]:
    client = cloud.client("elasticache")
    with explained():
        (group,) = client.describe_replication_groups(ReplicationGroupId=resource.id)[
            "ReplicationGroups"
        ]
    engine = f"{resource.text('engine') or 'redis'} {resource.text('engineVersionActual')}"
    members = [
        member for shard in group.get("NodeGroups", []) for member in shard["NodeGroupMembers"]
    ]
    for member in members or [{}]:
        yield Row(
            (
                member.get("CacheClusterId", resource.name),
                engine,
                member.get("CurrentRole", "primary"),
                member.get("PreferredAvailabilityZone", ""),
                group["Status"],
                NONE,
            ),
            well=group["Status"] == "available",
        )


# How requests come in


def target_health(cloud: Cloud, found: Graph) -> dict[str, dict[str, str]]:
    """ARN of a target group → target → healthy, unhealthy …, with the reason."""
    groups = found.of("aws:lb/targetGroup:TargetGroup")
    health: dict[str, dict[str, str]] = {}
    for group in groups:
        client = cloud.client("elbv2")
        with explained():
            answer = client.describe_target_health(TargetGroupArn=group.id)
        health[group.id] = {
            str(one["Target"]["Id"]): _state(one["TargetHealth"])
            for one in answer["TargetHealthDescriptions"]
        }
    return health


def _state(told: Mapping[str, str]) -> str:
    reason = told.get("Reason", "")
    return f"{told['State']} ({reason})" if reason else told["State"]


def targets(found: Graph, health: Mapping[str, Mapping[str, str]]) -> Section:
    names = {one.id: one.name for one in found.of("aws:ec2/instance:Instance")}
    groups = found.of("aws:lb/targetGroup:TargetGroup")
    rows = [
        Row(
            (group.name, names.get(target, target), group.text("port"), state),
            well=state == "healthy",
        )
        for group in groups
        for target, state in sorted(
            health.get(group.id, {}).items(), key=lambda one: names.get(one[0], one[0])
        )
    ]
    return Section("Load balancer", ("target group", "target", "port", "state"), rows)


def addresses(outputs: Mapping[str, Any]) -> Section:
    """Where people go, and what they have to make of DNS themselves."""
    rows = [
        Row((application, url))
        for application, urls in sorted(outputs["addresses"].items())
        for url in urls
    ]
    return Section("Addresses", ("application", "address"), rows)
