from policies.documents import containers
from policies.inputs import text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-containers-run-as-user",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    protects_from="a broken application being root, one step from the host",
    fix='set "user" of the container to a name or number other than root.',
)
def ecs_containers_run_as_user(props: Props) -> Findings:
    """No container runs as root."""
    for container in containers(props):
        user = text(container, "user").partition(":")[0]
        if user in ("", "0", "root"):
            yield f"Container {text(container, 'name')} runs as root."
