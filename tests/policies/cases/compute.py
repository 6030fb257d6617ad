"""Networks, instances, volumes and Auto Scaling."""

import base64

from policies.rules.autoscaling_launch_configuration_has_no_public_ip import (
    autoscaling_launch_configuration_has_no_public_ip,
)
from policies.rules.autoscaling_several_types import autoscaling_several_types
from policies.rules.autoscaling_several_zones import autoscaling_several_zones
from policies.rules.autoscaling_uses_launch_template import autoscaling_uses_launch_template
from policies.rules.autoscaling_uses_load_balancer_health import (
    autoscaling_uses_load_balancer_health,
)
from policies.rules.ebs_encryption_by_default_stays_on import ebs_encryption_by_default_stays_on
from policies.rules.ebs_volume_encrypted import ebs_volume_encrypted
from policies.rules.ec2_cifs_not_open_to_world import ec2_cifs_not_open_to_world
from policies.rules.ec2_client_vpn_logs import ec2_client_vpn_logs
from policies.rules.ec2_data_ports_only_by_group import ec2_data_ports_only_by_group
from policies.rules.ec2_default_security_group_empty import ec2_default_security_group_empty
from policies.rules.ec2_elastic_ip_used import ec2_elastic_ip_used
from policies.rules.ec2_flow_log_records_refusals import ec2_flow_log_records_refusals
from policies.rules.ec2_image_not_public import ec2_image_not_public
from policies.rules.ec2_instance_has_no_public_ip import ec2_instance_has_no_public_ip
from policies.rules.ec2_instance_has_role import ec2_instance_has_role
from policies.rules.ec2_instance_has_security_group import ec2_instance_has_security_group
from policies.rules.ec2_instance_not_paravirtual import ec2_instance_not_paravirtual
from policies.rules.ec2_instance_requires_imdsv2 import ec2_instance_requires_imdsv2
from policies.rules.ec2_instance_single_interface import ec2_instance_single_interface
from policies.rules.ec2_instance_volumes_encrypted import ec2_instance_volumes_encrypted
from policies.rules.ec2_launch_template_has_no_public_ip import (
    ec2_launch_template_has_no_public_ip,
)
from policies.rules.ec2_launch_template_requires_imdsv2 import (
    ec2_launch_template_requires_imdsv2,
)
from policies.rules.ec2_launch_template_tags_what_it_makes import (
    ec2_launch_template_tags_what_it_makes,
)
from policies.rules.ec2_launch_template_volumes_encrypted import (
    ec2_launch_template_volumes_encrypted,
)
from policies.rules.ec2_metadata_stays_on_host import ec2_metadata_stays_on_host
from policies.rules.ec2_network_acl_no_admin_ports import ec2_network_acl_no_admin_ports
from policies.rules.ec2_network_acl_used import ec2_network_acl_used
from policies.rules.ec2_only_web_ports_open_to_world import ec2_only_web_ports_open_to_world
from policies.rules.ec2_rdp_not_open_to_world import ec2_rdp_not_open_to_world
from policies.rules.ec2_risky_ports_not_open_to_world import (
    RISKY,
    ec2_risky_ports_not_open_to_world,
)
from policies.rules.ec2_security_group_described import ec2_security_group_described
from policies.rules.ec2_security_group_rules_in_one_place import (
    ec2_security_group_rules_in_one_place,
)
from policies.rules.ec2_ssh_not_open_to_world import ec2_ssh_not_open_to_world
from policies.rules.ec2_subnet_gives_no_public_ip import ec2_subnet_gives_no_public_ip
from policies.rules.ec2_transit_gateway_asks import ec2_transit_gateway_asks
from policies.rules.ec2_user_data_without_secrets import ec2_user_data_without_secrets
from policies.rules.ec2_vpc_flow_logs import ec2_vpc_flow_logs
from policies.rules.ec2_vpc_reaches_ec2_privately import ec2_vpc_reaches_ec2_privately
from policies.rules.ec2_vpc_reaches_s3_privately import ec2_vpc_reaches_s3_privately
from policies.rules.ec2_world_enters_by_load_balancer import ec2_world_enters_by_load_balancer
from policies.rules.efs_encrypted import efs_encrypted
from policies.testing import UNKNOWN, Declared
from tests.policies.table import ABSENT, Case, Change, as_type, both, on, plus, unknown, without

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
WORLD = {"cidrIpv4": "0.0.0.0/0"}
WEB = {**WORLD, "fromPort": 443, "toPort": 443}
EVERYTHING = {**WORLD, "ipProtocol": "-1", "fromPort": ABSENT, "toPort": ABSENT}


