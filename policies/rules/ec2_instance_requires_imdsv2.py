from policies.inputs import block
from policies.kinds import INSTANCE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-instance-requires-imdsv2",
    on=INSTANCE,
    severity=Severity.HIGH,
    controls=("FSBP EC2.8", "CIS-5.0 5.7", "CIS-7.0 6.7"),
    protects_from="theft of the instance's role through a request forged from its own server",
    fix='set metadata_options=InstanceMetadataOptionsArgs(http_tokens="required").',
)
def ec2_instance_requires_imdsv2(props: Props) -> Findings:
    """An instance answers metadata requests only with a session token (IMDSv2)."""
    metadata = block(props, "metadataOptions")
    if metadata.get("httpEndpoint") != "disabled" and metadata.get("httpTokens") != "required":
        yield "The metadata service answers without a token."
