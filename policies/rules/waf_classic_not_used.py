from policies.inputs import text
from policies.kinds import CLASSIC_FIREWALL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "waf-classic-not-used",
    on=CLASSIC_FIREWALL,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP WAF.1",
        "FSBP WAF.2",
        "FSBP WAF.3",
        "FSBP WAF.4",
        "FSBP WAF.6",
        "FSBP WAF.7",
        "FSBP WAF.8",
    ),
    protects_from="a firewall that AWS has retired",
    fix="use aws.wafv2.WebAcl.",
)
def waf_classic_not_used(props: Props) -> Findings:
    """No web ACL is of the classic kind."""
    yield f"{text(props, 'name') or 'This'} is a part of WAF Classic."
