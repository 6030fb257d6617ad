from policies.inputs import block, number
from policies.kinds import INSTANCE, LAUNCH_CONFIGURATION, LAUNCH_TEMPLATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-metadata-stays-on-host",
    on=(*INSTANCE, *LAUNCH_TEMPLATE, *LAUNCH_CONFIGURATION),
    severity=Severity.MEDIUM,
    controls=("FSBP AutoScaling.4",),
    protects_from="containers and forwarded requests obtaining the host's role",
    fix="set http_put_response_hop_limit=1.",
)
def ec2_metadata_stays_on_host(props: Props) -> Findings:
    """Metadata answers do not travel further than the host itself."""
    if number(block(props, "metadataOptions"), "httpPutResponseHopLimit", 1) > 1:
        yield "Metadata answers travel more than one hop."
