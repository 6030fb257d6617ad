import re

from policies.inputs import text
from policies.kinds import LISTENER
from policies.rule import Findings, Props, Severity, resource_rule

# Of 2021 or later; -1-0- and -1-1- policies, and -Ext1- with old ciphers, still speak the old.
MODERN = re.compile(r"ELBSecurityPolicy-TLS13-1-[23](-Res)?(-FIPS)?(-PQ)?-20\d\d-\d\d")


@resource_rule(
    "elb-https-uses-modern-tls",
    on=LISTENER,
    severity=Severity.HIGH,
    protects_from="connections that old protocol versions and ciphers let others read",
    fix=(
        'set ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06" or a newer one without TLS 1.0 '
        "and 1.1."
    ),
)
def elb_https_uses_modern_tls(props: Props) -> Findings:
    """An HTTPS or TLS listener speaks TLS 1.2 and 1.3 only."""
    if props.get("protocol") in ("HTTPS", "TLS") and not MODERN.fullmatch(text(props, "sslPolicy")):
        yield f"The listener's security policy is {text(props, 'sslPolicy') or 'the old default'}."
