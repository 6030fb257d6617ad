from policies.firewall_rules import firewall_rules
from policies.inputs import block, text, yes
from policies.kinds import WAF_RULE_GROUP, WEB_ACL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "waf-rules-have-metrics",
    on=(*WEB_ACL, *WAF_RULE_GROUP),
    severity=Severity.LOW,
    controls=("FSBP WAF.12",),
    protects_from="not noticing an attack, or a rule that blocks customers",
    fix="set cloudwatch_metrics_enabled=True in every visibility_config.",
)
def waf_rules_have_metrics(props: Props) -> Findings:
    """A firewall counts what each of its rules does."""
    for rule in firewall_rules(props):
        if not yes(block(rule, "visibilityConfig"), "cloudwatchMetricsEnabled"):
            yield f"Rule {text(rule, 'name')} is not counted."
    if not yes(block(props, "visibilityConfig"), "cloudwatchMetricsEnabled"):
        yield "The whole is not counted."
