from policies.inputs import block, blocks, text
from policies.kinds import WEB_ACL_LOGGING
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "waf-log-redacts-credentials",
    on=WEB_ACL_LOGGING,
    severity=Severity.HIGH,
    protects_from="sessions and passwords readable by everyone who may read logs",
    fix='add redacted_fields with single_header for "authorization" and "cookie".',
)
def waf_log_redacts_credentials(props: Props) -> Findings:
    """Firewall logs hold no cookie and no authorization header."""
    redacted = {
        text(block(field, "singleHeader"), "name").lower()
        for field in blocks(props, "redactedFields")
    }
    missing = sorted({"authorization", "cookie"} - redacted)
    if missing:
        yield f"The log keeps the header {' and '.join(missing)}."
