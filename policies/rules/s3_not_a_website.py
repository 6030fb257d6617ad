from policies.inputs import block
from policies.kinds import BUCKET_WEBSITE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "s3-not-a-website",
    on=BUCKET_WEBSITE,
    severity=Severity.MEDIUM,
    protects_from="pages changed on the way, as a bucket's own website speaks plain HTTP only",
    fix="serve the bucket through CloudFront.",
)
def s3_not_a_website(props: Props) -> Findings:
    """A bucket serves no website by itself."""
    if not block(props, "redirectAllRequestsTo"):
        yield "The bucket serves pages over plain HTTP."
