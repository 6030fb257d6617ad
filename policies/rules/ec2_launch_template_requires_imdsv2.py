from policies.inputs import block
from policies.kinds import LAUNCH_CONFIGURATION, LAUNCH_TEMPLATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-launch-template-requires-imdsv2",
    on=(*LAUNCH_TEMPLATE, *LAUNCH_CONFIGURATION),
    severity=Severity.HIGH,
    controls=(
        "FSBP AutoScaling.3",
        "FSBP EC2.8",
        "CIS-5.0 5.7",
        "CIS-7.0 6.7",
    ),
    protects_from="theft of the hosts' role through a request forged from their own server",
    fix='set http_tokens="required" in its metadata_options.',
)
def ec2_launch_template_requires_imdsv2(props: Props) -> Findings:
    """Hosts started by a group answer metadata requests only with a token (IMDSv2)."""
    metadata = block(props, "metadataOptions")
    if metadata.get("httpEndpoint") != "disabled" and metadata.get("httpTokens") != "required":
        yield "The metadata service of what it starts answers without a token."
