from pulumi_policy import PolicyResource

from policies.kinds import REPOSITORY, REPOSITORY_LIFECYCLE
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "ecr-has-lifecycle",
    on=REPOSITORY,
    severity=Severity.MEDIUM,
    controls=("FSBP ECR.3",),
    protects_from="paying for every image ever built, and from running a forgotten one",
    fix="add a LifecyclePolicy for the repository.",
)
def ecr_has_lifecycle(repository: PolicyResource, stack: Stack) -> Findings:
    """Old images are removed."""
    if not stack.pointing_at(repository, REPOSITORY_LIFECYCLE, by="repository"):
        yield "The repository keeps every image for ever."
