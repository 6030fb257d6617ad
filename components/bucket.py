"""A private place for objects: encrypted, versioned, spoken to over TLS alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """What lies under the prefix is removed when it is this old."""

    prefix: str
    days: int


@dataclass(frozen=True, kw_only=True)
class CrossOrigin:
    """Which web pages may speak to the bucket, and how."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    # Headers that a page may read: an upload in parts has to name the ETag of each.
    expose: tuple[str, ...] = ("ETag",)


@dataclass(frozen=True, kw_only=True)
class ServiceGrant:
    """Leave for a service of AWS to act on objects, for the account's own resources only."""

    service: str
    actions: tuple[str, ...]
    prefix: pulumi.Input[str] = ""
    conditions: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(
        default_factory=dict[str, Mapping[str, pulumi.Input[str]]]
    )


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    key_arn: pulumi.Input[str] | None  # None: S3's own key, for logs that AWS writes only so
    durable: bool
    log_bucket: pulumi.Input[str] | None = None
    expire: tuple[Expiry, ...] = ()
    keep_replaced_days: int = 30  # how long an overwritten or deleted object can be had back
    cross_origin: CrossOrigin | None = None
    # None: the caller makes the BucketAccess, once it knows the readers (a CDN is made later).
    grants: tuple[ServiceGrant, ...] | None = ()


class Bucket(pulumi.ComponentResource):
    """No public access by any way; where durable, not removed without a human."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    domain_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:data:Bucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=not args.durable,
            opts=pulumi.ResourceOptions(parent=self, protect=args.durable),
        )
        closed = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        versioning = aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
                status="Enabled"
            ),
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name, bucket=bucket.bucket, rules=[_encryption(args.key_arn)], opts=child
        )
        # S3 refuses rules on replaced objects while nothing is versioned.
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=_lifecycle(args),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        if args.log_bucket is not None:
            aws.s3.BucketLogging(
                name,
                bucket=bucket.bucket,
                target_bucket=args.log_bucket,
                target_prefix=f"objects/{name}/",
                opts=child,
            )
        if args.cross_origin is not None:
            aws.s3.BucketCorsConfiguration(
                name,
                bucket=bucket.bucket,
                cors_rules=[
                    aws.s3.BucketCorsConfigurationCorsRuleArgs(
                        allowed_origins=list(args.cross_origin.origins),
                        allowed_methods=list(args.cross_origin.methods),
                        allowed_headers=["*"],
                        expose_headers=list(args.cross_origin.expose),
                        max_age_seconds=3600,
                    )
                ],
                opts=child,
            )
        # S3 takes changes to a bucket's policy and to its public access one at a time; so whoever
        # writes the policy is given the name by way of the other.
        self.name = closed.bucket
        if args.grants is not None:
            access = BucketAccess(
                name,
                BucketAccessArgs(bucket=self.name, arn=bucket.arn, grants=args.grants),
                opts=child,
            )
            # By way of the policy, so that whoever is to write there finds it allowed.
            self.name = access.bucket
        self.arn = bucket.arn
        self.domain_name = bucket.bucket_regional_domain_name
        self.register_outputs({"name": self.name, "arn": self.arn})


@dataclass(frozen=True, kw_only=True)
class BucketAccessArgs:
    bucket: pulumi.Input[str]
    arn: pulumi.Input[str]
    grants: Sequence[ServiceGrant]


class BucketAccess(pulumi.ComponentResource):
    """The one policy of a bucket: TLS for everyone, and the services that are granted something."""

    bucket: pulumi.Output[str]

    def __init__(
        self, name: str, args: BucketAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:data:BucketAccess", name, None, opts)
        policy = aws.s3.BucketPolicy(
            name,
            bucket=args.bucket,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        _tls_only(args.arn),
                        *(_granted(args.arn, grant) for grant in args.grants),
                    ],
                }
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bucket = policy.bucket
        self.register_outputs({})


def _encryption(
    key_arn: pulumi.Input[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgs:
    default = (
        aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256" if key_arn is None else "aws:kms", kms_master_key_id=key_arn
        )
    )
    return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=default,
        # One data key for many objects: a hundredth of the calls to KMS.
        bucket_key_enabled=key_arn is not None,
    )


def _lifecycle(args: BucketArgs) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
    everything = aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix="")
    return [
        aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="remains",
            status="Enabled",
            filter=everything,
            abort_incomplete_multipart_upload=(
                aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                    days_after_initiation=7
                )
            ),
            noncurrent_version_expiration=(
                aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=args.keep_replaced_days
                )
            ),
        ),
        *(
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id=f"expire-{rule.prefix.strip('/').replace('/', '-') or 'all'}",
                status="Enabled",
                filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=rule.prefix),
                expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=rule.days),
            )
            for rule in args.expire
        ),
    ]


def _tls_only(arn: pulumi.Input[str]) -> dict[str, object]:
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, pulumi.Output.concat(arn, "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _granted(arn: pulumi.Input[str], grant: ServiceGrant) -> dict[str, object]:
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": {"Service": grant.service},
        "Action": list(grant.actions),
        "Resource": pulumi.Output.concat(arn, "/", grant.prefix, "*"),
    }
    return {**statement, "Condition": grant.conditions} if grant.conditions else statement
