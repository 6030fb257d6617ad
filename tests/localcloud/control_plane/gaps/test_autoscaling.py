from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_a_policy_is_enabled_and_predicts_only_if_told_to(client: Client) -> None:
    scaling, ec2 = client("autoscaling"), client("ec2")
    scaling.create_launch_configuration(
        LaunchConfigurationName="worker",
        ImageId="ami-0deb13a0000000001",
        InstanceType="t3.small",
    )
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="workers",
        LaunchConfigurationName="worker",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=[zone],
    )
    scaling.put_scaling_policy(
        AutoScalingGroupName="workers",
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 60,
        },
    )

    (policy,) = scaling.describe_policies(AutoScalingGroupName="workers")["ScalingPolicies"]

    assert policy["Enabled"] is True
    assert "PredictiveScalingConfiguration" not in policy
