from policies.inputs import text, values
from policies.kinds import POLICY_ATTACHMENT, ROLE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-no-cloud-shell",
    on=(*POLICY_ATTACHMENT, *ROLE),
    severity=Severity.LOW,
    controls=(
        "CIS-5.0 1.21",
        "CIS-7.0 2.20",
    ),
    protects_from="data leaving by the shell in the console, which can send files anywhere",
    fix="leave AWSCloudShellFullAccess out.",
)
def iam_no_cloud_shell(props: Props) -> Findings:
    """No one is given full access to the console's shell."""
    given = [text(props, "policyArn"), *map(str, values(props, "managedPolicyArns"))]
    if any(arn.endswith("/AWSCloudShellFullAccess") for arn in given):
        yield "AWSCloudShellFullAccess is attached."
