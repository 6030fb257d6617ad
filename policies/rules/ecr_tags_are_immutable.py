from policies.inputs import text
from policies.kinds import REPOSITORY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecr-tags-are-immutable",
    on=REPOSITORY,
    severity=Severity.MEDIUM,
    controls=("FSBP ECR.2",),
    protects_from="a tested version being overwritten by another under its name",
    fix='set image_tag_mutability="IMMUTABLE".',
)
def ecr_tags_are_immutable(props: Props) -> Findings:
    """A tag stays with its image for ever."""
    if text(props, "imageTagMutability") not in ("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"):
        yield "A tag can be moved to another image."
