from collections.abc import Callable
from typing import Any

import pytest

Client = Callable[[str], Any]


def launched(ec2: Any, **given: Any) -> str:
    made = ec2.run_instances(ImageId="ami-0deb13a0000000001", MinCount=1, MaxCount=1, **given)
    return made["Instances"][0]["InstanceId"]


def test_monitoring_can_be_turned_on_and_off(client: Client) -> None:
    ec2 = client("ec2")
    name = launched(ec2)

    def state() -> str:
        found = ec2.describe_instances(InstanceIds=[name])
        return found["Reservations"][0]["Instances"][0]["Monitoring"]["State"]

    ec2.monitor_instances(InstanceIds=[name])
    assert state() == "enabled"
    ec2.unmonitor_instances(InstanceIds=[name])
    assert state() == "disabled"


def test_maintenance_options_are_kept_and_can_be_changed(client: Client) -> None:
    ec2 = client("ec2")
    name = launched(ec2, MaintenanceOptions={"AutoRecovery": "disabled"})

    def recovery() -> str:
        found = ec2.describe_instances(InstanceIds=[name])
        return found["Reservations"][0]["Instances"][0]["MaintenanceOptions"]["AutoRecovery"]

    assert recovery() == "disabled"
    ec2.modify_instance_maintenance_options(InstanceId=name, AutoRecovery="default")
    assert recovery() == "default"


def test_a_templates_own_tags_are_not_its_instances(client: Client) -> None:
    ec2 = client("ec2")
    made = ec2.create_launch_template(
        LaunchTemplateName="worker",
        LaunchTemplateData={"ImageId": "ami-0deb13a0000000001"},
        TagSpecifications=[
            {"ResourceType": "launch-template", "Tags": [{"Key": "Stack", "Value": "test"}]}
        ],
    )["LaunchTemplate"]

    versions = ec2.describe_launch_template_versions(LaunchTemplateId=made["LaunchTemplateId"])
    assert made["Tags"] == [{"Key": "Stack", "Value": "test"}]
    assert "TagSpecifications" not in versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def test_the_images_of_the_stacks_exist(client: Client) -> None:
    images = client("ec2").describe_images(Owners=["136693071363"])["Images"]

    assert {image["Architecture"] for image in images} == {"x86_64", "arm64"}


@pytest.mark.parametrize("end", ["group", "prefixes"])
def test_a_rule_keeps_its_description_whatever_its_other_end(client: Client, end: str) -> None:
    ec2 = client("ec2")
    group = ec2.create_security_group(GroupName="web", Description="-")["GroupId"]
    prefixes = ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    ends: dict[str, Any] = {
        "group": {"UserIdGroupPairs": [{"GroupId": group, "Description": "from web"}]},
        "prefixes": {"PrefixListIds": [{"PrefixListId": prefixes, "Description": "from web"}]},
    }

    made = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **ends[end]}],
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    (shown,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made])["SecurityGroupRules"]
    assert shown["Description"] == "from web"
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[made])
    assert not ec2.describe_security_group_rules(
        Filters=[{"Name": "security-group-rule-id", "Values": [made]}]
    )["SecurityGroupRules"]


def test_an_instance_without_a_public_address_shows_none(client: Client) -> None:
    ec2 = client("ec2")
    network = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    private = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": False}
    public = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}

    def association(interface: dict[str, object]) -> object:
        name = launched(ec2, NetworkInterfaces=[interface])
        found = ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
        return found["NetworkInterfaces"][0].get("Association")

    assert association(private) is None
    assert association(public) is not None


def test_options_of_a_network_have_their_tags(client: Client) -> None:
    made = client("ec2").create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name", "Values": ["internal.test"]}],
        TagSpecifications=[
            {"ResourceType": "dhcp-options", "Tags": [{"Key": "Stack", "Value": "test"}]}
        ],
    )

    assert made["DhcpOptions"]["Tags"] == [{"Key": "Stack", "Value": "test"}]
