from policies.inputs import text
from policies.kinds import ECS_SERVICE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-platform-version-is-latest",
    on=ECS_SERVICE,
    severity=Severity.MEDIUM,
    controls=("FSBP ECS.10",),
    protects_from="known holes in the platform that runs the tasks",
    fix='leave platform_version out, or set "LATEST".',
)
def ecs_platform_version_is_latest(props: Props) -> Findings:
    """A service runs on the latest Fargate platform."""
    if text(props, "platformVersion") not in ("", "LATEST"):
        yield f"The service is held at platform {text(props, 'platformVersion')}."
