from policies.inputs import block
from policies.kinds import ACCESS_POINT
from policies.rule import Findings, Props, Severity, resource_rule

FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@resource_rule(
    "s3-access-point-blocks-public",
    on=ACCESS_POINT,
    severity=Severity.CRITICAL,
    controls=("FSBP S3.19",),
    protects_from="files becoming public through a side door",
    fix="leave public_access_block_configuration out, or set all four flags True.",
)
def s3_access_point_blocks_public(props: Props) -> Findings:
    """An access point can never be made public."""
    flags = block(props, "publicAccessBlockConfiguration")
    for flag in FLAGS:
        if flags.get(flag) is False:
            yield f"The access point has {flag} off."
