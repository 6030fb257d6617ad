"""Networks, instances, volumes and Auto Scaling."""

from policies.rules.ec2_instance_requires_imdsv2 import ec2_instance_requires_imdsv2
from policies.rules.ec2_ssh_not_open_to_world import ec2_ssh_not_open_to_world
from policies.testing import Declared
from tests.policies.table import ABSENT, Case, unknown

INGRESS = Declared(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    {
        "securityGroupId": "sg-1",
        "ipProtocol": "tcp",
        "fromPort": 22,
        "toPort": 22,
        "cidrIpv4": "198.51.100.0/24",
    },
)
INSTANCE = Declared(
    "aws:ec2/instance:Instance",
    {"ami": "ami-1", "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required"}},
)

CASES = [
    Case(
        ec2_ssh_not_open_to_world,
        [INGRESS],
        refused=[
            {"cidrIpv4": "0.0.0.0/0"},
            {"cidrIpv4": ABSENT, "cidrIpv6": "::/0"},
            {"cidrIpv4": "0.0.0.0/0", "fromPort": 20, "toPort": 30},
            {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "-1", "fromPort": ABSENT, "toPort": ABSENT},
        ],
        unknown=unknown("cidrIpv4"),
        allowed=[{"cidrIpv4": "0.0.0.0/0", "fromPort": 443, "toPort": 443}],
    ),
    Case(
        ec2_instance_requires_imdsv2,
        [INSTANCE],
        refused=[{"metadataOptions.httpTokens": "optional"}, {"metadataOptions": ABSENT}],
        unknown=unknown("metadataOptions.httpTokens"),
        allowed=[{"metadataOptions": {"httpEndpoint": "disabled"}}],
    ),
]
