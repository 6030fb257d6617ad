from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_a_service_keeps_what_it_was_given_and_is_steady(client: Client) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="containers")
    ecs.register_task_definition(
        family="api", containerDefinitions=[{"name": "api", "image": "api", "memory": 512}]
    )
    breaker = {"enable": True, "rollback": True}

    ecs.create_service(
        cluster="containers",
        serviceName="api",
        taskDefinition="api",
        desiredCount=2,
        healthCheckGracePeriodSeconds=60,
        deploymentConfiguration={"deploymentCircuitBreaker": breaker},
        capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1, "base": 1}],
    )

    (found,) = ecs.describe_services(cluster="containers", services=["api"])["services"]
    assert found["healthCheckGracePeriodSeconds"] == 60
    assert found["deploymentConfiguration"]["deploymentCircuitBreaker"] == breaker
    assert found["capacityProviderStrategy"][0]["capacityProvider"] == "FARGATE"
    assert found["availabilityZoneRebalancing"] == "DISABLED"
    assert found["runningCount"] == 2
    assert [d["rolloutState"] for d in found["deployments"]] == ["COMPLETED"]


def test_a_new_task_definition_is_rolled_out(client: Client) -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="containers")
    for _ in range(2):
        ecs.register_task_definition(
            family="api", containerDefinitions=[{"name": "api", "image": "api", "memory": 512}]
        )
    ecs.create_service(
        cluster="containers", serviceName="api", taskDefinition="api:1", desiredCount=1
    )

    ecs.update_service(cluster="containers", service="api", taskDefinition="api:2")

    (found,) = ecs.describe_services(cluster="containers", services=["api"])["services"]
    assert [d["taskDefinition"] for d in found["deployments"]] == [found["taskDefinition"]]
    assert found["taskDefinition"].endswith("api:2")
