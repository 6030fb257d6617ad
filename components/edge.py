"""What browsers speak to: a distribution near them, in front of a load balancer and buckets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.bucket import Bucket, BucketAccess, BucketAccessArgs, ServiceGrant
from components.response_headers import ResponseHeaders, ResponseHeadersArgs

# CloudFront's own policies, which have the same id in every account (CloudFront guide).
CACHE_BY_HEADERS = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # CachingOptimized
CACHE_NOTHING = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
FORWARD_EVERYTHING = "216adef6-5c7f-47e4-b989-5492eafa07d3"  # AllViewer

EVERY_METHOD = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
READING = ["GET", "HEAD", "OPTIONS"]
# What the edge sends a public load balancer to prove itself; its web ACL turns others away.
PROOF_HEADER = "X-Origin-Proof"
# By the oldest protocol (CloudFront guide, supported protocols and ciphers).
TLS_POLICIES = {"TLSv1.2": "TLSv1.2_2021", "TLSv1.3": "TLSv1.3_2025"}
# Seconds that CloudFront waits for an answer at most (API reference, OriginReadTimeout).
LONGEST_ANSWER = 120


@dataclass(frozen=True, kw_only=True)
class BucketOrigin:
    """Files from a private bucket; its policy is made here, for this distribution alone."""

    bucket: Bucket
    rewrite_arn: pulumi.Input[str] | None = None  # finds the file for a path


@dataclass(frozen=True, kw_only=True)
class InternalOrigin:
    """A load balancer without public address."""

    domain_name: pulumi.Input[str]
    vpc_origin_id: pulumi.Input[str]
    answer_seconds: int = 60


@dataclass(frozen=True, kw_only=True)
class PublicOrigin:
    """A load balancer on the internet that listens to whoever proves to be the edge."""

    domain_name: pulumi.Input[str]
    proof: pulumi.Input[str]
    answer_seconds: int = 60


Origin = BucketOrigin | InternalOrigin | PublicOrigin


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """Where a path's requests go."""

    origin: str
    immutable: bool = False  # kept by browsers for a year: the name changes when the content does


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    hosts: tuple[str, ...]
    certificate_arn: pulumi.Input[str]  # from the edge's region
    web_acl_arn: pulumi.Input[str] | None
    origins: Mapping[str, Origin]
    default: Behaviour
    paths: Mapping[str, Behaviour] = field(default_factory=dict[str, Behaviour])
    headers: ResponseHeadersArgs = field(default_factory=ResponseHeadersArgs)
    price_class: str = "PriceClass_100"
    oldest_tls: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.2"


class Edge(pulumi.ComponentResource):
    """Modern TLS to the world, compressed, with the headers that a browser should have."""

    domain_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]
    arn: pulumi.Output[str]
    distribution_id: pulumi.Output[str]

    def __init__(
        self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:Edge", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        headers = {
            immutable: ResponseHeaders(
                f"{name}-immutable" if immutable else name,
                replace(args.headers, immutable=immutable),
                opts=child,
            ).policy_id
            for immutable in sorted({b.immutable for b in (args.default, *args.paths.values())})
        }
        signer: pulumi.Output[str] | None = None
        if any(isinstance(origin, BucketOrigin) for origin in args.origins.values()):
            signer = aws.cloudfront.OriginAccessControl(
                name,
                description=f"{name}: signs what it asks of its buckets",
                origin_access_control_origin_type="s3",
                signing_behavior="always",
                signing_protocol="sigv4",
                opts=child,
            ).id
        distribution = aws.cloudfront.Distribution(
            name,
            enabled=True,
            comment=name,
            aliases=list(args.hosts),
            http_version="http2and3",
            is_ipv6_enabled=False,
            price_class=args.price_class,
            web_acl_id=args.web_acl_arn,
            default_root_object="index.html" if _served_from_bucket(args, args.default) else None,
            origins=[_origin(key, origin, signer) for key, origin in args.origins.items()],
            default_cache_behavior=_default_behaviour(args, headers),
            # The first that fits is taken, so longer paths stand before shorter.
            ordered_cache_behaviors=[
                _behaviour(path, args, headers)
                for path in sorted(args.paths, key=lambda path: (-len(path), path))
            ],
            viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(
                acm_certificate_arn=args.certificate_arn,
                ssl_support_method="sni-only",
                minimum_protocol_version=TLS_POLICIES[args.oldest_tls],
            ),
            restrictions=aws.cloudfront.DistributionRestrictionsArgs(
                geo_restriction=aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(
                    restriction_type="none"
                )
            ),
            # Minutes that nothing else has to wait for.
            wait_for_deployment=False,
            opts=child,
        )
        for key, origin in args.origins.items():
            if isinstance(origin, BucketOrigin):
                BucketAccess(
                    f"{name}-{key}",
                    BucketAccessArgs(
                        bucket=origin.bucket.name,
                        arn=origin.bucket.arn,
                        grants=[
                            ServiceGrant(
                                service="cloudfront.amazonaws.com",
                                actions=("s3:GetObject",),
                                conditions={"StringEquals": {"aws:SourceArn": distribution.arn}},
                            )
                        ],
                    ),
                    opts=child,
                )
        self.domain_name = distribution.domain_name
        self.zone_id = distribution.hosted_zone_id
        self.arn = distribution.arn
        self.distribution_id = distribution.id
        self.register_outputs({"domain_name": self.domain_name})


