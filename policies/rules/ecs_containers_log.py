from policies.documents import containers
from policies.inputs import block, text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-containers-log",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    controls=("FSBP ECS.9",),
    protects_from="a fault or an attack of which nothing remains when the task has ended",
    fix='set "logConfiguration" with the driver awslogs or awsfirelens.',
)
def ecs_containers_log(props: Props) -> Findings:
    """Every container keeps a log outside itself."""
    for container in containers(props):
        if not text(block(container, "logConfiguration"), "logDriver"):
            yield f"Container {text(container, 'name')} has no log."
