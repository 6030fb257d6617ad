from policies.inputs import block, yes
from policies.kinds import ECS_SERVICE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-services-have-no-public-ip",
    on=ECS_SERVICE,
    severity=Severity.HIGH,
    controls=("FSBP ECS.2",),
    protects_from="direct attacks on tasks, around load balancer and firewall",
    fix="set assign_public_ip=False in network_configuration.",
)
def ecs_services_have_no_public_ip(props: Props) -> Findings:
    """No task has a public address."""
    if yes(block(props, "networkConfiguration"), "assignPublicIp"):
        yield "The service's tasks get public addresses."
