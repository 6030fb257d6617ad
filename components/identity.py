"""Who something is to AWS: one role, which one service may take on, and what it may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.permissions import Statement


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    service: str  # who takes it on: "ec2.amazonaws.com"
    statements: Mapping[str, Statement]  # purpose -> what it allows
    # Against being used for a stranger, where the service says on whose behalf it acts.
    trust: Mapping[str, Mapping[str, pulumi.Input[str]]] = field(
        default_factory=dict[str, Mapping[str, pulumi.Input[str]]]
    )
    managed_policies: Mapping[str, str] = field(default_factory=dict[str, str])
    for_instances: bool = False


class Role(pulumi.ComponentResource):
    """May do what its statements say, and nothing beside."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    instance_profile: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:identity:Role", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name, assume_role_policy=pulumi.Output.json_dumps(_trust(args)), opts=child
        )
        permissions: list[pulumi.Output[str]] = []
        if args.statements:
            policy = aws.iam.RolePolicy(
                name,
                role=role.name,
                policy=pulumi.Output.json_dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Sid": _sid(purpose), **statement.document()}
                            for purpose, statement in args.statements.items()
                        ],
                    }
                ),
                opts=child,
            )
            permissions.append(policy.id)
        for key, arn in args.managed_policies.items():
            attachment = aws.iam.RolePolicyAttachment(
                f"{name}-{key}", role=role.name, policy_arn=arn, opts=child
            )
            permissions.append(attachment.id)
        self.instance_profile = (
            aws.iam.InstanceProfile(name, role=role.name, opts=child).name
            if args.for_instances
            else None
        )
        # By way of its permissions, so that whoever takes it on finds them given.
        self.arn = pulumi.Output.all(role.arn, *permissions).apply(lambda known: known[0])
        self.name = role.name
        self.register_outputs({"arn": self.arn})


def _trust(args: RoleArgs) -> dict[str, object]:
    condition = {"Condition": args.trust} if args.trust else {}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": args.service},
                "Action": "sts:AssumeRole",
                **condition,
            }
        ],
    }


def _sid(purpose: str) -> str:
    """AWS takes letters and digits alone."""
    return "".join(word.capitalize() for word in purpose.replace("_", "-").split("-"))
