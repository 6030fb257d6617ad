from policies.documents import containers
from policies.inputs import text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-images-not-latest",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    protects_from="two tasks of one service running different programs",
    fix="name a version or a digest.",
)
def ecs_images_not_latest(props: Props) -> Findings:
    """No container runs an image called latest."""
    for container in containers(props):
        name = text(container, "image").rpartition("/")[2]
        if "@" not in name and (name.endswith(":latest") or ":" not in name):
            yield f"Container {text(container, 'name')} runs the latest image, whichever it is."
