from policies.documents import statements
from policies.kinds import BUCKET, BUCKET_POLICY
from policies.rule import Findings, Props, Severity, resource_rule

CONTROL = {
    "*",
    "s3:*",
    "s3:deletebucketpolicy",
    "s3:putbucketacl",
    "s3:putbucketpolicy",
    "s3:putencryptionconfiguration",
    "s3:putobjectacl",
}


@resource_rule(
    "s3-policy-keeps-control",
    on=(*BUCKET_POLICY, *BUCKET),
    severity=Severity.HIGH,
    controls=("FSBP S3.6",),
    protects_from="another account opening or locking the bucket",
    fix="grant reading and writing of objects only; leave the settings to this account's roles.",
)
def s3_policy_keeps_control(props: Props) -> Findings:
    """No bucket policy lets a principal change the bucket's own settings."""
    for statement in statements(props.get("policy")):
        taken = sorted(CONTROL.intersection(action.lower() for action in statement.actions))
        if statement.allows and taken:
            yield f"The policy allows {', '.join(taken)}."
