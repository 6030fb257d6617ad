"""A network of two zones: tiers, ways out, endpoints, flow logs, firewall."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from foundation import Foundation, assumed_by


@dataclass(frozen=True)
class Network:
    vpc: aws.ec2.Vpc
    public: list[aws.ec2.Subnet]
    private: list[aws.ec2.Subnet]
    balancer: aws.ec2.SecurityGroup
    app: aws.ec2.SecurityGroup
    store: aws.ec2.SecurityGroup


def make(base: Foundation) -> Network:
    main = base.main
    zones = aws.get_availability_zones(
        state="available", opts=pulumi.InvokeOptions(provider=main.provider)
    )
    vpc = aws.ec2.Vpc(
        "vpc",
        cidr_block="10.20.0.0/16",
        enable_dns_hostnames=True,
        enable_dns_support=True,
        opts=main,
    )
    aws.ec2.DefaultSecurityGroup("locked", vpc_id=vpc.id, ingress=[], egress=[], opts=main)
    gateway = aws.ec2.InternetGateway("internet", vpc_id=vpc.id, opts=main)
    public_table = aws.ec2.RouteTable("public", vpc_id=vpc.id, opts=main)
    aws.ec2.Route(
        "public-out",
        route_table_id=public_table.id,
        destination_cidr_block="0.0.0.0/0",
        gateway_id=gateway.id,
        opts=main,
    )
    private_table = aws.ec2.RouteTable("private", vpc_id=vpc.id, opts=main)
    public, private = [], []
    for index, zone in enumerate(zones.names[:2]):
        for tier, offset, subnets, table in (
            ("public", 0, public, public_table),
            ("private", 10, private, private_table),
        ):
            subnet = aws.ec2.Subnet(
                f"{tier}-{zone[-1]}",
                vpc_id=vpc.id,
                cidr_block=f"10.20.{offset + index}.0/24",
                availability_zone=zone,
                tags={"Tier": tier},
                opts=main,
            )
            aws.ec2.RouteTableAssociation(
                f"{tier}-{zone[-1]}", subnet_id=subnet.id, route_table_id=table.id, opts=main
            )
            subnets.append(subnet)
    address = aws.ec2.Eip("nat", domain="vpc", opts=main)
    nat = aws.ec2.NatGateway("nat", allocation_id=address.id, subnet_id=public[0].id, opts=main)
    aws.ec2.Route(
        "private-out",
        route_table_id=private_table.id,
        destination_cidr_block="0.0.0.0/0",
        nat_gateway_id=nat.id,
        opts=main,
    )
    balancer = _group("balancer", vpc, main)
    app = _group("app", vpc, main)
    store = _group("store", vpc, main)
    prefixes = aws.ec2.get_managed_prefix_list(
        name="com.amazonaws.global.cloudfront.origin-facing",
        opts=pulumi.InvokeOptions(provider=main.provider),
    )
    aws.vpc.SecurityGroupIngressRule(
        "balancer-https",
        security_group_id=balancer.id,
        prefix_list_id=prefixes.id,
        from_port=443,
        to_port=443,
        ip_protocol="tcp",
        opts=main,
    )
    aws.vpc.SecurityGroupEgressRule(
        "balancer-out",
        security_group_id=balancer.id,
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="-1",
        opts=main,
    )
    aws.vpc.SecurityGroupIngressRule(
        "app-from-balancer",
        security_group_id=app.id,
        referenced_security_group_id=balancer.id,
        from_port=8080,
        to_port=8080,
        ip_protocol="tcp",
        description="from the load balancer",
        opts=main,
    )
    aws.ec2.SecurityGroupRule(
        "store-from-app",
        type="ingress",
        security_group_id=store.id,
        source_security_group_id=app.id,
        from_port=5432,
        to_port=5432,
        protocol="tcp",
        opts=main,
    )
    aws.ec2.VpcEndpoint(
        "s3",
        vpc_id=vpc.id,
        service_name="com.amazonaws.eu-west-1.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[private_table.id],
        opts=main,
    )
    aws.ec2.VpcEndpoint(
        "secretsmanager",
        vpc_id=vpc.id,
        service_name="com.amazonaws.eu-west-1.secretsmanager",
        vpc_endpoint_type="Interface",
        private_dns_enabled=True,
        subnet_ids=[subnet.id for subnet in private],
        security_group_ids=[app.id],
        opts=main,
    )
    flow_logs = aws.cloudwatch.LogGroup(
        "flow", retention_in_days=30, kms_key_id=base.key.arn, opts=main
    )
    writer = aws.iam.Role("flow", assume_role_policy=assumed_by("vpc-flow-logs"), opts=main)
    aws.ec2.FlowLog(
        "flow",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination=flow_logs.arn,
        iam_role_arn=writer.arn,
        max_aggregation_interval=60,
        opts=main,
    )
    return Network(vpc, public, private, balancer, app, store)


def _group(name: str, vpc: aws.ec2.Vpc, main: pulumi.ResourceOptions) -> aws.ec2.SecurityGroup:
    return aws.ec2.SecurityGroup(name, vpc_id=vpc.id, description=name, opts=main)
