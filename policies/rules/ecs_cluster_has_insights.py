from policies.inputs import blocks, text
from policies.kinds import ECS_CLUSTER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecs-cluster-has-insights",
    on=ECS_CLUSTER,
    severity=Severity.MEDIUM,
    controls=("FSBP ECS.12",),
    protects_from="not seeing which task restarts or runs out of memory",
    fix='set settings=[{name: "containerInsights", value: "enabled"}].',
    only_in_production=True,
)
def ecs_cluster_has_insights(props: Props) -> Findings:
    """A cluster measures its tasks."""
    settings = {text(each, "name"): each.get("value") for each in blocks(props, "settings")}
    if settings.get("containerInsights") not in ("enabled", "enhanced"):
        yield "The cluster has no Container Insights."
