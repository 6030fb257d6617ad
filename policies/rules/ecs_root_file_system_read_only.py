from policies.documents import containers
from policies.inputs import text, yes
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-root-file-system-read-only",
    on=TASK_DEFINITION,
    severity=Severity.MEDIUM,
    controls=("FSBP ECS.5",),
    protects_from="an intruder changing the program or leaving tools behind",
    fix='set "readonlyRootFilesystem": true and mount a volume where the program writes.',
)
def ecs_root_file_system_read_only(props: Props) -> Findings:
    """A container cannot change its own program."""
    for container in containers(props):
        if not yes(container, "readonlyRootFilesystem"):
            yield f"Container {text(container, 'name')} may write everywhere."
