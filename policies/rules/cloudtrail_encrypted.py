from policies.inputs import text
from policies.kinds import TRAIL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudtrail-encrypted",
    on=TRAIL,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP CloudTrail.2",
        "CIS-5.0 3.5",
        "CIS-7.0 4.5",
    ),
    protects_from="the record of all activity being read by whoever may read the bucket",
    fix="set kms_key_id.",
)
def cloudtrail_encrypted(props: Props) -> Findings:
    """A trail is encrypted with a key of one's own."""
    if not text(props, "kmsKeyId"):
        yield "The trail is encrypted with a key of Amazon."
