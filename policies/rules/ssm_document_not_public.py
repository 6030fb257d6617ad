from policies.inputs import block, text
from policies.kinds import SSM_DOCUMENT
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ssm-document-not-public",
    on=SSM_DOCUMENT,
    severity=Severity.CRITICAL,
    controls=("FSBP SSM.4",),
    protects_from="anyone reading what is run on the hosts",
    fix="share with named account ids.",
)
def ssm_document_not_public(props: Props) -> Findings:
    """A document of Systems Manager is not shared with everyone."""
    if "all" in text(block(props, "permissions"), "accountIds").lower().split(","):
        yield "The document is shared with every AWS account."
