from policies.inputs import block, yes
from policies.kinds import CLIENT_VPN
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-client-vpn-logs",
    on=CLIENT_VPN,
    severity=Severity.LOW,
    controls=("FSBP EC2.51",),
    protects_from="not knowing who was in the network when something happened",
    fix="set connection_log_options with enabled=True and a log group.",
)
def ec2_client_vpn_logs(props: Props) -> Findings:
    """A VPN endpoint records who connects."""
    if not yes(block(props, "connectionLogOptions"), "enabled"):
        yield "Connections to the VPN leave no record."
