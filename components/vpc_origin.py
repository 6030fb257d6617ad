"""The edge's own way to a load balancer that the internet cannot see."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class VpcOriginArgs:
    load_balancer_arn: pulumi.Input[str]


class VpcOrigin(pulumi.ComponentResource):
    """Over TLS alone; any number of distributions may share it."""

    id: pulumi.Output[str]

    def __init__(
        self, name: str, args: VpcOriginArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:VpcOrigin", name, None, opts)
        origin = aws.cloudfront.VpcOrigin(
            name,
            vpc_origin_endpoint_config=aws.cloudfront.VpcOriginVpcOriginEndpointConfigArgs(
                # The only name here that Pulumi does not make unique.
                name=f"{pulumi.get_stack()}-{name}",
                arn=args.load_balancer_arn,
                http_port=80,
                https_port=443,
                origin_protocol_policy="https-only",
                origin_ssl_protocols=aws.cloudfront.VpcOriginVpcOriginEndpointConfigOriginSslProtocolsArgs(
                    items=["TLSv1.2"], quantity=1
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = origin.id
        self.register_outputs({})
