"""Where requests come in: the load balancer with its certificates, firewall, routes and targets."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.alarms import Alarms, AlarmsArgs, load_balancer_alarms, target_group_alarms
from components.allowance import Allowance
from components.firewall import Peer
from components.load_balancer import LoadBalancer, LoadBalancerArgs
from components.network import Network
from components.routing import Route, Routing, RoutingArgs
from components.target_group import TargetGroup, TargetGroupArgs
from components.web_acl import Proof, WebAcl, WebAclArgs
from settings.stack import Tls


@dataclass(frozen=True, kw_only=True)
class FrontDoorArgs:
    network: Network
    internal: bool  # the edge reaches it privately
    behind_edge: bool  # nobody but the edge comes to it
    clients: Mapping[str, Peer]
    certificate_arns: Mapping[str, pulumi.Input[str]]  # application -> of its hosts
    targets: Mapping[str, TargetGroupArgs]  # application-service -> how it is checked
    routes: Mapping[str, Route]
    idle_timeout: int
    oldest_tls: Tls
    allowance: Allowance
    proof: pulumi.Input[str] | None  # what the edge proves itself with, to a public one
    proof_header: str
    key_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    log_bucket: pulumi.Input[str]
    log_days: int
    durable: bool


class FrontDoor(pulumi.ComponentResource):
    """Complete with its rules; services register with its target groups."""

    load_balancer: LoadBalancer
    target_group_arns: dict[str, pulumi.Output[str]]
    alarms: Alarms

    def __init__(
        self, name: str, args: FrontDoorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:network:FrontDoor", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tier = "private" if args.internal else "public"
        default, *further = args.certificate_arns
        self.load_balancer = LoadBalancer(
            name,
            LoadBalancerArgs(
                vpc_id=args.network.vpc_id,
                subnet_ids=list(args.network.subnet_ids[tier].values()),
                internal=args.internal,
                clients=args.clients,
                behind_edge=args.behind_edge,
                # Behind the edge, which redirects by itself, nobody comes without TLS.
                redirect=not args.behind_edge,
                certificate_arn=args.certificate_arns[default],
                further_certificate_arns={key: args.certificate_arns[key] for key in further},
                idle_timeout=args.idle_timeout,
                # The edge promises no newer one to whom it asks (CloudFront API reference,
                # OriginSslProtocols): visitors speak with the edge.
                oldest_tls="TLSv1.2" if args.behind_edge else args.oldest_tls,
                log_bucket=args.log_bucket,
                durable=args.durable,
            ),
            opts=child,
        )
        groups = {key: TargetGroup(key, target, opts=child) for key, target in args.targets.items()}
        self.target_group_arns = Routing(
            name,
            RoutingArgs(
                listener_arn=self.load_balancer.listener_arn,
                target_group_arns={key: group.arn for key, group in groups.items()},
                routes=args.routes,
            ),
            opts=child,
        ).target_group_arns
        if not args.internal:
            self._screen(name, args)
        self.alarms = Alarms(
            name,
            AlarmsArgs(
                topic_arn=args.topic_arn,
                alarms={
                    **load_balancer_alarms(self.load_balancer.arn_suffix),
                    **{
                        f"{key}-{measure}": alarm
                        for key, group in groups.items()
                        for measure, alarm in target_group_alarms(
                            group.arn_suffix,
                            self.load_balancer.arn_suffix,
                            limits=args.targets[key].limits,
                        ).items()
                    },
                },
            ),
            opts=child,
        )
        self.register_outputs({"domain_name": self.load_balancer.domain_name})

    def _screen(self, name: str, args: FrontDoorArgs) -> None:
        WebAcl(
            name,
            WebAclArgs(
                scope="REGIONAL",
                allowance=args.allowance,
                proof=(
                    None
                    if args.proof is None
                    else Proof(header=args.proof_header, value=args.proof)
                ),
                protects={"load-balancer": self.load_balancer.arn},
                key_arn=args.key_arn,
                log_days=args.log_days,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
