import pulumi

from components.ecs_cluster import EcsCluster
from tests.recording import Engine

CAPACITY = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
SERVICE = "aws:ecs/service:Service"


def test_whatever_runs_in_it_finds_its_capacity_there(engine: Engine) -> None:
    """ECS refuses a service of a capacity that its cluster does not have yet."""

    def program() -> None:
        cluster = EcsCluster("main", key_arn="arn:key", log_days=14)
        pulumi.CustomResource(SERVICE, "web", {"cluster": cluster.arn})

    engine.build(program)

    assert engine.named(CAPACITY, "main").urn in engine.named(SERVICE, "web").dependencies
