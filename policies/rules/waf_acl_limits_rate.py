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
    """A web ACL limits how fast one address may ask, unless it lets in its CDN alone."""
    rules = list(firewall_rules(props))
    limited = any(block(block(rule, "statement"), "rateBasedStatement") for rule in rules)
    if not limited and not any(map(_refuses_without_proof, rules)):
        yield "The web ACL limits no rate."


def _refuses_without_proof(rule: Props) -> bool:
    """Whoever lacks a header of this very value: a CDN's addresses are few, and it has counted."""
    without = block(block(block(rule, "statement"), "notStatement"), "statement")
    header = block(block(without, "byteMatchStatement"), "fieldToMatch")
    return bool(block(header, "singleHeader")) and "block" in block(rule, "action")
