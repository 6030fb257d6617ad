from policies.inputs import text
from policies.kinds import TRANSIT_GATEWAY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-transit-gateway-asks",
    on=TRANSIT_GATEWAY,
    severity=Severity.HIGH,
    controls=("FSBP EC2.23",),
    protects_from="other accounts joining the network without anyone's consent",
    fix='leave auto_accept_shared_attachments at "disable".',
)
def ec2_transit_gateway_asks(props: Props) -> Findings:
    """A transit gateway accepts no attachment by itself."""
    if text(props, "autoAcceptSharedAttachments") == "enable":
        yield "The transit gateway accepts every shared attachment."
