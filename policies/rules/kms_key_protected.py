from pulumi_policy import ResourceValidationArgs

from policies.kinds import KMS_KEY
from policies.rule import Findings, Severity, options_rule


@options_rule(
    "kms-key-protected",
    on=KMS_KEY,
    severity=Severity.HIGH,
    controls=("FSBP KMS.3",),
    protects_from=(
        "the loss of everything the key encrypts, by a destroy, a rename or a replacing change"
    ),
    fix="pass ResourceOptions(protect=True).",
    only_in_production=True,
)
def kms_key_protected(resource: ResourceValidationArgs) -> Findings:
    """A production key cannot be deleted by mistake through Pulumi."""
    if not resource.opts.protect:
        yield "The key is not protected."
