"""A service or a site on a pool of hosts: what they may do for it, and where requests go."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.grant import Grant
from components.host_fleet import Host
from components.permissions import Statement


@dataclass(frozen=True, kw_only=True)
class HostedServiceArgs:
    statements: Mapping[str, Statement]  # purpose -> what its hosts may do for it
    role_name: pulumi.Input[str]
    hosts: Mapping[str, Host]
    target_group_arn: pulumi.Input[str] | None  # None: a worker, or no load balancer


class HostedService(pulumi.ComponentResource):
    """Leave for its hosts to do what it needs, and a place for each in the target group."""

    def __init__(
        self, name: str, args: HostedServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:compute:HostedService", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        if args.statements:
            Grant(
                name,
                role_name=args.role_name,
                statements=args.statements,
                opts=child,
            )
        if args.target_group_arn is not None:
            for key, host in args.hosts.items():
                aws.lb.TargetGroupAttachment(
                    f"{name}-{key}",
                    target_group_arn=args.target_group_arn,
                    target_id=host.instance_id,
                    opts=child,
                )
        self.register_outputs({})
