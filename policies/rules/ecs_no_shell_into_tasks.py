from policies.inputs import yes
from policies.kinds import ECS_SERVICE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-no-shell-into-tasks",
    on=ECS_SERVICE,
    severity=Severity.MEDIUM,
    protects_from="whoever may call ECS reading secrets out of a running task",
    fix="leave enable_execute_command off.",
    only_in_production=True,
)
def ecs_no_shell_into_tasks(props: Props) -> Findings:
    """No shell can be opened in a production task."""
    if yes(props, "enableExecuteCommand"):
        yield "A shell can be opened in the service's tasks."
