from policies.firewall_rules import firewall_rules
from policies.inputs import block
from policies.kinds import WEB_ACL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "waf-acl-limits-rate",
    on=WEB_ACL,
    severity=Severity.MEDIUM,
    protects_from="password guessing and floods from single addresses",
    fix="add a rule with a rate_based_statement.",
)
def waf_acl_limits_rate(props: Props) -> Findings:
    """A web ACL limits how fast one address may ask."""
    statements = [block(rule, "statement") for rule in firewall_rules(props)]
    if not any(block(statement, "rateBasedStatement") for statement in statements):
        yield "The web ACL limits no rate."
