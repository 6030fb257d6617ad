from policies.inputs import blocks, values
from policies.kinds import INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-instance-has-security-group",
    on=INSTANCE,
    severity=Severity.MEDIUM,
    protects_from="the default group deciding what may reach the host",
    fix="set vpc_security_group_ids.",
)
def ec2_instance_has_security_group(props: Props) -> Findings:
    """A host names its security groups."""
    if not (values(props, "vpcSecurityGroupIds") or blocks(props, "networkInterfaces")):
        yield "The instance falls into the default security group."
