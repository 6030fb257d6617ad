"""The one way in for requests: TLS ends here, and what no rule knows is answered with 404."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.firewall import Firewall, FirewallArgs, Passage, Peer
from components.log_bucket import LOAD_BALANCER_PREFIX

# The oldest TLS a client may speak -> the policy (Elastic Load Balancing guide).
TLS_POLICIES = {
    "TLSv1.2": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "TLSv1.3": "ELBSecurityPolicy-TLS13-1-3-2021-06",
}


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    internal: bool
    clients: Mapping[str, Peer]  # who may connect: everyone, a CDN's addresses
    behind_edge: bool  # the edge's word on who asks stands last in X-Forwarded-For, and stays last
    redirect: bool  # a browser may come here without TLS, and is sent to where there is some
    certificate_arn: pulumi.Input[str]  # for a client that names no host we know
    further_certificate_arns: Mapping[str, pulumi.Input[str]] = field(
        default_factory=dict[str, pulumi.Input[str]]
    )
    oldest_tls: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.2"
    idle_timeout: int = 60  # seconds of silence, a WebSocket's too
    log_bucket: pulumi.Input[str]
    durable: bool


class LoadBalancer(pulumi.ComponentResource):
    """Routes and target groups are added to its listener; its group lets it out to nobody yet."""

    arn: pulumi.Output[str]
    arn_suffix: pulumi.Output[str]  # its name in metrics
    listener_arn: pulumi.Output[str]
    group_id: pulumi.Output[str]
    domain_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]  # AWS's own zone of that name, which an alias record wants

    def __init__(
        self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:network:LoadBalancer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description=f"{name}: load balancer", opts=child
        )
        ports = (443, 80) if args.redirect else (443,)
        Firewall(
            name,
            FirewallArgs(
                group_id=group.id,
                ingress={
                    f"{client}-{port}": Passage(peer=peer, port=port)
                    for client, peer in args.clients.items()
                    for port in ports
                },
                egress={},
            ),
            opts=child,
        )
        balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=args.internal,
            subnets=list(args.subnet_ids),
            security_groups=[group.id],
            idle_timeout=args.idle_timeout,
            enable_http2=True,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            preserve_host_header=True,
            # Its own word would be the edge's address, which all visitors share.
            xff_header_processing_mode="preserve" if args.behind_edge else "append",
            enable_deletion_protection=args.durable,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(
                bucket=args.log_bucket, prefix=LOAD_BALANCER_PREFIX, enabled=True
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.durable),
        )
        listener = aws.lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICIES[args.oldest_tls],
            certificate_arn=args.certificate_arn,
            default_actions=[
                aws.lb.ListenerDefaultActionArgs(
                    type="fixed-response",
                    fixed_response=aws.lb.ListenerDefaultActionFixedResponseArgs(
                        content_type="text/plain", message_body="Not found", status_code="404"
                    ),
                )
            ],
            opts=child,
        )
        for certificate, arn in args.further_certificate_arns.items():
            aws.lb.ListenerCertificate(
                f"{name}-{certificate}",
                listener_arn=listener.arn,
                certificate_arn=arn,
                opts=child,
            )
        if args.redirect:
            aws.lb.Listener(
                f"{name}-redirect",
                load_balancer_arn=balancer.arn,
                port=80,
                protocol="HTTP",
                default_actions=[
                    aws.lb.ListenerDefaultActionArgs(
                        type="redirect",
                        redirect=aws.lb.ListenerDefaultActionRedirectArgs(
                            protocol="HTTPS",
                            port="443",
                            host="#{host}",
                            path="/#{path}",
                            query="#{query}",
                            status_code="HTTP_301",
                        ),
                    )
                ],
                opts=child,
            )
        self.arn = balancer.arn
        self.arn_suffix = balancer.arn_suffix
        self.listener_arn = listener.arn
        self.group_id = group.id
        self.domain_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.register_outputs({"domain_name": self.domain_name})
