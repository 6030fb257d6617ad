from policies.kinds import KMS_KEY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "kms-key-rotates",
    on=KMS_KEY,
    severity=Severity.MEDIUM,
    controls=("FSBP KMS.4", "CIS-5.0 3.6", "CIS-7.0 4.6"),
    protects_from="all data of years being open to whoever obtains one key",
    fix="set enable_key_rotation=True.",
)
def kms_key_rotates(props: Props) -> Findings:
    """A symmetric key is rotated every year."""
    spec = props.get("customerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    rotatable = spec == "SYMMETRIC_DEFAULT" and not props.get("customKeyStoreId")
    if rotatable and props.get("enableKeyRotation") is not True:
        yield "The key never rotates."
