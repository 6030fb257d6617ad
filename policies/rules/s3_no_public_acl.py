from policies.inputs import block, blocks, text
from policies.kinds import BUCKET, BUCKET_ACL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "s3-no-public-acl",
    on=(*BUCKET, *BUCKET_ACL),
    severity=Severity.CRITICAL,
    controls=(
        "FSBP S3.2",
        "FSBP S3.3",
    ),
    protects_from="files being readable or writable by anyone",
    fix="leave the ACL out; give access by policy to named principals.",
)
def s3_no_public_acl(props: Props) -> Findings:
    """No access list opens a bucket to everyone."""
    if text(props, "acl").startswith("public-") or text(props, "acl") == "authenticated-read":
        yield f"The bucket's ACL is {text(props, 'acl')}."
    listed = block(props, "accessControlPolicy")
    for grant in [*blocks(props, "grants"), *blocks(listed, "grants")]:
        uri = text(grant, "uri") or text(block(grant, "grantee"), "uri")
        if uri.endswith(("/AllUsers", "/AuthenticatedUsers")):
            yield f"An access list grants to {uri.rpartition('/')[2]}."
