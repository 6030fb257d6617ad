from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_a_target_is_as_healthy_as_it_was_observed_to_be(client: Client) -> None:
    from localcloud.control_plane.cloud import MotoCloud

    balancers, ec2 = client("elbv2"), client("ec2")
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = balancers.create_target_group(
        Name="web", Protocol="HTTP", Port=8080, VpcId=network, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    balancers.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.4", "Port": 8080}])
    cloud = MotoCloud("", lambda generation: None)

    def health() -> tuple[str, str | None]:
        (found,) = balancers.describe_target_health(TargetGroupArn=group)[
            "TargetHealthDescriptions"
        ]
        return found["TargetHealth"]["State"], found["TargetHealth"].get("Reason")

    with cloud.changing():
        cloud.set_target_health("eu-west-1", group, "10.0.0.4", 8080, "unhealthy")
    assert health() == ("unhealthy", "Target.FailedHealthChecks")
    with cloud.changing():
        cloud.set_target_health("eu-west-1", group, "10.0.0.4", 8080, "healthy")
    assert health() == ("healthy", None)
