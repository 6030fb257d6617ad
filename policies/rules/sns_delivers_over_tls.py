from policies.kinds import SUBSCRIPTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "sns-delivers-over-tls",
    on=SUBSCRIPTION,
    severity=Severity.HIGH,
    protects_from="messages read on the way",
    fix='use protocol="https".',
)
def sns_delivers_over_tls(props: Props) -> Findings:
    """A topic delivers over TLS."""
    if props.get("protocol") == "http":
        yield "Messages are delivered in plain text."
