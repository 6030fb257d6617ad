from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def test_a_zone_made_for_a_network_is_private(client: Client) -> None:
    dns = client("route53")
    network = {"VPCRegion": "eu-west-1", "VPCId": "vpc-1"}

    made = dns.create_hosted_zone(Name="internal.test", CallerReference="one", VPC=network)

    shown = dns.get_hosted_zone(Id=made["HostedZone"]["Id"])
    assert shown["HostedZone"]["Config"]["PrivateZone"] is True
    assert shown["VPCs"] == [network]
    dns.associate_vpc_with_hosted_zone(
        HostedZoneId=made["HostedZone"]["Id"], VPC={**network, "VPCId": "vpc-2"}
    )


def test_a_zone_made_for_none_is_public(client: Client) -> None:
    dns = client("route53")

    made = dns.create_hosted_zone(Name="example.test", CallerReference="two")

    assert made["HostedZone"]["Config"]["PrivateZone"] is False
    assert made["DelegationSet"]["NameServers"]
