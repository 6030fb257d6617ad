"""What a role may do, by purpose: the narrowest statement for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

# Actions for which AWS knows no resource (Service Authorization Reference).
WITHOUT_RESOURCE = frozenset(
    {
        "cloudwatch:PutMetricData",
        "ec2:DescribeInstances",
        "ec2:DescribeTags",
        "ecr:GetAuthorizationToken",
        "ecs:ListTasks",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }
)


class TooBroadError(ValueError):
    """A statement allows more than its purpose needs."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Leave to do these things, on these resources, when the conditions hold."""

    actions: tuple[str, ...]
    resources: Sequence[pulumi.Input[str]]
    conditions: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(
        default_factory=dict[str, Mapping[str, pulumi.Input[str]]]
    )

    def __post_init__(self) -> None:
        sweeping = [action for action in self.actions if "*" in action]
        if sweeping:
            raise TooBroadError(f"actions {sweeping}: name each action, without a wildcard")
        if not self.resources or not self.actions:
            raise ValueError(f"statement {self.actions}: it needs an action and a resource")
        scopable = [action for action in self.actions if action not in WITHOUT_RESOURCE]
        if scopable and any(resource == "*" for resource in self.resources):
            raise TooBroadError(f"actions {scopable}: name the resources, not *")

    def document(self) -> dict[str, object]:
        """The statement as AWS writes it."""
        condition = {"Condition": self.conditions} if self.conditions else {}
        return {
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
            **condition,
        }


def read_secrets(arns: Sequence[pulumi.Input[str]]) -> Statement:
    return Statement(actions=("secretsmanager:GetSecretValue",), resources=arns)


def write_secrets(arns: Sequence[pulumi.Input[str]]) -> Statement:
    return Statement(actions=("secretsmanager:PutSecretValue",), resources=arns)


def decrypt(key_arn: pulumi.Input[str]) -> Statement:
    """Read what is kept under the key."""
    return Statement(actions=("kms:Decrypt",), resources=[key_arn])


def encrypt(key_arn: pulumi.Input[str]) -> Statement:
    """Keep something under the key, and read it (an upload in parts reads its own)."""
    return Statement(actions=("kms:Decrypt", "kms:GenerateDataKey"), resources=[key_arn])


def read_objects(bucket_arn: pulumi.Input[str], prefix: str = "") -> Statement:
    return Statement(actions=("s3:GetObject",), resources=[_objects(bucket_arn, prefix)])


def add_objects(bucket_arn: pulumi.Input[str], prefix: str = "") -> Statement:
    """Put new objects; neither read nor delete any."""
    return Statement(
        actions=("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"),
        resources=[_objects(bucket_arn, prefix)],
    )


def manage_objects(bucket_arn: pulumi.Input[str], prefix: str = "") -> Statement:
    return Statement(
        actions=(
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ),
        resources=[_objects(bucket_arn, prefix)],
    )


def refresh(distribution_arns: Sequence[pulumi.Input[str]]) -> Statement:
    """Make the CDN forget what it keeps."""
    return Statement(actions=("cloudfront:CreateInvalidation",), resources=distribution_arns)


def list_objects(bucket_arn: pulumi.Input[str]) -> Statement:
    """Without it, a missing object looks like a forbidden one."""
    return Statement(actions=("s3:GetBucketLocation", "s3:ListBucket"), resources=[bucket_arn])


def write_logs(group_arn: pulumi.Input[str]) -> Statement:
    return Statement(
        actions=(
            "logs:CreateLogStream",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ),
        resources=[group_arn, pulumi.Output.concat(group_arn, ":*")],
    )


def session_manager() -> Statement:
    """Be reached through Session Manager, and nothing else of Systems Manager."""
    return Statement(
        actions=(
            "ssm:UpdateInstanceInformation",
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ),
        resources=["*"],
    )


def publish_parameter(arn: pulumi.Input[str]) -> Statement:
    """Say something once under a path; what has been said cannot be changed."""
    return Statement(
        actions=("ssm:PutParameter",),
        resources=[arn],
        # Refused where it is asked for, as AWS's own example has it: nothing says that the key is
        # there in a request which does not ask (Systems Manager user guide, ssm:Overwrite).
        conditions={"StringNotEquals": {"ssm:Overwrite": "true"}},
    )


def publish_metrics(namespace: str) -> Statement:
    return Statement(
        actions=("cloudwatch:PutMetricData",),
        resources=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
    )


def pull_images(repository_arn: pulumi.Input[str]) -> Statement:
    return Statement(
        actions=(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ),
        resources=[repository_arn],
    )


def run_task(definition_arn: pulumi.Input[str], cluster_arn: pulumi.Input[str]) -> Statement:
    """Begin a task of any revision of one family, in one cluster."""
    family = pulumi.Output.from_input(definition_arn).apply(lambda arn: arn.rpartition(":")[0])
    return Statement(
        actions=("ecs:RunTask",),
        resources=[pulumi.Output.concat(family, ":*")],
        conditions={"ArnEquals": {"ecs:cluster": cluster_arn}},
    )


def watch_tasks(cluster_arn: pulumi.Input[str]) -> Statement:
    """See how tasks of one cluster fare."""
    tasks = pulumi.Output.from_input(cluster_arn).apply(
        lambda arn: f"{arn.replace(':cluster/', ':task/')}/*"
    )
    return Statement(actions=("ecs:DescribeTasks",), resources=[tasks])


def list_tasks(cluster_arn: pulumi.Input[str]) -> Statement:
    return Statement(
        actions=("ecs:ListTasks",),
        resources=["*"],
        conditions={"ArnEquals": {"ecs:cluster": cluster_arn}},
    )


def pass_roles(role_arns: Sequence[pulumi.Input[str]], service: str) -> Statement:
    """Let one service take these roles on."""
    return Statement(
        actions=("iam:PassRole",),
        resources=role_arns,
        conditions={"StringEquals": {"iam:PassedToService": service}},
    )


def log_in_to_registry() -> Statement:
    return Statement(actions=("ecr:GetAuthorizationToken",), resources=["*"])


def _objects(bucket_arn: pulumi.Input[str], prefix: str) -> pulumi.Output[str]:
    return pulumi.Output.concat(bucket_arn, f"/{prefix}*")
