from pulumi_policy import ResourceValidationArgs

from policies.kinds import BUCKET
from policies.rule import Findings, Severity, options_rule


@options_rule(
    "s3-bucket-protected",
    on=BUCKET,
    severity=Severity.MEDIUM,
    protects_from="the loss of files by a destroy, a rename or a replacing change",
    fix="pass ResourceOptions(protect=True).",
    only_in_production=True,
)
def s3_bucket_protected(resource: ResourceValidationArgs) -> Findings:
    """A production bucket cannot be deleted by mistake through Pulumi."""
    if not resource.opts.protect:
        yield "The bucket is not protected."
