from policies.firewall_rules import managed_groups
from policies.inputs import block
from policies.kinds import WEB_ACL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "waf-managed-rules-block",
    on=WEB_ACL,
    severity=Severity.MEDIUM,
    protects_from="a firewall that watches attacks pass",
    fix="set override_action to none, and count single rules with rule_action_overrides.",
    only_in_production=True,
)
def waf_managed_rules_block(props: Props) -> Findings:
    """A managed rule group blocks, it does not only count."""
    for name, rule in managed_groups(props):
        if "count" in block(rule, "overrideAction"):
            yield f"{name} only counts."
