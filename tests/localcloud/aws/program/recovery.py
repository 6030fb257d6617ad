"""Copies: backup vaults in two regions, a plan, a lock, and a bucket that is replicated."""

import json

import pulumi
import pulumi_aws as aws
from foundation import Foundation, assumed_by
from stores import Stores


def make(base: Foundation, kept: Stores) -> None:
    key = aws.kms.Key("copies", description="copies", deletion_window_in_days=7, opts=base.recovery)
    far = aws.backup.Vault("copies", kms_key_arn=key.arn, force_destroy=True, opts=base.recovery)
    aws.backup.VaultLockConfiguration(
        "copies",
        backup_vault_name=far.name,
        min_retention_days=7,
        max_retention_days=365,
        opts=base.recovery,
    )
    near = aws.backup.Vault("backups", kms_key_arn=base.key.arn, force_destroy=True, opts=base.main)
    aws.backup.VaultPolicy(
        "backups",
        backup_vault_name=near.name,
        policy=near.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "backup:DeleteRecoveryPoint",
                            "Resource": "*",
                        }
                    ],
                }
            )
        ),
        opts=base.main,
    )
    plan = aws.backup.Plan(
        "daily",
        rules=[
            {
                "rule_name": "daily",
                "target_vault_name": near.name,
                "schedule": "cron(0 5 * * ? *)",
                "start_window": 60,
                "completion_window": 180,
                "lifecycle": {"delete_after": 35},
                "copy_actions": [
                    {"destination_vault_arn": far.arn, "lifecycle": {"delete_after": 35}}
                ],
            }
        ],
        opts=base.main,
    )
    role = aws.iam.Role("backup", assume_role_policy=assumed_by("backup"), opts=base.main)
    aws.backup.Selection(
        "databases",
        plan_id=plan.id,
        iam_role_arn=role.arn,
        resources=[kept.database.arn],
        opts=base.main,
    )
    _replicated(base)


def _replicated(base: Foundation) -> None:
    copies = aws.s3.Bucket("copies", force_destroy=True, opts=base.recovery)
    versions = aws.s3.BucketVersioning(
        "copies",
        bucket=copies.id,
        versioning_configuration={"status": "Enabled"},
        opts=base.recovery,
    )
    role = aws.iam.Role("replication", assume_role_policy=assumed_by("s3"), opts=base.main)
    aws.s3.BucketReplicationConfig(
        "data",
        bucket=base.data.id,
        role=role.arn,
        rules=[
            {
                "id": "everything",
                "status": "Enabled",
                "priority": 1,
                "filter": {"prefix": ""},
                "delete_marker_replication": {"status": "Enabled"},
                "destination": {"bucket": copies.arn, "storage_class": "STANDARD"},
            }
        ],
        opts=pulumi.ResourceOptions.merge(base.main, pulumi.ResourceOptions(depends_on=[versions])),
    )
