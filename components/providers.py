"""The three doors to AWS: the stack's region, the edge's and the one that recovery copies go to."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

# CloudFront takes its certificates and web ACLs from this region alone (CloudFront guide).
EDGE_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class ProvidersArgs:
    region: str
    recovery_region: str
    account: str | None  # no other account is ever touched
    tags: dict[str, str]


class Providers(pulumi.ComponentResource):
    """Each tags whatever is made through it; a resource inherits one from its parent."""

    main: aws.Provider
    edge: aws.Provider
    recovery: aws.Provider

    def __init__(
        self, name: str, args: ProvidersArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:operations:Providers", name, None, opts)

        def provider(role: str, region: str) -> aws.Provider:
            return aws.Provider(
                f"{name}-{role}",
                region=region,
                allowed_account_ids=None if args.account is None else [args.account],
                default_tags=aws.ProviderDefaultTagsArgs(tags=args.tags),
                opts=pulumi.ResourceOptions(parent=self),
            )

        self.main = provider("main", args.region)
        self.edge = provider("edge", EDGE_REGION)
        self.recovery = provider("recovery", args.recovery_region)
        self.register_outputs({})
