from policies.inputs import number
from policies.kinds import KMS_KEY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "kms-key-deleted-slowly",
    on=KMS_KEY,
    severity=Severity.HIGH,
    controls=("FSBP KMS.3",),
    protects_from="all data of a key being lost before anyone notices",
    fix="leave deletion_window_in_days out (30), or set at least 14.",
    only_in_production=True,
)
def kms_key_deleted_slowly(props: Props) -> Findings:
    """A production key can be brought back for two weeks or more."""
    if number(props, "deletionWindowInDays", 30) < 14:
        yield "The key is gone a few days after its deletion."
