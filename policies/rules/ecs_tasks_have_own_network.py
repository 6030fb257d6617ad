from policies.inputs import text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-tasks-have-own-network",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    controls=("FSBP ECS.1",),
    protects_from="containers sharing the host's network and the services on its loopback",
    fix='set network_mode="awsvpc".',
)
def ecs_tasks_have_own_network(props: Props) -> Findings:
    """A task has a network interface and security groups of its own."""
    if props.get("networkMode") != "awsvpc":
        yield f"The task's network mode is {text(props, 'networkMode') or 'bridge'}."
