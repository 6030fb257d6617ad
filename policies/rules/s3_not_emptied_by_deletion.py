from policies.inputs import yes
from policies.kinds import BUCKET
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "s3-not-emptied-by-deletion",
    on=BUCKET,
    severity=Severity.HIGH,
    protects_from="the loss of all files by a rename, a replacement or a destroy",
    fix="leave force_destroy off.",
    only_in_production=True,
)
def s3_not_emptied_by_deletion(props: Props) -> Findings:
    """A production bucket with files in it cannot be deleted."""
    if yes(props, "forceDestroy"):
        yield "Deleting the bucket deletes its files."