def ports(first: int, last: int | None = None) -> dict[str, object]:
    return {"fromPort": first, "toPort": first if last is None else last}


def old_rule(**props: object) -> Change:
    """The same opening as a SecurityGroupRule, the resource of before."""
    return as_type(
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        {"type": "ingress", "protocol": "tcp", **props},
    )


def inline(**rule: object) -> Change:
    """The same opening written inside the group."""
    return as_type(
        "aws:ec2/securityGroup:SecurityGroup",
        {"description": "web", "ingress": [{"protocol": "tcp", **rule}]},
    )


INSTANCE = Declared(
    "aws:ec2/instance:Instance",
    {
        "ami": "ami-1",
        "instanceType": "t4g.small",
        "associatePublicIpAddress": False,
        "iamInstanceProfile": "web",
        "vpcSecurityGroupIds": ["sg-1"],
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required"},
        "rootBlockDevice": {"encrypted": True},
        "ebsBlockDevices": [{"deviceName": "/dev/sdf", "encrypted": True}],
        "networkInterfaces": [{"deviceIndex": 0, "networkInterfaceId": "eni-1"}],
        "userData": "#!/bin/sh\necho started\n",
        "tags": {"Name": "shop-a1"},
    },
)
TEMPLATE = Declared(
    "aws:ec2/launchTemplate:LaunchTemplate",
    {
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "networkInterfaces": [{"associatePublicIpAddress": "false"}],
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
        "tagSpecifications": [{"resourceType": "instance"}, {"resourceType": "volume"}],
    },
)
CONFIGURATION = Declared(
    "aws:ec2/launchConfiguration:LaunchConfiguration", {"associatePublicIpAddress": False}
)
GROUP = Declared(
    "aws:autoscaling/group:Group",
    {
        "targetGroupArns": ["arn:tg"],
        "healthCheckType": "ELB",
        "vpcZoneIdentifiers": ["subnet-a", "subnet-b"],
        "launchTemplate": {"id": "lt-1"},
        "mixedInstancesPolicy": {
            "launchTemplate": {
                "overrides": [{"instanceType": "t4g.small"}, {"instanceType": "t3.small"}]
            }
        },
    },
)
VPC = Declared("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, name="vpc")
DEFAULT_GROUP = Declared(
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"vpcId": VPC}, name="default"
)
FLOW_LOG = Declared(
    "aws:ec2/flowLog:FlowLog", {"vpcId": VPC, "trafficType": "ALL"}, name="flow-log"
)
S3_ENDPOINT = Declared(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    {"vpcId": VPC, "serviceName": "com.amazonaws.eu-west-1.s3"},
    name="endpoint",
)
EC2_ENDPOINT = Declared(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    {"vpcId": VPC, "serviceName": "com.amazonaws.eu-west-1.ec2"},
    name="endpoint",
)
SECURITY_GROUP = Declared(
    "aws:ec2/securityGroup:SecurityGroup", {"description": "What the shop is"}, name="group"
)
ADDRESS = Declared("aws:ec2/eip:Eip", {"domain": "vpc"}, name="address")
ENTRY = Declared(
    INGRESS.type,
    {**INGRESS.props, "securityGroupId": SECURITY_GROUP, **WEB},
    name="entry",
)
BALANCER = Declared(
    "aws:alb/loadBalancer:LoadBalancer", {"securityGroups": [SECURITY_GROUP]}, name="balancer"
)
HOST = Declared(
    INSTANCE.type,
    {"vpcSecurityGroupIds": [SECURITY_GROUP], "associatePublicIpAddress": False},
    name="host",
)
HOST_ADDRESS = Declared("aws:ec2/eip:Eip", {"instance": HOST}, name="host-address")
ADDRESS_ASSOCIATION = Declared(
    "aws:ec2/eipAssociation:EipAssociation", {"allocationId": ADDRESS}, name="association"
)
GATEWAY = Declared("aws:ec2/natGateway:NatGateway", {"allocationId": ADDRESS}, name="gateway")
ACL_RULE = Declared(
    "aws:ec2/networkAclRule:NetworkAclRule",
    {
        "ruleAction": "allow",
        "protocol": "tcp",
        "cidrBlock": "198.51.100.0/24",
        "fromPort": 22,
        "toPort": 22,
    },
)
ACL = Declared(
    "aws:ec2/networkAcl:NetworkAcl", {"vpcId": "vpc-1", "subnetIds": ["subnet-a"]}, name="acl"
)
ASSOCIATION = Declared(
    "aws:ec2/networkAclAssociation:NetworkAclAssociation",
    {"networkAclId": ACL, "subnetId": "subnet-a"},
    name="association",
)


