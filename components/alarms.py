"""What calls a human: a topic of notices, and the measures that set one off."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from settings.application import HOURS_WITHOUT_DUMP
from settings.instance_types import memory_of


@dataclass(frozen=True, kw_only=True)
class NoticesArgs:
    account: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    emails: Mapping[str, str]  # who -> address; each has to confirm once


class Notices(pulumi.ComponentResource):
    """Encrypted; only the account's own alarms and events may speak through it."""

    topic_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: NoticesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:operations:Notices", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, kms_master_key_id=args.key_arn, opts=child)
        policy = aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "AlarmsAndEventsOfTheAccount",
                            "Effect": "Allow",
                            "Principal": {
                                "Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
                            },
                            "Action": "sns:Publish",
                            "Resource": topic.arn,
                            "Condition": {"StringEquals": {"aws:SourceAccount": args.account}},
                        }
                    ],
                }
            ),
            opts=child,
        )
        for person, address in args.emails.items():
            aws.sns.TopicSubscription(
                f"{name}-{person}", topic=topic.arn, protocol="email", endpoint=address, opts=child
            )
        # By way of the policy, so that an alarm's first word is not refused.
        self.topic_arn = policy.arn
        self.register_outputs({"topic_arn": self.topic_arn})


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Raised when the measure stays beyond the limit for so many minutes."""

    namespace: str
    metric: str
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str
    above: float | None = None
    below: float | None = None
    minutes: int = 5
    # One measurement is of so many seconds; more than a day is looked back only in whole hours.
    period: int = 60
    # A thing that measures nothing is no trouble, unless silence is what the alarm is for:
    # breaching from the start, missing once there has been a measurement.
    silence: Literal["missing", "notBreaching", "breaching"] = "notBreaching"
    # Another measure of the same thing: then the limit is a percentage of it.
    percent_of: str | None = None
    meaning: str


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    topic_arn: pulumi.Input[str]
    alarms: Mapping[str, Alarm] = field(default_factory=dict[str, Alarm])


class Alarms(pulumi.ComponentResource):
    """Say when something is wrong, and when it is well again."""

    arns: dict[str, pulumi.Output[str]]  # what is measured -> its alarm

    def __init__(
        self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:operations:Alarms", name, None, opts)
        self.arns = {}
        for key, alarm in args.alarms.items():
            limit = alarm.above if alarm.above is not None else alarm.below
            if limit is None or (alarm.above is not None and alarm.below is not None):
                raise ValueError(f"alarm {key}: give it one limit, above or below")
            self.arns[key] = aws.cloudwatch.MetricAlarm(
                f"{name}-{key}",
                alarm_description=alarm.meaning,
                **(_share(alarm) if alarm.percent_of else _measure(alarm)),
                comparison_operator=(
                    "GreaterThanThreshold" if alarm.above is not None else "LessThanThreshold"
                ),
                threshold=limit,
                evaluation_periods=alarm.minutes * 60 // alarm.period,
                treat_missing_data=alarm.silence,
                alarm_actions=[args.topic_arn],
                ok_actions=[args.topic_arn],
                # A new alarm is in this state already, and AWS tells of changes alone.
                insufficient_data_actions=(
                    [args.topic_arn] if alarm.silence == "missing" else None
                ),
                opts=pulumi.ResourceOptions(parent=self),
            ).arn
        self.register_outputs({"arns": self.arns})


def _measure(alarm: Alarm) -> dict[str, Any]:
    percentile = alarm.statistic.startswith("p")
    return {
        "namespace": alarm.namespace,
        "metric_name": alarm.metric,
        "dimensions": dict(alarm.dimensions),
        "extended_statistic" if percentile else "statistic": alarm.statistic,
        "period": alarm.period,
    }


def _share(alarm: Alarm) -> dict[str, Any]:
    """The measure as a percentage of another one; where that is nothing, there is no trouble."""

    def query(id: str, metric: str | None) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
        return aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=id,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=alarm.namespace,
                metric_name=metric or "",
                dimensions=dict(alarm.dimensions),
                stat=alarm.statistic,
                period=alarm.period,
            ),
        )

    # A load balancer says nothing of errors in a minute without any.
    share = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="share",
        expression="100 * FILL(part, 0) / whole",
        label=f"{alarm.metric} in percent",
        return_data=True,
    )
    return {
        "metric_queries": [query("part", alarm.metric), query("whole", alarm.percent_of), share]
    }


MEBIBYTE = 1024**2
GIBIBYTE = 1024 * MEBIBYTE
# MiB that a database has left when a person is told; of the smallest, which idle there, half.
LITTLE_MEMORY = 128


def database_alarms(
    identifier: pulumi.Input[str],
    *,
    instance_class: str,
    storage_gb: int,
    connections: int | None,
) -> dict[str, Alarm]:
    """Work, room and connections of one database instance."""
    memory = memory_of(instance_class.removeprefix("db.")) or 16 * LITTLE_MEMORY

    def measure(
        metric: str, meaning: str, *, above: float | None = None, below: float | None = None
    ) -> Alarm:
        return Alarm(
            namespace="AWS/RDS",
            metric=metric,
            dimensions={"DBInstanceIdentifier": identifier},
            statistic="Average",
            above=above,
            below=below,
            minutes=10,
            meaning=meaning,
        )

    alarms = {
        "cpu": measure("CPUUtilization", "The database is busy for ten minutes.", above=80),
        "storage": measure(
            "FreeStorageSpace",
            "A tenth of the database's disk is left.",
            below=storage_gb * GIBIBYTE / 10,
        ),
        "memory": measure(
            "FreeableMemory",
            "The database has little memory left.",
            below=min(LITTLE_MEMORY, memory / 16) * MEBIBYTE,
        ),
    }
    if connections is not None:
        alarms["connections"] = measure(
            "DatabaseConnections",
            "Four fifths of the database's connections are taken.",
            above=connections * 0.8,
        )
    return alarms


def replica_alarms(identifier: pulumi.Input[str]) -> dict[str, Alarm]:
    return {
        "lag": Alarm(
            namespace="AWS/RDS",
            metric="ReplicaLag",
            dimensions={"DBInstanceIdentifier": identifier},
            statistic="Average",
            above=30,
            silence="breaching",
            meaning="The replica is half a minute behind, or has stopped.",
        )
    }


def cache_alarms(node_id: pulumi.Input[str]) -> dict[str, Alarm]:
    def measure(metric: str, meaning: str, above: float) -> Alarm:
        return Alarm(
            namespace="AWS/ElastiCache",
            metric=metric,
            dimensions={"CacheClusterId": node_id},
            statistic="Average",
            above=above,
            meaning=meaning,
        )

    return {
        "cpu": measure("EngineCPUUtilization", "The cache is busy.", above=80),
        "memory": measure("DatabaseMemoryUsagePercentage", "The cache is nearly full.", above=85),
    }


# What hosts measure of themselves, and the operations instance of its work (hosts/programs).
NAMESPACE = "groundwork"


def dump_alarms(stack: str, database: str, *, drills: bool) -> dict[str, Alarm]:
    """A dump or a drill that failed, and a newest dump that is too old, or that nobody looks for.

    Before its first dump a database is as old as its specification, so a new stack is quiet until
    its first dump is overdue.
    """
    dimensions = {"Stack": stack, "Database": database}

    def failed(what: str, meaning: str) -> Alarm:
        return Alarm(
            namespace=NAMESPACE,
            metric=f"{what}Failed",
            dimensions=dimensions,
            statistic="Sum",
            above=0,
            minutes=1,
            meaning=meaning,
        )

    alarms = {
        "dump-failed": failed("Dump", "A dump of the database failed: nothing new was kept."),
        "dump-missing": Alarm(
            namespace=NAMESPACE,
            metric="HoursWithoutDump",
            dimensions=dimensions,
            statistic="Maximum",
            above=HOURS_WITHOUT_DUMP,
            minutes=60,
            period=3600,
            silence="missing",
            meaning=(
                f"No dump of the database has arrived for {HOURS_WITHOUT_DUMP} hours, or the "
                "operations instance has stopped looking for one."
            ),
        ),
    }
    if drills:
        alarms["drill-failed"] = failed("Drill", "The newest dump could not be restored.")
    return alarms


def load_balancer_alarms(arn_suffix: pulumi.Input[str]) -> dict[str, Alarm]:
    return {
        "errors": Alarm(
            namespace="AWS/ApplicationELB",
            metric="HTTPCode_Target_5XX_Count",
            dimensions={"LoadBalancer": arn_suffix},
            statistic="Sum",
            above=10,
            meaning="Services answer more than ten requests a minute with an error.",
        ),
        "unreached": Alarm(
            namespace="AWS/ApplicationELB",
            metric="HTTPCode_ELB_5XX_Count",
            dimensions={"LoadBalancer": arn_suffix},
            statistic="Sum",
            above=10,
            meaning="More than ten requests a minute find no service that answers.",
        ),
    }


@dataclass(frozen=True, kw_only=True)
class AnswerLimits:
    """When the answers of a service are told to a person."""

    slow_seconds: float = 1
    stuck_seconds: float | None = None  # an incident, beyond what is merely slow
    error_percent: float = 5
    # Longer than a release takes copies away, one after another: to a load balancer they fail.
    unhealthy_minutes: int = 5


DAYS_TO_EXPIRY = 30


def target_group_alarms(
    arn_suffix: pulumi.Input[str],
    load_balancer_arn_suffix: pulumi.Input[str],
    *,
    limits: AnswerLimits,
) -> dict[str, Alarm]:
    dimensions = {"TargetGroup": arn_suffix, "LoadBalancer": load_balancer_arn_suffix}

    def slow(seconds: float) -> Alarm:
        return Alarm(
            namespace="AWS/ApplicationELB",
            metric="TargetResponseTime",
            dimensions=dimensions,
            statistic="p95",
            above=seconds,
            meaning=f"One answer in twenty takes more than {seconds:g} s.",
        )

    return {
        "unhealthy": Alarm(
            namespace="AWS/ApplicationELB",
            metric="UnHealthyHostCount",
            dimensions=dimensions,
            statistic="Maximum",
            above=0,
            minutes=limits.unhealthy_minutes,
            meaning="A copy of the service fails its health check.",
        ),
        "slow": slow(limits.slow_seconds),
        **({"stuck": slow(limits.stuck_seconds)} if limits.stuck_seconds else {}),
        "error-rate": Alarm(
            namespace="AWS/ApplicationELB",
            metric="HTTPCode_Target_5XX_Count",
            dimensions=dimensions,
            statistic="Sum",
            above=limits.error_percent,
            percent_of="RequestCount",
            meaning=f"More than {limits.error_percent:g} percent of the answers are errors.",
        ),
    }


def certificate_alarms(arn: pulumi.Input[str]) -> dict[str, Alarm]:
    """ACM renews 60 days before the end: later than this, its proof in DNS is gone."""
    return {
        "expiry": Alarm(
            namespace="AWS/CertificateManager",
            metric="DaysToExpiry",
            dimensions={"CertificateArn": arn},
            statistic="Minimum",
            below=DAYS_TO_EXPIRY,
            # It is measured twice a day.
            minutes=24 * 60,
            period=24 * 3600,
            meaning=f"The certificate ends in less than {DAYS_TO_EXPIRY} days and is not renewed.",
        )
    }


@dataclass(frozen=True, kw_only=True)
class HostLimits:
    """How much of a host may be in use before a person is told; all in percent."""

    cpu: int = 80
    memory: int = 85
    disk: int = 90


def host_alarms(instance_id: pulumi.Input[str], limits: HostLimits) -> dict[str, Alarm]:
    """Work of one host, how full it is, and whether AWS finds it well."""
    dimensions = {"InstanceId": instance_id}

    def full(what: str, above: int, silence: Literal["missing", "notBreaching"]) -> Alarm:
        return Alarm(
            # What the host measures of itself (hosts/programs/measure.py), each five minutes.
            namespace=NAMESPACE,
            metric=f"{what}Percent",
            dimensions=dimensions,
            statistic="Average",
            above=above,
            minutes=10,
            period=300,
            silence=silence,
            meaning=f"More than {above} percent of the host's {what.lower()} is in use.",
        )

    # One of the two says that a host has stopped measuring.
    disk = full("Disk", limits.disk, "missing")
    return {
        "memory": full("Memory", limits.memory, "notBreaching"),
        "disk": replace(disk, meaning=f"{disk.meaning[:-1]}, or it has stopped telling."),
        "cpu": Alarm(
            namespace="AWS/EC2",
            metric="CPUUtilization",
            dimensions=dimensions,
            statistic="Average",
            above=limits.cpu,
            # Where nobody pays for more, EC2 measures each five minutes: minutes between two of
            # them would count as well, and the alarm could never ring (EC2 guide, monitoring).
            minutes=10,
            period=300,
            meaning=f"The host works at more than {limits.cpu} percent.",
        ),
        "status": Alarm(
            namespace="AWS/EC2",
            metric="StatusCheckFailed",
            dimensions=dimensions,
            statistic="Maximum",
            above=0,
            minutes=2,
            meaning="The host, or the machine under it, fails AWS's own check.",
        ),
    }
