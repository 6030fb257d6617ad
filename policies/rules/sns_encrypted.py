from policies.inputs import text
from policies.kinds import TOPIC
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "sns-encrypted",
    on=TOPIC,
    severity=Severity.MEDIUM,
    controls=("FSBP SNS.1",),
    protects_from="messages readable to whoever gets hold of the storage",
    fix="set kms_master_key_id to the stack's key.",
)
def sns_encrypted(props: Props) -> Findings:
    """Messages of a topic are stored encrypted."""
    if not text(props, "kmsMasterKeyId"):
        yield "The topic is not encrypted."
