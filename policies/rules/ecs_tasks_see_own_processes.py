from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-tasks-see-own-processes",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    controls=("FSBP ECS.3",),
    protects_from="a container reading the memory and environment of its neighbours",
    fix='leave pid_mode and ipc_mode unset, or set "task".',
)
def ecs_tasks_see_own_processes(props: Props) -> Findings:
    """A task does not share the processes of its host."""
    for key in ("pidMode", "ipcMode"):
        if props.get(key) == "host":
            yield f"The task shares the host's {key[:3].upper()} namespace."
