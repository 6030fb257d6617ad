from policies.firewall_rules import managed_groups
from policies.kinds import WEB_ACL
from policies.rule import Findings, Props, Severity, resource_rule

EXPECTED = {"AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"}


@resource_rule(
    "waf-acl-has-managed-rules",
    on=WEB_ACL,
    severity=Severity.MEDIUM,
    protects_from="known exploits reaching the application",
    fix=(
        "add the managed groups AWSManagedRulesCommonRuleSet and "
        "AWSManagedRulesKnownBadInputsRuleSet."
    ),
)
def waf_acl_has_managed_rules(props: Props) -> Findings:
    """A web ACL knows the common exploits."""
    missing = sorted(EXPECTED - {name for name, _ in managed_groups(props)})
    if missing:
        yield f"The web ACL lacks {', '.join(missing)}."
