from policies.documents import containers
from policies.inputs import text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-images-pinned",
    on=TASK_DEFINITION,
    severity=Severity.MEDIUM,
    protects_from="running something other than what was tested, and from a rollback to nothing",
    fix="refer to the image by its digest (name@sha256:...).",
    only_in_production=True,
)
def ecs_images_pinned(props: Props) -> Findings:
    """A production container runs one exact image."""
    for container in containers(props):
        if "@sha256:" not in text(container, "image"):
            yield f"Container {text(container, 'name')} runs whatever its tag points at."
