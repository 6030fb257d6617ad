from pulumi_policy import ResourceValidationArgs

from policies.inputs import text
from policies.kinds import LOG_GROUP
from policies.rule import Findings, Severity, options_rule


@options_rule(
    "logs-encrypted-with-own-key",
    on=LOG_GROUP,
    severity=Severity.LOW,
    protects_from="logs readable to whoever may read logs, with no key to revoke",
    fix="set kms_key_id to the ARN of the stack's key.",
)
def logs_encrypted_with_own_key(resource: ResourceValidationArgs) -> Findings:
    """Logs are encrypted with a key of one's own."""
    if not text(resource.props, "kmsKeyId") and not _of_edge_firewall(resource):
        yield "The log group is encrypted with a key of AWS."


def _of_edge_firewall(resource: ResourceValidationArgs) -> bool:
    """CloudFront's firewall logs in us-east-1, where a stack of another region has no key."""
    region = resource.provider.props.get("region") if resource.provider else None
    name = text(resource.props, "name") or resource.name
    return region == "us-east-1" and name.startswith("aws-waf-logs-")
