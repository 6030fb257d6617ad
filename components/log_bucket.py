"""Where AWS itself writes who asked for what: the load balancer, the edge and the other buckets."""

from dataclasses import dataclass

import pulumi

from components.bucket import Bucket, BucketArgs, Expiry, ServiceGrant

LOAD_BALANCER_PREFIX = "load-balancer"
EDGE_PREFIX = "edge"
OBJECTS_PREFIX = "objects"


@dataclass(frozen=True, kw_only=True)
class LogBucketArgs:
    account: pulumi.Input[str]
    days: int
    durable: bool


class LogBucket(pulumi.ComponentResource):
    """Encrypted with S3's own key, the only one that load balancers write under."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: LogBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:operations:LogBucket", name, None, opts)
        of_account = {"StringEquals": {"aws:SourceAccount": args.account}}
        bucket = Bucket(
            name,
            BucketArgs(
                key_arn=None,
                durable=args.durable,
                expire=(Expiry(prefix="", days=args.days),),
                grants=(
                    ServiceGrant(
                        service="logdelivery.elasticloadbalancing.amazonaws.com",
                        actions=("s3:PutObject",),
                        # Each account's logs have a folder of their own, which ELB keeps to.
                        prefix=pulumi.Output.concat(
                            f"{LOAD_BALANCER_PREFIX}/AWSLogs/", args.account, "/"
                        ),
                    ),
                    ServiceGrant(
                        service="delivery.logs.amazonaws.com",
                        actions=("s3:PutObject",),
                        prefix=f"{EDGE_PREFIX}/",
                        conditions=of_account,
                    ),
                    ServiceGrant(
                        service="logging.s3.amazonaws.com",
                        actions=("s3:PutObject",),
                        prefix=f"{OBJECTS_PREFIX}/",
                        conditions=of_account,
                    ),
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name = bucket.name
        self.arn = bucket.arn
        self.register_outputs({"name": self.name})
