from policies.firewall_rules import firewall_rules
from policies.kinds import WEB_ACL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "waf-acl-has-rules",
    on=WEB_ACL,
    severity=Severity.MEDIUM,
    controls=("FSBP WAF.10",),
    protects_from="a firewall that stops nothing",
    fix="add rules.",
)
def waf_acl_has_rules(props: Props) -> Findings:
    """A web ACL has rules."""
    if not firewall_rules(props):
        yield "The web ACL has no rule."
