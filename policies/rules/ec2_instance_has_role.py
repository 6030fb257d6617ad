from policies.inputs import text
from policies.kinds import INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-instance-has-role",
    on=INSTANCE,
    severity=Severity.MEDIUM,
    controls=(
        "CIS-5.0 1.17",
        "CIS-7.0 2.16",
    ),
    protects_from="access keys being copied to hosts",
    fix="set iam_instance_profile.",
)
def ec2_instance_has_role(props: Props) -> Findings:
    """A host calls AWS by a role of its own."""
    if not text(props, "iamInstanceProfile"):
        yield "The instance has no role."
