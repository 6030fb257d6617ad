from pulumi_policy import ResourceValidationArgs

from policies.kinds import REPLICATION_GROUP
from policies.rule import Findings, Severity, options_rule


@options_rule(
    "elasticache-protected",
    on=REPLICATION_GROUP,
    severity=Severity.MEDIUM,
    protects_from="the loss of jobs and sessions by a destroy, a rename or a replacing change",
    fix="pass ResourceOptions(protect=True).",
    only_in_production=True,
)
def elasticache_protected(resource: ResourceValidationArgs) -> Findings:
    """A production cache cannot be deleted by mistake through Pulumi."""
    if not resource.opts.protect:
        yield "The cache is not protected."
