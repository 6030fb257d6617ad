from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_monitoring_can_be_turned_on_and_off(client: Client) -> None:
    ec2 = client("ec2")
    made = ec2.run_instances(ImageId="ami-0deb13a0000000001", MinCount=1, MaxCount=1)
    name = made["Instances"][0]["InstanceId"]

    def state() -> str:
        found = ec2.describe_instances(InstanceIds=[name])
        return found["Reservations"][0]["Instances"][0]["Monitoring"]["State"]

    ec2.monitor_instances(InstanceIds=[name])
    assert state() == "enabled"
    ec2.unmonitor_instances(InstanceIds=[name])
    assert state() == "disabled"
