from policies.documents import containers
from policies.inputs import blocks, text
from policies.kinds import TASK_DEFINITION
from policies.rule import Findings, Props, Severity, resource_rule
from policies.secret_text import is_reference, named_like_secret, secret_in


@resource_rule(
    "ecs-no-secret-in-environment",
    on=TASK_DEFINITION,
    severity=Severity.CRITICAL,
    controls=("FSBP ECS.8",),
    protects_from="secrets shown to everyone who may describe a task, and kept in state",
    fix="give the variable by `secrets` with valueFrom the ARN of a secret.",
)
def ecs_no_secret_in_environment(props: Props) -> Findings:
    """A container gets its secrets by reference, never as a plain variable."""
    for container in containers(props):
        for variable in blocks(container, "environment"):
            name, value = text(variable, "name"), text(variable, "value")
            if (named_like_secret(name) and not is_reference(value)) or secret_in(value):
                yield f"Container {text(container, 'name')} gets {name} as a plain value."
