from policies.kinds import ACCESS_POINT, BUCKET, BUCKET_POLICY
from policies.policy_checks import open_to_anyone
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "s3-policy-not-public",
    on=(*BUCKET_POLICY, *BUCKET, *ACCESS_POINT),
    severity=Severity.CRITICAL,
    controls=(
        "FSBP S3.2",
        "FSBP S3.3",
        "CIS-7.0 2.21",
    ),
    protects_from="files being readable or writable by anyone",
    fix="name the principals, or set a condition on the account, organization or distribution.",
)
def s3_policy_not_public(props: Props) -> Findings:
    """No policy opens a bucket to everyone."""
    if open_to_anyone(props.get("policy")):
        yield "The policy allows everyone."
