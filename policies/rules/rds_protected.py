from pulumi_policy import ResourceValidationArgs

from policies.kinds import DATABASE, DATABASE_CLUSTER
from policies.rule import Findings, Severity, options_rule


@options_rule(
    "rds-protected",
    on=(*DATABASE, *DATABASE_CLUSTER),
    severity=Severity.MEDIUM,
    protects_from="the loss of data by a destroy, a rename or a replacing change",
    fix="pass ResourceOptions(protect=True).",
    only_in_production=True,
)
def rds_protected(resource: ResourceValidationArgs) -> Findings:
    """A production database cannot be deleted by mistake through Pulumi."""
    if not resource.props.get("replicateSourceDb") and not resource.opts.protect:
        yield "The database is not protected."
