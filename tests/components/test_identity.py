import json
from typing import Any

import pulumi_aws as aws
import pytest

from components import permissions
from components.identity import Role, RoleArgs
from components.permissions import Statement, TooBroadError
from tests.recording import ACCOUNT, Engine

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:api"


def allowed(engine: Engine) -> list[dict[str, Any]]:
    return json.loads(engine.one(POLICY)["policy"])["Statement"]


def test_it_may_do_what_its_statements_say_and_nothing_beside(engine: Engine) -> None:
    engine.build(
        lambda: Role(
            "api",
            RoleArgs(
                service="ec2.amazonaws.com",
                statements={"read-secrets": permissions.read_secrets([SECRET])},
            ),
        )
    )

    assert allowed(engine) == [
        {
            "Sid": "ReadSecrets",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": [SECRET],
        }
    ]


def test_one_service_alone_takes_it_on(engine: Engine) -> None:
    engine.build(
        lambda: Role(
            "api",
            RoleArgs(
                service="ec2.amazonaws.com",
                statements={},
                trust={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            ),
        )
    )

    (trust,) = json.loads(engine.one(ROLE)["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_without_statements_it_may_do_nothing(engine: Engine) -> None:
    engine.build(lambda: Role("idle", RoleArgs(service="ec2.amazonaws.com", statements={})))

    assert engine.of(POLICY) == []
    assert engine.of(PROFILE) == []


def test_whoever_takes_it_on_finds_its_permissions_given(engine: Engine) -> None:
    def program() -> None:
        role = Role(
            "flows",
            RoleArgs(
                service="vpc-flow-logs.amazonaws.com",
                statements={"write": permissions.write_logs("arn:log")},
                managed_policies={"metrics": "arn:managed"},
            ),
        )
        aws.ec2.FlowLog("net", iam_role_arn=role.arn, traffic_type="ALL")

    engine.build(program)

    waited = " ".join(engine.named("aws:ec2/flowLog:FlowLog", "net").dependencies)
    assert "RolePolicy::flows" in waited
    assert "RolePolicyAttachment::flows-metrics" in waited


def test_an_instance_can_carry_it_where_asked(engine: Engine) -> None:
    engine.build(
        lambda: Role(
            "host", RoleArgs(service="ec2.amazonaws.com", statements={}, for_instances=True)
        )
    )

    assert engine.one(PROFILE)["role"] == "host"


def test_every_resource_is_refused_where_aws_allows_narrower() -> None:
    with pytest.raises(TooBroadError, match="s3:GetObject"):
        Statement(actions=("s3:GetObject",), resources=["*"])


def test_every_action_of_a_service_is_refused() -> None:
    with pytest.raises(TooBroadError, match=r"s3:\*"):
        Statement(actions=("s3:*",), resources=["arn:aws:s3:::models/*"])


def test_every_resource_is_taken_where_aws_knows_no_narrower() -> None:
    assert permissions.session_manager().document()["Resource"] == ["*"]
    assert permissions.log_in_to_registry().document()["Resource"] == ["*"]


@pytest.mark.parametrize(("actions", "resources"), [((), [SECRET]), (("s3:GetObject",), [])])
def test_a_statement_about_nothing_is_refused(
    actions: tuple[str, ...], resources: list[str]
) -> None:
    with pytest.raises(ValueError, match="needs an action and a resource"):
        Statement(actions=actions, resources=resources)


def test_whoever_adds_objects_neither_reads_nor_deletes_any() -> None:
    actions = permissions.add_objects("arn:aws:s3:::backups", "database/").actions

    assert "s3:PutObject" in actions
    assert not {"s3:GetObject", "s3:DeleteObject"} & set(actions)


def test_a_prefix_bounds_what_is_reached(engine: Engine) -> None:
    engine.build(
        lambda: Role(
            "backup",
            RoleArgs(
                service="ec2.amazonaws.com",
                statements={"add": permissions.add_objects("arn:aws:s3:::backups", "database/")},
            ),
        )
    )

    (statement,) = allowed(engine)
    assert statement["Resource"] == ["arn:aws:s3:::backups/database/*"]


def test_what_has_been_said_once_cannot_be_said_anew() -> None:
    """In the form that holds whether or not a request says a word about it."""
    statement = permissions.publish_parameter("arn:aws:ssm:eu-west-1:123456789012:parameter/a/*")

    assert statement.actions == ("ssm:PutParameter",)
    assert statement.conditions == {"StringNotEquals": {"ssm:Overwrite": "true"}}
