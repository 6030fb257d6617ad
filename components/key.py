"""The stack's encryption key, and the services that may write under it on the stack's behalf."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class KeyArgs:
    account: pulumi.Input[str]
    region: str
    durable: bool  # a month to think again before its data is lost


class Key(pulumi.ComponentResource):
    """Rotates by itself each year; without it nothing that the stack stores can be read."""

    arn: pulumi.Output[str]
    alias: pulumi.Output[str]

    def __init__(
        self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:data:Key", name, None, opts)
        key = aws.kms.Key(
            name,
            description=f"{name}: everything the stack stores",
            enable_key_rotation=True,
            # The range that KMS allows (KMS API reference, ScheduleKeyDeletion).
            deletion_window_in_days=30 if args.durable else 7,
            policy=pulumi.Output.json_dumps(
                {"Version": "2012-10-17", "Statement": _statements(args.account, args.region)}
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=args.durable),
        )
        alias = aws.kms.Alias(
            name, target_key_id=key.key_id, opts=pulumi.ResourceOptions(parent=self)
        )
        self.arn = key.arn
        self.alias = alias.name
        self.register_outputs({"arn": self.arn, "alias": self.alias})


def _statements(account: pulumi.Input[str], region: str) -> list[dict[str, object]]:
    """The account's own roles by their policies; a service only for what belongs to the account."""
    of_account: dict[str, object] = {"StringEquals": {"aws:SourceAccount": account}}
    return [
        {
            "Sid": "RolesOfTheAccountByTheirPolicies",
            "Effect": "Allow",
            "Principal": {"AWS": pulumi.Output.concat("arn:aws:iam::", account, ":root")},
            "Action": "kms:*",
            "Resource": "*",
        },
        _service(
            "Logs",
            [f"logs.{region}.amazonaws.com"],
            {
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": pulumi.Output.concat(
                        f"arn:aws:logs:{region}:", account, ":*"
                    )
                }
            },
        ),
        _service(
            "Notices",
            ["cloudwatch.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"],
            of_account,
        ),
        _service("Backups", ["backup.amazonaws.com"], of_account),
        _service(
            "Edge",
            ["cloudfront.amazonaws.com"],
            {
                "ArnLike": {
                    "aws:SourceArn": pulumi.Output.concat(
                        "arn:aws:cloudfront::", account, ":distribution/*"
                    )
                }
            },
        ),
    ]


def _service(sid: str, services: list[str], condition: dict[str, object]) -> dict[str, object]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": services},
        "Action": [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        "Resource": "*",
        "Condition": condition,
    }
