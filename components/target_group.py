"""The running copies of one service, and how the load balancer knows which are well."""

from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.alarms import AnswerLimits


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """A light path: one that asks the database takes every copy away when the database is slow."""

    path: str
    statuses: str = "200"
    interval: int = 15
    timeout: int = 5
    healthy: int = 2
    unhealthy: int = 3


@dataclass(frozen=True, kw_only=True)
class TargetGroupArgs:
    vpc_id: pulumi.Input[str]
    port: int
    kind: Literal["instance", "ip"]  # hosts, or tasks of a cluster
    health: HealthCheck
    algorithm: Literal["round_robin", "least_outstanding_requests"] = "round_robin"
    sticky_seconds: int | None = None  # a client stays with its copy for so long; None: with none
    deregistration_delay: int = 30  # seconds for what is under way when a copy leaves
    limits: AnswerLimits = field(default_factory=AnswerLimits)
    slow_start: int = 0  # seconds of growing load for a new copy; round robin only


class TargetGroup(pulumi.ComponentResource):
    """Whoever runs the copies registers them."""

    arn: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]  # its name in metrics

    def __init__(
        self, name: str, args: TargetGroupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:network:TargetGroup", name, None, opts)
        group = aws.lb.TargetGroup(
            name,
            vpc_id=args.vpc_id,
            port=args.port,
            protocol="HTTP",
            target_type=args.kind,
            load_balancing_algorithm_type=args.algorithm,
            deregistration_delay=args.deregistration_delay,
            slow_start=args.slow_start,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                path=args.health.path,
                port="traffic-port",
                protocol="HTTP",
                matcher=args.health.statuses,
                interval=args.health.interval,
                timeout=args.health.timeout,
                healthy_threshold=args.health.healthy,
                unhealthy_threshold=args.health.unhealthy,
            ),
            stickiness=aws.lb.TargetGroupStickinessArgs(
                type="lb_cookie",
                enabled=args.sticky_seconds is not None,
                cookie_duration=args.sticky_seconds,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = group.arn
        self.arn_suffix = group.arn_suffix
        self.register_outputs({"arn": self.arn})
