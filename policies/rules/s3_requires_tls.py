from pulumi_policy import PolicyResource

from policies.documents import statements
from policies.kinds import BUCKET, BUCKET_POLICY
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-requires-tls",
    on=BUCKET,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP S3.5",
        "CIS-5.0 2.1.1",
        "CIS-7.0 3.1.1",
    ),
    protects_from="files read on the way",
    fix="deny s3:* to everyone where aws:SecureTransport is false, on the bucket and its objects.",
)
def s3_requires_tls(bucket: PolicyResource, stack: Stack) -> Findings:
    """A bucket refuses requests in plain text."""
    policies = [each.props for each in stack.pointing_at(bucket, BUCKET_POLICY, by="bucket")]
    if not any(_denies_plain_text(each.get("policy")) for each in [*policies, bucket.props]):
        yield "The bucket answers requests without TLS."


def _denies_plain_text(policy: object) -> bool:
    for statement in statements(policy):
        insecure = statement.condition.get("Bool", {}).get("aws:SecureTransport")
        everything = "s3:*" in statement.actions or "*" in statement.actions
        files = any(resource.endswith("*") for resource in statement.resources)
        if (
            statement.effect == "Deny"
            and str(insecure).lower() == "false"
            and statement.anyone()
            and everything
            and files
        ):
            return True
    return False