def _served_from_bucket(args: EdgeArgs, behaviour: Behaviour) -> bool:
    return isinstance(args.origins[behaviour.origin], BucketOrigin)


def _origin(
    key: str, origin: Origin, signer: pulumi.Output[str] | None
) -> aws.cloudfront.DistributionOriginArgs:
    match origin:
        case BucketOrigin(bucket=bucket):
            return aws.cloudfront.DistributionOriginArgs(
                origin_id=key, domain_name=bucket.domain_name, origin_access_control_id=signer
            )
        case InternalOrigin():
            return aws.cloudfront.DistributionOriginArgs(
                origin_id=key,
                domain_name=origin.domain_name,
                vpc_origin_config=aws.cloudfront.DistributionOriginVpcOriginConfigArgs(
                    vpc_origin_id=origin.vpc_origin_id,
                    origin_read_timeout=origin.answer_seconds,
                    origin_keepalive_timeout=60,
                ),
            )
        case PublicOrigin():
            return aws.cloudfront.DistributionOriginArgs(
                origin_id=key,
                domain_name=origin.domain_name,
                custom_headers=[
                    aws.cloudfront.DistributionOriginCustomHeaderArgs(
                        name=PROOF_HEADER, value=pulumi.Output.secret(origin.proof)
                    )
                ],
                custom_origin_config=aws.cloudfront.DistributionOriginCustomOriginConfigArgs(
                    http_port=80,
                    https_port=443,
                    origin_protocol_policy="https-only",
                    origin_ssl_protocols=["TLSv1.2"],
                    origin_read_timeout=origin.answer_seconds,
                    origin_keepalive_timeout=60,
                ),
            )


def _default_behaviour(
    args: EdgeArgs, headers: Mapping[bool, pulumi.Output[str]]
) -> aws.cloudfront.DistributionDefaultCacheBehaviorArgs:
    origin = args.origins[args.default.origin]
    stored = isinstance(origin, BucketOrigin)
    rewrite = origin.rewrite_arn if isinstance(origin, BucketOrigin) else None
    return aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
        target_origin_id=args.default.origin,
        viewer_protocol_policy="redirect-to-https",
        allowed_methods=READING if stored else EVERY_METHOD,
        cached_methods=["GET", "HEAD"],
        compress=True,
        cache_policy_id=CACHE_BY_HEADERS if stored else CACHE_NOTHING,
        origin_request_policy_id=None if stored else FORWARD_EVERYTHING,
        response_headers_policy_id=headers[args.default.immutable],
        # On this behaviour alone: an answer of the API is never turned into a page.
        function_associations=None
        if rewrite is None
        else [
            aws.cloudfront.DistributionDefaultCacheBehaviorFunctionAssociationArgs(
                event_type="viewer-request", function_arn=rewrite
            )
        ],
    )


def _behaviour(
    path: str, args: EdgeArgs, headers: Mapping[bool, pulumi.Output[str]]
) -> aws.cloudfront.DistributionOrderedCacheBehaviorArgs:
    behaviour = args.paths[path]
    stored = _served_from_bucket(args, behaviour)
    kept = stored or behaviour.immutable
    return aws.cloudfront.DistributionOrderedCacheBehaviorArgs(
        path_pattern=path,
        target_origin_id=behaviour.origin,
        viewer_protocol_policy="redirect-to-https",
        allowed_methods=READING if kept else EVERY_METHOD,
        cached_methods=["GET", "HEAD"],
        compress=True,
        cache_policy_id=CACHE_BY_HEADERS if kept else CACHE_NOTHING,
        origin_request_policy_id=None if stored else FORWARD_EVERYTHING,
        response_headers_policy_id=headers[behaviour.immutable],
    )
