from policies.inputs import text
from policies.kinds import SECURITY_GROUP
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-security-group-described",
    on=SECURITY_GROUP,
    severity=Severity.LOW,
    protects_from="rules that no one dares to remove because no one knows what they are for",
    fix="give the group a description that says what it is for.",
)
def ec2_security_group_described(props: Props) -> Findings:
    """A security group says what it is for."""
    if text(props, "description") in ("", "Managed by Pulumi", "Managed by Terraform"):
        yield "The group has no description of its own."
