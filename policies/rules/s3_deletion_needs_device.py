from pulumi_policy import PolicyResource

from policies.inputs import block
from policies.kinds import BUCKET, BUCKET_VERSIONING
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "s3-deletion-needs-device",
    on=BUCKET,
    severity=Severity.LOW,
    controls=(
        "FSBP S3.20",
        "CIS-5.0 2.1.2",
        "CIS-7.0 3.1.2",
    ),
    protects_from="files deleted by whoever has stolen the keys",
    fix="enable MFA delete as the root user, with its device.",
    off_because="only the root user can set it, by hand, and no lifecycle rule works with it",
)
def s3_deletion_needs_device(bucket: PolicyResource, stack: Stack) -> Findings:
    """Former versions are deleted only with the root user's device."""
    apart = stack.pointing_at(bucket, BUCKET_VERSIONING, by="bucket")
    guarded = [
        block(each.props, "versioningConfiguration").get("mfaDelete") == "Enabled" for each in apart
    ]
    if not any(guarded):
        yield "Former versions can be deleted without a device."