def acl(**rule: object) -> Change:
    """The rule written inside the ACL."""
    return as_type(ACL.type, {"ingress": [{"action": "allow", "protocol": "tcp", **rule}]})


CASES = [
    Case(
        ec2_ssh_not_open_to_world,
        [INGRESS],
        refused=[
            WORLD,
            {"cidrIpv4": ABSENT, "cidrIpv6": "::/0"},
            {**WORLD, **ports(20, 30)},
            {**WORLD, **ports(22, 30)},
            {**WORLD, **ports(20, 22)},
            {**WORLD, "ipProtocol": "6"},
            {**WORLD, "toPort": ABSENT},
            {**WORLD, "fromPort": ABSENT},
            EVERYTHING,
            old_rule(cidrBlocks=["10.0.0.0/8", "0.0.0.0/0"], **ports(22)),
            old_rule(ipv6CidrBlocks=["::/0"], **ports(22)),
            old_rule(ipv6CidrBlocks=["::/0"], protocol="all"),
            inline(cidrBlocks=["0.0.0.0/0"], **ports(22)),
            inline(ipv6CidrBlocks=["::/0"], **ports(0, 65535)),
        ],
        unknown=unknown("cidrIpv4"),
        allowed=[
            WEB,
            {**WORLD, "ipProtocol": "icmp", "fromPort": -1, "toPort": -1},
            {**WORLD, **ports(23, 30)},
            {**WORLD, **ports(0, 21)},
            {"cidrIpv4": ABSENT, "referencedSecurityGroupId": "sg-2"},
            old_rule(type="egress", cidrBlocks=["0.0.0.0/0"], **ports(22)),
            inline(cidrBlocks=["10.0.0.0/8"], **ports(22)),
        ],
    ),
    Case(
        ec2_rdp_not_open_to_world,
        [INGRESS],
        refused=[{**WORLD, **ports(3389)}, {**WORLD, **ports(3000, 4000)}, EVERYTHING],
        unknown=unknown("toPort"),
        allowed=[WORLD, ports(3389)],
    ),
    Case(
        ec2_cifs_not_open_to_world,
        [INGRESS],
        refused=[{**WORLD, **ports(445)}, {**WORLD, **ports(137, 445)}, EVERYTHING],
        unknown=unknown("cidrIpv4"),
        allowed=[WORLD, ports(445)],
    ),
    Case(
        ec2_risky_ports_not_open_to_world,
        [INGRESS],
        refused=[
            *({**WORLD, **ports(port)} for port in RISKY),
            *({**WORLD, **ports(5432), "ipProtocol": kind} for kind in ("udp", "17", "6")),
            EVERYTHING,
        ],
        unknown=unknown("cidrIpv4"),
        allowed=[WEB, WORLD, ports(5432), {**WORLD, **ports(5432), "ipProtocol": "icmpv6"}],
    ),
    Case(
        ec2_only_web_ports_open_to_world,
        [INGRESS],
        refused=[
            WORLD,
            {**WORLD, **ports(80, 443)},
            {**WORLD, **ports(443, 444)},
            {**WORLD, **ports(79, 80)},
            EVERYTHING,
        ],
        unknown=unknown("cidrIpv4"),
        allowed=[WEB, {**WORLD, **ports(80)}],
    ),
    Case(
        ec2_world_enters_by_load_balancer,
        [ENTRY, SECURITY_GROUP, BALANCER],
        refused=[
            without("balancer"),
            on("balancer", {"securityGroups": ["sg-other"]}),
            both(without("balancer"), plus(HOST)),
        ],
        unknown=both(
            without("balancer"), plus(HOST), on("host", unknown("associatePublicIpAddress"))
        ),
        allowed=[
            both(without("balancer"), {"cidrIpv4": "10.0.0.0/16"}),
            both(without("balancer"), plus(HOST, HOST_ADDRESS)),
            both(without("balancer"), plus(HOST), on("host", {"associatePublicIpAddress": True})),
            both(without("balancer"), {"securityGroupId": "of-another-stack"}),
        ],
    ),
    Case(
        ec2_data_ports_only_by_group,
        [INGRESS],
        refused=[
            *(ports(port) for port in (5432, 3306, 6379, 9000, 9001, 27017)),
            ports(5000, 6000),
            {**WORLD, **ports(6379)},
            old_rule(cidrBlocks=["10.0.0.0/16"], **ports(5432)),
        ],
        unknown=unknown("fromPort"),
        allowed=[
            {"cidrIpv4": ABSENT, "referencedSecurityGroupId": "sg-2", **ports(5432)},
            WEB,
        ],
    ),
    Case(
        ec2_default_security_group_empty,
        [VPC, DEFAULT_GROUP],
        refused=[
            without("default"),
            on("default", {"ingress": [{"protocol": "-1", "self": True}]}),
            on("default", {"egress": [{"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}]}),
            on("default", {"vpcId": "vpc-other"}),
        ],
        unknown=on("default", {"ingress": UNKNOWN}),
        allowed=[on("default", {"ingress": [], "egress": []})],
    ),
    Case(
        ec2_security_group_described,
        [SECURITY_GROUP],
        refused=[
            {"description": "Managed by Pulumi"},
            {"description": "Managed by Terraform"},
            {"description": ABSENT},
        ],
        unknown=unknown("description"),
    ),
    Case(
        ec2_security_group_rules_in_one_place,
        [SECURITY_GROUP],
        refused=[
            {"ingress": [{"protocol": "tcp"}]},
            {"egress": [{"protocol": "tcp"}]},
        ],
        unknown=unknown("ingress"),
        allowed=[{"ingress": []}, {"egress": []}],
    ),
    Case(
        ec2_vpc_flow_logs,
        [VPC, FLOW_LOG],
        refused=[without("flow-log"), on("flow-log", {"vpcId": "vpc-other"})],
        decided="whether a flow log is declared for the VPC is known from its references",
    ),
    Case(
        ec2_flow_log_records_refusals,
        [FLOW_LOG],
        refused=[{"trafficType": "ACCEPT"}],
        unknown=unknown("trafficType"),
        allowed=[{"trafficType": "REJECT"}],
    ),
    Case(
        ec2_subnet_gives_no_public_ip,
        [Declared("aws:ec2/subnet:Subnet", {"mapPublicIpOnLaunch": False})],
        refused=[{"mapPublicIpOnLaunch": True}],
        unknown=unknown("mapPublicIpOnLaunch"),
        allowed=[{"mapPublicIpOnLaunch": ABSENT}],
    ),
    Case(
        ec2_instance_has_no_public_ip,
        [INSTANCE],
        refused=[
            {"associatePublicIpAddress": True},
            {"associatePublicIpAddress": True, "tags.Role": "api"},
        ],
        unknown=unknown("associatePublicIpAddress"),
        allowed=[
            {"associatePublicIpAddress": ABSENT},
            {"associatePublicIpAddress": True, "tags.Role": "bastion"},
            {"associatePublicIpAddress": True, "tags.Name": "shop-operations"},
        ],
    ),
    Case(
        ec2_launch_template_has_no_public_ip,
        [TEMPLATE],
        refused=[
            {"networkInterfaces.0.associatePublicIpAddress": "true"},
            {"networkInterfaces": [{}, {"associatePublicIpAddress": True}]},
        ],
        unknown=unknown("networkInterfaces.0.associatePublicIpAddress"),
        allowed=[{"networkInterfaces": ABSENT}],
    ),
    Case(
        ec2_instance_requires_imdsv2,
        [INSTANCE],
        refused=[{"metadataOptions.httpTokens": "optional"}, {"metadataOptions": ABSENT}],
        unknown=unknown("metadataOptions.httpTokens"),
        allowed=[{"metadataOptions": {"httpEndpoint": "disabled"}}],
    ),
    Case(
        ec2_launch_template_requires_imdsv2,
        [TEMPLATE],
        refused=[
            {"metadataOptions.httpTokens": "optional"},
            {"metadataOptions": ABSENT},
            as_type(CONFIGURATION.type, {}),
        ],
        unknown=unknown("metadataOptions.httpTokens"),
        allowed=[{"metadataOptions": {"httpEndpoint": "disabled"}}],
    ),
    Case(
        ec2_metadata_stays_on_host,
        [TEMPLATE],
        refused=[
            {"metadataOptions.httpPutResponseHopLimit": 2},
            as_type(INSTANCE.type, {"metadataOptions": {"httpPutResponseHopLimit": 2}}),
        ],
        unknown=unknown("metadataOptions"),
        allowed=[{"metadataOptions": ABSENT}],
    ),
    Case(
        ec2_instance_volumes_encrypted,
        [INSTANCE],
        refused=[
            {"rootBlockDevice.encrypted": False},
            {"rootBlockDevice": ABSENT},
            {"ebsBlockDevices.0.encrypted": False},
            {"ebsBlockDevices.0.encrypted": ABSENT},
            as_type(CONFIGURATION.type, {"rootBlockDevice": {"encrypted": False}}),
        ],
        unknown=unknown("rootBlockDevice.encrypted"),
        allowed=[{"ebsBlockDevices": ABSENT}],
    ),
    Case(
        ec2_launch_template_volumes_encrypted,
        [TEMPLATE],
        refused=[
            {"blockDeviceMappings.0.ebs.encrypted": "false"},
            {"blockDeviceMappings.0.ebs": {}},
            {"blockDeviceMappings": ABSENT},
        ],
        unknown=unknown("blockDeviceMappings.0.ebs.encrypted"),
        allowed=[{"blockDeviceMappings": [{"deviceName": "/dev/sdf", "noDevice": "true"}]}],
    ),
    Case(
        ebs_volume_encrypted,
        [Declared("aws:ebs/volume:Volume", {"encrypted": True})],
        refused=[{"encrypted": False}, {"encrypted": ABSENT}],
        unknown=unknown("encrypted"),
    ),
    Case(
        ebs_encryption_by_default_stays_on,
        [Declared("aws:ebs/encryptionByDefault:EncryptionByDefault", {"enabled": True})],
        refused=[{"enabled": False}],
        unknown=unknown("enabled"),
        allowed=[{"enabled": ABSENT}],
    ),
    Case(
        ec2_network_acl_no_admin_ports,
        [ACL_RULE],
        refused=[
            {"cidrBlock": "0.0.0.0/0"},
            {"cidrBlock": ABSENT, "ipv6CidrBlock": "::/0"},
            {"cidrBlock": "0.0.0.0/0", **ports(3389)},
            {"cidrBlock": "0.0.0.0/0", **ports(0, 22)},
            {"cidrBlock": "0.0.0.0/0", "protocol": "6"},
            {"cidrBlock": "0.0.0.0/0", "fromPort": ABSENT, "toPort": ABSENT},
            {"cidrBlock": "0.0.0.0/0", "protocol": "-1", "fromPort": ABSENT, "toPort": ABSENT},
            {"cidrBlock": "0.0.0.0/0", "protocol": "all", **ports(443)},
            acl(cidrBlock="0.0.0.0/0", **ports(22)),
        ],
        unknown=unknown("cidrBlock"),
        allowed=[
            {"cidrBlock": "0.0.0.0/0", "ruleAction": "deny"},
            {"cidrBlock": "0.0.0.0/0", "egress": True},
            {"cidrBlock": "0.0.0.0/0", **ports(443)},
            {"cidrBlock": "0.0.0.0/0", **ports(23, 3388)},
            {"cidrBlock": "0.0.0.0/0", "protocol": "udp"},
            acl(cidrBlock="0.0.0.0/0", action="deny", **ports(22)),
        ],
    ),
    Case(
        ec2_network_acl_used,
        [ACL, ASSOCIATION],
        refused=[
            both({"subnetIds": ABSENT}, without("association")),
            both({"subnetIds": []}, on("association", {"networkAclId": "acl-9"})),
        ],
        unknown=both(unknown("subnetIds"), without("association")),
        allowed=[{"subnetIds": ABSENT}, without("association")],
    ),
    Case(
        ec2_user_data_without_secrets,
        [INSTANCE],
        refused=[
            {"userData": "export DB_PASSWORD=hunter2"},
            {"userData": f"key={'AKIA'}{'B' * 16}"},
            {"userDataBase64": base64.b64encode(b"API_KEY=hunter2").decode()},
            {"userData": base64.b64encode(b"-----BEGIN RSA PRIVATE KEY-----").decode()},
        ],
        unknown=unknown("userData"),
        allowed=[
            {"userData": "DB_PASSWORD=$(aws secretsmanager get-secret-value)"},
            {"userData": "header = f'Credential={access}/{scope}'"},
            {"userData": "connect(password=login.password, token=fetch(arn))"},
            {"userData": ABSENT},
            {"userDataBase64": base64.b64encode(b"echo hello").decode()},
        ],
    ),
    Case(
        ec2_instance_has_role,
        [INSTANCE],
        refused=[{"iamInstanceProfile": ABSENT}, {"iamInstanceProfile": ""}],
        unknown=unknown("iamInstanceProfile"),
    ),
    Case(
        ec2_instance_has_security_group,
        [INSTANCE],
        refused=[{"vpcSecurityGroupIds": ABSENT, "networkInterfaces": ABSENT}],
        unknown=unknown("vpcSecurityGroupIds"),
        allowed=[{"vpcSecurityGroupIds": ABSENT}, {"networkInterfaces": ABSENT}],
    ),
    Case(
        ec2_instance_single_interface,
        [INSTANCE],
        refused=[{"networkInterfaces": [{"deviceIndex": 0}, {"deviceIndex": 1}]}],
        unknown=unknown("networkInterfaces"),
        allowed=[{"networkInterfaces": ABSENT}],
    ),
    Case(
        ec2_instance_not_paravirtual,
        [INSTANCE],
        refused=[
            {"instanceType": f"{family}.medium"} for family in ("c1", "c3", "m1", "m2", "m3", "t1")
        ],
        unknown=unknown("instanceType"),
        allowed=[{"instanceType": "m7g.large"}],
    ),
    Case(
        ec2_elastic_ip_used,
        [ADDRESS, GATEWAY],
        refused=[without("gateway"), on("gateway", {"allocationId": "eipalloc-9"})],
        unknown=both(without("gateway"), unknown("instance")),
        allowed=[
            both(without("gateway"), {"instance": "i-1"}),
            both(without("gateway"), {"networkInterface": "eni-1"}),
            on("gateway", {"allocationId": ABSENT, "secondaryAllocationIds": [ADDRESS]}),
            both(without("gateway"), plus(ADDRESS_ASSOCIATION)),
        ],
    ),
    Case(
        ec2_transit_gateway_asks,
        [
            Declared(
                "aws:ec2transitgateway/transitGateway:TransitGateway",
                {"autoAcceptSharedAttachments": "disable"},
            )
        ],
        refused=[{"autoAcceptSharedAttachments": "enable"}],
        unknown=unknown("autoAcceptSharedAttachments"),
        allowed=[{"autoAcceptSharedAttachments": ABSENT}],
    ),
    Case(
        ec2_client_vpn_logs,
        [
            Declared(
                "aws:ec2clientvpn/endpoint:Endpoint", {"connectionLogOptions": {"enabled": True}}
            )
        ],
        refused=[{"connectionLogOptions.enabled": False}, {"connectionLogOptions": ABSENT}],
        unknown=unknown("connectionLogOptions.enabled"),
    ),
    Case(
        ec2_image_not_public,
        [Declared("aws:ec2/amiLaunchPermission:AmiLaunchPermission", {"accountId": "1"})],
        refused=[{"accountId": ABSENT, "group": "all"}],
        unknown=unknown("group"),
    ),
    Case(
        ec2_vpc_reaches_s3_privately,
        [VPC, S3_ENDPOINT],
        refused=[
            without("endpoint"),
            on("endpoint", {"serviceName": "com.amazonaws.eu-west-1.ec2"}),
            on("endpoint", {"vpcId": "vpc-other"}),
        ],
        unknown=on("endpoint", unknown("serviceName")),
    ),
    Case(
        ec2_vpc_reaches_ec2_privately,
        [VPC, EC2_ENDPOINT],
        refused=[
            without("endpoint"),
            on("endpoint", {"serviceName": "com.amazonaws.eu-west-1.s3"}),
        ],
        unknown=on("endpoint", unknown("serviceName")),
    ),
    Case(
        ec2_launch_template_tags_what_it_makes,
        [TEMPLATE],
        refused=[
            {"tagSpecifications": [{"resourceType": "instance"}]},
            {"tagSpecifications": [{"resourceType": "volume"}]},
            {"tagSpecifications": ABSENT},
        ],
        unknown=unknown("tagSpecifications"),
    ),
    Case(
        autoscaling_uses_load_balancer_health,
        [GROUP],
        refused=[
            {"healthCheckType": "EC2"},
            {"healthCheckType": ABSENT},
            {"healthCheckType": ABSENT, "targetGroupArns": ABSENT, "loadBalancers": ["old"]},
            {"healthCheckType": ABSENT, "targetGroupArns": ABSENT, "trafficSources": [{}]},
        ],
        unknown=unknown("healthCheckType"),
        allowed=[{"healthCheckType": "EC2", "targetGroupArns": ABSENT}],
    ),
    Case(
        autoscaling_several_zones,
        [GROUP],
        refused=[{"vpcZoneIdentifiers": ["subnet-a"]}, {"vpcZoneIdentifiers": ABSENT}],
        unknown=unknown("vpcZoneIdentifiers"),
        allowed=[{"vpcZoneIdentifiers": ABSENT, "availabilityZones": ["a", "b"]}],
    ),
    Case(
        autoscaling_several_types,
        [GROUP],
        refused=[
            {"mixedInstancesPolicy": ABSENT},
            {"mixedInstancesPolicy.launchTemplate.overrides": [{"instanceType": "t4g.small"}]},
        ],
        unknown=unknown("mixedInstancesPolicy"),
    ),
    Case(
        autoscaling_uses_launch_template,
        [GROUP],
        refused=[{"launchTemplate": ABSENT, "launchConfiguration": "old"}],
        unknown=unknown("launchConfiguration"),
    ),
    Case(
        autoscaling_launch_configuration_has_no_public_ip,
        [CONFIGURATION],
        refused=[{"associatePublicIpAddress": True}, {"associatePublicIpAddress": ABSENT}],
        unknown=unknown("associatePublicIpAddress"),
    ),
    Case(
        efs_encrypted,
        [Declared("aws:efs/fileSystem:FileSystem", {"encrypted": True})],
        refused=[{"encrypted": False}, {"encrypted": ABSENT}],
        unknown=unknown("encrypted"),
    ),
]
