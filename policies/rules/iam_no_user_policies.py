from policies.inputs import text
from policies.kinds import USER_POLICY, USER_POLICY_ATTACHMENT
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-no-user-policies",
    on=(*USER_POLICY, *USER_POLICY_ATTACHMENT),
    severity=Severity.LOW,
    controls=(
        "FSBP IAM.2",
        "CIS-5.0 1.14",
        "CIS-7.0 2.13",
    ),
    protects_from="rights that stay when a person changes jobs",
    fix="give the rights to a role or a group.",
)
def iam_no_user_policies(props: Props) -> Findings:
    """No user has rights of its own."""
    yield f"{text(props, 'user') or 'A user'} gets rights directly."
