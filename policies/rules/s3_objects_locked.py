from policies.inputs import yes
from policies.kinds import BUCKET
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "s3-objects-locked",
    on=BUCKET,
    severity=Severity.MEDIUM,
    controls=("FSBP S3.15",),
    protects_from="files deleted by whoever has stolen the keys",
    fix="set object_lock_enabled=True (only when the bucket is made).",
    off_because=(
        "it forbids deleting what users ask to be deleted; backups get their lock from the vault"
    ),
)
def s3_objects_locked(props: Props) -> Findings:
    """Files of a bucket cannot be deleted before their time."""
    if not yes(props, "objectLockEnabled"):
        yield "Files can be deleted at once."
