from pulumi_policy import PolicyResource

from policies.kinds import BUCKET, BUCKET_LOGGING, TRAIL
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "cloudtrail-bucket-logs-access",
    on=TRAIL,
    severity=Severity.LOW,
    controls=(
        "FSBP CloudTrail.7",
        "CIS-5.0 3.4",
        "CIS-7.0 4.4",
    ),
    protects_from="not knowing who read or removed the record of activity",
    fix="add a BucketLogging for the trail's bucket.",
)
def cloudtrail_bucket_logs_access(trail: PolicyResource, stack: Stack) -> Findings:
    """The bucket of a trail records who reads it."""
    for bucket in stack.referred(trail, "s3BucketName", BUCKET):
        if not stack.pointing_at(bucket, BUCKET_LOGGING, by="bucket"):
            yield "The trail's bucket records no access."
