from policies.kinds import PERMISSIONS
from policies.policy_checks import granted, matches
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-buckets-are-named",
    on=PERMISSIONS,
    severity=Severity.HIGH,
    protects_from="one application reading and changing the files of all others",
    fix="name the buckets.",
)
def iam_buckets_are_named(props: Props) -> Findings:
    """No policy reads or writes every bucket."""
    for statement in granted(props):
        touches = any(
            matches(action, "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
            for action in statement.actions
        )
        every = any(resource in ("*", "arn:aws:s3:::*") for resource in statement.resources)
        if touches and every and not statement.condition:
            yield "The policy reaches every bucket of the account."
