from policies.inputs import blocks, text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-no-host-paths",
    on=TASK_DEFINITION,
    severity=Severity.HIGH,
    protects_from="a container that reads or changes the files of its host, or drives its engine",
    fix="use a task-owned, EFS or EBS volume.",
)
def ecs_no_host_paths(props: Props) -> Findings:
    """A task mounts nothing of its host."""
    for volume in blocks(props, "volumes"):
        if text(volume, "hostPath"):
            yield f"Volume {text(volume, 'name')} is a path of the host."
