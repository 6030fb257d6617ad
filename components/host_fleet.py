"""A pool of like hosts on EC2, side by side; what runs on them comes with each service."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.changes import Properties, refusing
from components.firewall import ANYWHERE, Firewall, FirewallArgs, Group, Passage
from components.identity import Role, RoleArgs
from components.permissions import Statement

SSH = 22


@dataclass(frozen=True, kw_only=True)
class HostFleetArgs:
    instance_type: str
    image_id: str
    count: int
    disk_gb: int
    durable: bool
    public: bool  # answers the world itself, where the stack has no load balancer
    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]  # zone letter -> subnet
    key_arn: pulumi.Input[str]
    key_pair: str
    user_data: pulumi.Input[str] | None
    operations_group_id: pulumi.Input[str]  # who may log in
    calls: Sequence[int]  # ports of the outside world that services on this pool call
    statements: Mapping[str, Statement]  # what every host may do; services bring their own
    after: Sequence[pulumi.Resource] = ()  # what its first boot relies on


@dataclass(frozen=True, kw_only=True)
class Host:
    """One machine: how AWS knows it and how its network does."""

    instance_id: pulumi.Output[str]
    private_ip: pulumi.Output[str]
    zone: str


class HostFleet(pulumi.ComponentResource):
    """Hosts named POOL-ZONE-NUMBER: one more adds one and renames none."""

    group_id: pulumi.Output[str]
    role_name: pulumi.Output[str]
    role_arn: pulumi.Output[str]
    hosts: dict[str, Host]
    public_ip: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: HostFleetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:compute:HostFleet", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description=f"{name}: hosts", opts=child
        )
        front_door = {"http": 80, "https": 443} if args.public else {}
        Firewall(
            name,
            FirewallArgs(
                group_id=group.id,
                ingress={
                    "operations": Passage(peer=Group(args.operations_group_id), port=SSH),
                    **{
                        word: Passage(peer=ANYWHERE, port=port) for word, port in front_door.items()
                    },
                },
                egress={
                    str(port): Passage(peer=ANYWHERE, port=port) for port in sorted(set(args.calls))
                },
            ),
            opts=child,
        )
        # The same passage from the other side: what may come in must be let out there as well.
        Firewall(
            f"{name}-from-operations",
            FirewallArgs(
                group_id=args.operations_group_id,
                ingress={},
                egress={name: Passage(peer=Group(group.id), port=SSH)},
            ),
            opts=child,
        )
        role = Role(
            name,
            RoleArgs(service="ec2.amazonaws.com", statements=args.statements, for_instances=True),
            opts=child,
        )
        self.hosts = {}
        for key, zone in places(name, args.count, tuple(args.subnet_ids)).items():
            instance = aws.ec2.Instance(
                key,
                ami=args.image_id,
                instance_type=args.instance_type,
                subnet_id=args.subnet_ids[zone],
                vpc_security_group_ids=[group.id],
                iam_instance_profile=role.instance_profile,
                key_name=args.key_pair,
                user_data=args.user_data,
                # One that gets an address of its own has what AWS says is true: asked for False, it
                # would be replaced as soon as somebody looks.
                associate_public_ip_address=None if args.public else False,
                ebs_optimized=True,
                # Its end is not forbidden, on durable stacks either: a host keeps nothing, and the
                # provider could not take one away whose place another has taken.
                monitoring=args.durable,
                metadata_options=aws.ec2.InstanceMetadataOptionsArgs(
                    http_endpoint="enabled",
                    http_tokens="required",
                    # No container stands between a service and its host.
                    http_put_response_hop_limit=1,
                ),
                root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(
                    volume_size=args.disk_gb,
                    volume_type="gp3",
                    encrypted=True,
                    kms_key_id=args.key_arn,
                    tags={"Name": key},
                ),
                maintenance_options=aws.ec2.InstanceMaintenanceOptionsArgs(auto_recovery="default"),
                tags={"Name": key},
                # The first boot alone reads it: a later change is no reason to stop a machine.
                opts=pulumi.ResourceOptions(
                    parent=self,
                    ignore_changes=["userData"],
                    # AWS would stop each host of the pool for another type, all at the same time,
                    # and a disk never shrinks, nor does a larger one serve before a reboot: new
                    # hosts come first instead. The one that answers the world has its address to
                    # lose.
                    replace_on_changes=(
                        [] if args.public else ["instanceType", "rootBlockDevice.volumeSize"]
                    ),
                    hooks=refusing(key, refused_of_the_one) if args.public else None,
                    depends_on=list(args.after),
                ),
            )
            self.hosts[key] = Host(
                instance_id=instance.id, private_ip=instance.private_ip, zone=zone
            )

        self.public_ip = None
        if args.public:
            (only,) = self.hosts.values()
            self.public_ip = aws.ec2.Eip(
                name, domain="vpc", instance=only.instance_id, tags={"Name": name}, opts=child
            ).public_ip
        self.group_id = group.id
        self.role_name = role.name
        self.role_arn = role.arn
        self.register_outputs({"hosts": {key: host.private_ip for key, host in self.hosts.items()}})


def refused_of_the_one(before: Properties, after: Properties, _: Properties) -> Iterator[str]:
    was, wanted = (int(one["rootBlockDevice"]["volumeSize"]) for one in (before, after))
    if wanted < was:
        yield f"disk_gb goes from {was} to {wanted}, and EBS makes no volume smaller"


def places(pool: str, count: int, zones: Sequence[str]) -> dict[str, str]:
    """Host → zone letter, the zones in turn: web-a1, web-b1, web-a2."""
    return {
        f"{pool}-{zones[index % len(zones)]}{index // len(zones) + 1}": zones[index % len(zones)]
        for index in range(count)
    }
