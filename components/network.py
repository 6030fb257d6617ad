"""The stack's own network: tiers of subnets in each zone, a way out, a record of its traffic."""

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.firewall import Firewall, FirewallArgs, Passage, Range
from components.identity import Role, RoleArgs
from components.permissions import write_logs
from components.subnets import TIERS, Tier, share_out


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    region: str
    cidr: str
    zones: tuple[str, ...]  # letters: "a" is the region's first zone
    nat: Literal["none", "single", "per-zone"]
    endpoints: tuple[str, ...]  # services reached without leaving the network: "ssm", "logs"
    key_arn: pulumi.Input[str]
    log_days: int


class Network(pulumi.ComponentResource):
    """Public for what the world reaches, private for what works, isolated for what stores."""

    vpc_id: pulumi.Output[str]
    subnet_ids: dict[Tier, dict[str, pulumi.Output[str]]]  # tier -> zone letter -> subnet
    nat_addresses: dict[str, pulumi.Output[str]]  # what the outside sees our calls come from
    way_out: list[pulumi.Resource]  # what a machine's first calls need: it makes them but once
    s3_prefix_list_id: pulumi.Output[str]  # where egress to S3 goes, through its gateway

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:network:Network", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        vpc = aws.ec2.Vpc(
            name,
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=child,
        )
        # Emptied, so that what is placed without a group of its own can neither call nor be called.
        aws.ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, opts=child)

        self.vpc_id = vpc.id
        self.subnet_ids = {tier: {} for tier in TIERS}
        for tier, places in share_out(args.cidr, args.zones).items():
            for zone, block in places.items():
                subnet = aws.ec2.Subnet(
                    f"{name}-{tier}-{zone}",
                    vpc_id=vpc.id,
                    cidr_block=str(block),
                    availability_zone=f"{args.region}{zone}",
                    map_public_ip_on_launch=False,
                    tags={"Name": f"{name}-{tier}-{zone}"},
                    opts=child,
                )
                self.subnet_ids[tier][zone] = subnet.id

        self.way_out = []
        tables = self._route_tables(name, args)
        self.nat_addresses = self._way_out(name, args, tables)
        self.s3_prefix_list_id = self._endpoints(name, args, tables)
        self._record_traffic(name, args)
        self.register_outputs({"vpc_id": self.vpc_id, "nat_addresses": self.nat_addresses})

    def _route_tables(self, name: str, args: NetworkArgs) -> dict[str, aws.ec2.RouteTable]:
        """One table a private zone, whatever the NAT, so that changing it moves routes only."""
        child = pulumi.ResourceOptions(parent=self)
        tables: dict[str, aws.ec2.RouteTable] = {}
        for tier in TIERS:
            for zone, subnet_id in self.subnet_ids[tier].items():
                key = f"private-{zone}" if tier == "private" else tier
                if key not in tables:
                    tables[key] = aws.ec2.RouteTable(
                        f"{name}-{key}",
                        vpc_id=self.vpc_id,
                        tags={"Name": f"{name}-{key}"},
                        opts=child,
                    )
                aws.ec2.RouteTableAssociation(
                    f"{name}-{tier}-{zone}",
                    subnet_id=subnet_id,
                    route_table_id=tables[key].id,
                    opts=child,
                )
        return tables

    def _way_out(
        self, name: str, args: NetworkArgs, tables: dict[str, aws.ec2.RouteTable]
    ) -> dict[str, pulumi.Output[str]]:
        child = pulumi.ResourceOptions(parent=self)
        gateway = aws.ec2.InternetGateway(name, vpc_id=self.vpc_id, tags={"Name": name}, opts=child)
        public = aws.ec2.Route(
            f"{name}-public",
            route_table_id=tables["public"].id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=child,
        )
        self.way_out.append(public)
        translators: dict[str, aws.ec2.NatGateway] = {}
        addresses: dict[str, pulumi.Output[str]] = {}
        for zone in _translated_zones(args):
            address = aws.ec2.Eip(
                f"{name}-nat-{zone}", domain="vpc", tags={"Name": f"{name}-nat-{zone}"}, opts=child
            )
            # AWS makes one that reaches nothing while the network has no way out.
            translators[zone] = aws.ec2.NatGateway(
                f"{name}-{zone}",
                subnet_id=self.subnet_ids["public"][zone],
                allocation_id=address.id,
                tags={"Name": f"{name}-{zone}"},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[public]),
            )
            addresses[zone] = address.public_ip
        for zone in args.zones if translators else ():
            private = aws.ec2.Route(
                f"{name}-private-{zone}",
                route_table_id=tables[f"private-{zone}"].id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=translators.get(zone, next(iter(translators.values()))).id,
                opts=child,
            )
            self.way_out.append(private)
        return addresses

    def _endpoints(
        self, name: str, args: NetworkArgs, tables: dict[str, aws.ec2.RouteTable]
    ) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        objects = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for key, table in tables.items() if key != "public"],
            tags={"Name": f"{name}-s3"},
            opts=child,
        )
        if args.endpoints:
            group = aws.ec2.SecurityGroup(
                f"{name}-endpoints",
                vpc_id=self.vpc_id,
                description=f"{name}: endpoints of AWS services",
                opts=child,
            )
            Firewall(
                f"{name}-endpoints",
                FirewallArgs(
                    group_id=group.id,
                    ingress={"network": Passage(peer=Range(args.cidr), port=443)},
                    egress={},
                ),
                opts=child,
            )
            for service in args.endpoints:
                endpoint = aws.ec2.VpcEndpoint(
                    f"{name}-{service}",
                    vpc_id=self.vpc_id,
                    service_name=f"com.amazonaws.{args.region}.{service}",
                    vpc_endpoint_type="Interface",
                    private_dns_enabled=True,
                    subnet_ids=list(self.subnet_ids["private"].values()),
                    security_group_ids=[group.id],
                    tags={"Name": f"{name}-{service}"},
                    opts=child,
                )
                self.way_out.append(endpoint)
        return objects.prefix_list_id

    def _record_traffic(self, name: str, args: NetworkArgs) -> None:
        child = pulumi.ResourceOptions(parent=self)
        records = aws.cloudwatch.LogGroup(
            f"{name}-flows", retention_in_days=args.log_days, kms_key_id=args.key_arn, opts=child
        )
        writer = Role(
            f"{name}-flows",
            RoleArgs(
                service="vpc-flow-logs.amazonaws.com",
                statements={"write": write_logs(records.arn)},
            ),
            opts=child,
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=records.arn,
            iam_role_arn=writer.arn,
            max_aggregation_interval=60,
            opts=child,
        )


def _translated_zones(args: NetworkArgs) -> tuple[str, ...]:
    return {"none": (), "single": args.zones[:1], "per-zone": args.zones}[args.nat]
