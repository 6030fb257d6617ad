from policies.inputs import text
from policies.kinds import DISTRIBUTION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudfront-has-web-acl",
    on=DISTRIBUTION,
    severity=Severity.MEDIUM,
    controls=("FSBP CloudFront.6",),
    protects_from="known exploits, scanners and floods reaching the application",
    fix="set web_acl_id to the ARN of a WAFv2 web ACL of scope CLOUDFRONT.",
    only_in_production=True,
)
def cloudfront_has_web_acl(props: Props) -> Findings:
    """A distribution stands behind a web application firewall."""
    if not text(props, "webAclId"):
        yield "The distribution has no web ACL."
