from collections.abc import Iterator

from pulumi_policy import ResourceValidationArgs

from policies.documents import parsed
from policies.inputs import block
from policies.kinds import (
    BUCKET,
    DATABASE,
    DATABASE_CLUSTER,
    DISTRIBUTION,
    EBS_VOLUME,
    ECS_SERVICE,
    INSTANCE,
    KMS_KEY,
    LOAD_BALANCER,
    REPLICATION_GROUP,
    SECRET,
    VPC,
)
from policies.rule import Findings, Severity, options_rule

TAGGED = (
    *INSTANCE,
    *EBS_VOLUME,
    *DATABASE,
    *DATABASE_CLUSTER,
    *REPLICATION_GROUP,
    *BUCKET,
    *LOAD_BALANCER,
    *DISTRIBUTION,
    *ECS_SERVICE,
    *KMS_KEY,
    *SECRET,
    *VPC,
)
REQUIRED = (("owner",), ("stack", "environment"), ("managed-by", "managedby"))


@options_rule(
    "tags-are-complete",
    on=TAGGED,
    severity=Severity.LOW,
    protects_from=(
        "resources of which no one knows whose they are, what they belong to and what they cost"
    ),
    fix="set owner, stack and managed-by once, as default_tags of the provider.",
)
def tags_are_complete(resource: ResourceValidationArgs) -> Findings:
    """What costs money or holds data names its owner, its stack and what manages it."""
    given = {key.lower().replace("_", "-") for key in _tags(resource)}
    missing = [" or ".join(names) for names in REQUIRED if not given.intersection(names)]
    if missing:
        yield f"Tags are missing: {', '.join(missing)}."


def _tags(resource: ResourceValidationArgs) -> Iterator[str]:
    yield from block(resource.props, "tags")
    if resource.provider is not None:
        # A provider's nested settings travel as JSON.
        defaults = parsed(resource.provider.props.get("defaultTags"))
        yield from block(defaults or {}, "tags")
