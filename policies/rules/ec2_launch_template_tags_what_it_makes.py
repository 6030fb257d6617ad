from policies.inputs import blocks, text
from policies.kinds import LAUNCH_TEMPLATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-launch-template-tags-what-it-makes",
    on=LAUNCH_TEMPLATE,
    severity=Severity.LOW,
    protects_from="hosts and disks of which no one knows whose they are and what they cost",
    fix='add tag_specifications for "instance" and "volume".',
)
def ec2_launch_template_tags_what_it_makes(props: Props) -> Findings:
    """What a launch template starts carries tags, which it does not inherit."""
    tagged = {text(spec, "resourceType") for spec in blocks(props, "tagSpecifications")}
    for kind in ("instance", "volume"):
        if kind not in tagged:
            yield f"Each {kind} it makes is untagged."
