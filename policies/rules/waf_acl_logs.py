from pulumi_policy import PolicyResource

from policies.kinds import WEB_ACL, WEB_ACL_LOGGING
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "waf-acl-logs",
    on=WEB_ACL,
    severity=Severity.LOW,
    controls=("FSBP WAF.11",),
    protects_from="not knowing what was blocked, rightly or wrongly",
    fix="add a WebAclLoggingConfiguration for the web ACL.",
    only_in_production=True,
)
def waf_acl_logs(acl: PolicyResource, stack: Stack) -> Findings:
    """A web ACL records what it decides."""
    if not stack.pointing_at(acl, WEB_ACL_LOGGING, by="resourceArn"):
        yield "The web ACL keeps no log."
