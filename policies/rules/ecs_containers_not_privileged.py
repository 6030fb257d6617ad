from policies.documents import containers
from policies.inputs import text, yes
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-containers-not-privileged",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    controls=("FSBP ECS.4",),
    protects_from="a broken application being root on the host",
    fix='leave "privileged" out.',
)
def ecs_containers_not_privileged(props: Props) -> Findings:
    """No container is privileged."""
    for container in containers(props):
        if yes(container, "privileged"):
            yield f"Container {text(container, 'name')} is privileged."
