"""Three providers, keys, roles, buckets and secrets."""

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

TAGS = aws.ProviderDefaultTagsArgs(tags={"Project": "kinds", "Stack": pulumi.get_stack()})
REVISION = pulumi.Config().get("revision") or "one"


@dataclass(frozen=True)
class Foundation:
    main: pulumi.ResourceOptions
    edge: pulumi.ResourceOptions
    recovery: pulumi.ResourceOptions
    key: aws.kms.Key
    data: aws.s3.Bucket
    logs: aws.s3.Bucket
    host_profile: aws.iam.InstanceProfile
    task_role: aws.iam.Role
    password: pulumi.Output[str]


def assumed_by(service: str) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": f"{service}.amazonaws.com"},
                }
            ],
        }
    )


def region(name: str, where: str) -> pulumi.ResourceOptions:
    provider = aws.Provider(name, region=where, default_tags=TAGS)
    return pulumi.ResourceOptions(provider=provider)


def make() -> Foundation:
    main = region("main", "eu-west-1")
    password = pulumi.Output.secret("correct-horse-battery-41")
    caller = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(provider=main.provider))
    key = aws.kms.Key(
        "key",
        description="kinds",
        enable_key_rotation=True,
        deletion_window_in_days=7,
        policy=caller.account_id.apply(
            lambda account: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                            "Action": "kms:*",
                            "Resource": "*",
                        }
                    ],
                }
            )
        ),
        tags={"Revision": REVISION},
        opts=main,
    )
    aws.kms.Alias("key", name="alias/kinds", target_key_id=key.key_id, opts=main)
    logs, let_in = _log_bucket(main)
    data = _data_bucket(main, key)
    aws.s3.BucketLogging(
        "data",
        bucket=data.id,
        target_bucket=logs.id,
        target_prefix="s3/",
        opts=pulumi.ResourceOptions.merge(main, pulumi.ResourceOptions(depends_on=[let_in])),
    )
    host_role = aws.iam.Role("host", assume_role_policy=assumed_by("ec2"), opts=main)
    aws.iam.RolePolicyAttachment(
        "host-session-manager",
        role=host_role.name,
        policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
        opts=main,
    )
    aws.iam.RolePolicy(
        "host-artifacts",
        role=host_role.id,
        policy=data.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/*"}
                    ],
                }
            )
        ),
        opts=main,
    )
    task_role = aws.iam.Role("task", assume_role_policy=assumed_by("ecs-tasks"), opts=main)
    decrypt = aws.iam.Policy(
        "decrypt",
        policy=key.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": arn}],
                }
            )
        ),
        opts=main,
    )
    aws.iam.RolePolicyAttachment(
        "task-decrypt", role=task_role.name, policy_arn=decrypt.arn, opts=main
    )
    profile = aws.iam.InstanceProfile("host", role=host_role.name, opts=main)
    secret = aws.secretsmanager.Secret(
        "database", kms_key_id=key.arn, recovery_window_in_days=0, opts=main
    )
    aws.secretsmanager.SecretVersion(
        "database",
        secret_id=secret.id,
        secret_string=pulumi.Output.json_dumps({"username": "app", "password": password}),
        opts=main,
    )
    aws.ssm.Parameter("plain", name="/kinds/plain", type="String", value=REVISION, opts=main)
    aws.ssm.Parameter(
        "secret",
        name="/kinds/secret",
        type="SecureString",
        key_id=key.arn,
        value=password,
        opts=main,
    )
    return Foundation(
        main=main,
        edge=region("edge", "us-east-1"),
        recovery=region("recovery", "eu-central-1"),
        key=key,
        data=data,
        logs=logs,
        host_profile=profile,
        task_role=task_role,
        password=password,
    )


def _log_bucket(main: pulumi.ResourceOptions) -> tuple[aws.s3.Bucket, aws.s3.BucketPolicy]:
    bucket = aws.s3.Bucket("logs", force_destroy=True, opts=main)
    aws.s3.BucketOwnershipControls(
        "logs", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=main
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        "logs",
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=main,
    )
    statements: list[Any] = [
        {
            "effect": "Allow",
            "principals": [
                {
                    "type": "Service",
                    "identifiers": ["logdelivery.elasticloadbalancing.amazonaws.com"],
                }
            ],
            "actions": ["s3:PutObject"],
            "resources": [bucket.arn.apply(lambda arn: f"{arn}/*")],
        },
        {
            "effect": "Allow",
            "principals": [{"type": "Service", "identifiers": ["logging.s3.amazonaws.com"]}],
            "actions": ["s3:PutObject"],
            "resources": [bucket.arn.apply(lambda arn: f"{arn}/s3/*")],
        },
    ]
    document = aws.iam.get_policy_document_output(
        statements=statements,
        opts=pulumi.InvokeOptions(provider=main.provider),
    )
    policy = aws.s3.BucketPolicy("logs", bucket=bucket.id, policy=document.json, opts=main)
    return bucket, policy


def _data_bucket(main: pulumi.ResourceOptions, key: aws.kms.Key) -> aws.s3.Bucket:
    bucket = aws.s3.Bucket("data", force_destroy=True, opts=main)
    aws.s3.BucketVersioning(
        "data", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=main
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        "data",
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                },
                "bucket_key_enabled": True,
            }
        ],
        opts=main,
    )
    aws.s3.BucketPublicAccessBlock(
        "data",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=main,
    )
    aws.s3.BucketLifecycleConfiguration(
        "data",
        bucket=bucket.id,
        rules=[
            {
                "id": "old-versions",
                "status": "Enabled",
                "filter": {"prefix": "artifacts/"},
                "noncurrent_version_expiration": {"noncurrent_days": 90},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            },
            {
                "id": "colder",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}],
            },
        ],
        opts=main,
    )
    aws.s3.BucketCorsConfiguration(
        "data",
        bucket=bucket.id,
        cors_rules=[
            {
                "allowed_methods": ["GET", "PUT"],
                "allowed_origins": ["https://app.example.test"],
                "allowed_headers": ["*"],
                "max_age_seconds": 600,
            }
        ],
        opts=main,
    )
    aws.s3.BucketObjectv2(
        "artifact",
        bucket=bucket.id,
        key="artifacts/web/1.txt",
        source=pulumi.StringAsset(f"revision {REVISION}"),
        content_type="text/plain",
        opts=main,
    )
    return bucket
