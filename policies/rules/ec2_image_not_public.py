from policies.inputs import text
from policies.kinds import IMAGE_PERMISSION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-image-not-public",
    on=IMAGE_PERMISSION,
    severity=Severity.CRITICAL,
    protects_from="everything on the image, secrets included, being anyone's to copy",
    fix="share with named account ids.",
)
def ec2_image_not_public(props: Props) -> Findings:
    """A machine image is not shared with everyone."""
    if text(props, "group") == "all":
        yield "The image is shared with every AWS account."
