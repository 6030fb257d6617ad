from policies.inputs import yes
from policies.kinds import DATABASE_PROXY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "rds-proxy-requires-tls",
    on=DATABASE_PROXY,
    severity=Severity.HIGH,
    protects_from="passwords and rows read on the network",
    fix="set require_tls=True.",
)
def rds_proxy_requires_tls(props: Props) -> Findings:
    """A database proxy refuses connections without TLS."""
    if not yes(props, "requireTls"):
        yield "The proxy accepts connections in plain text."
