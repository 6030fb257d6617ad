"""Who asked the edge for what, written to the log bucket."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.log_bucket import EDGE_PREFIX


@dataclass(frozen=True, kw_only=True)
class EdgeLogsArgs:
    distribution_arn: pulumi.Input[str]
    log_bucket_arn: pulumi.Input[str]


class EdgeLogs(pulumi.ComponentResource):
    """To be made in the edge's region, where AWS keeps the logs of every distribution."""

    def __init__(
        self, name: str, args: EdgeLogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:EdgeLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        source = aws.cloudwatch.LogDeliverySource(
            name,
            log_type="ACCESS_LOGS",
            resource_arn=args.distribution_arn,
            opts=child,
        )
        destination = aws.cloudwatch.LogDeliveryDestination(
            name,
            output_format="json",
            delivery_destination_configuration=(
                aws.cloudwatch.LogDeliveryDestinationDeliveryDestinationConfigurationArgs(
                    destination_resource_arn=pulumi.Output.concat(
                        args.log_bucket_arn, f"/{EDGE_PREFIX}"
                    )
                )
            ),
            opts=child,
        )
        aws.cloudwatch.LogDelivery(
            name,
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            opts=child,
        )
        self.register_outputs({})
