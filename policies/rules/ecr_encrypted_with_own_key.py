from policies.inputs import blocks, text
from policies.kinds import REPOSITORY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecr-encrypted-with-own-key",
    on=REPOSITORY,
    severity=Severity.LOW,
    protects_from="images readable to whoever gets hold of the storage, with no key to revoke",
    fix='set encryption_configurations with encryption_type="KMS" and the stack\'s key.',
)
def ecr_encrypted_with_own_key(props: Props) -> Findings:
    """Images are encrypted with a key of one's own."""
    kinds = [text(each, "encryptionType") for each in blocks(props, "encryptionConfigurations")]
    if not any(kind.startswith("KMS") for kind in kinds):
        yield "Images are encrypted with a key of AWS."
