from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_a_scalable_target_has_tags(client: Client) -> None:
    ecs, scaling = client("ecs"), client("application-autoscaling")
    ecs.create_cluster(clusterName="containers")
    ecs.register_task_definition(
        family="api", containerDefinitions=[{"name": "api", "image": "api", "memory": 512}]
    )
    ecs.create_service(cluster="containers", serviceName="api", taskDefinition="api")
    arn = scaling.register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/containers/api",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=2,
        Tags={"Role": "api", "Old": "yes"},
    )["ScalableTargetARN"]

    scaling.tag_resource(ResourceARN=arn, Tags={"Stack": "test"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Old"])

    tags = scaling.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == {"Role": "api", "Stack": "test"}
