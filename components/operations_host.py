"""The one small machine from which the others, and the databases, are worked on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.firewall import ANYWHERE, Firewall, FirewallArgs, Passage, Range
from components.identity import Role, RoleArgs
from components.permissions import Statement, session_manager


@dataclass(frozen=True, kw_only=True)
class OperationsHostArgs:
    access: Literal["bastion", "session-manager"]
    administrators: tuple[
        str, ...
    ]  # address ranges that may use SSH; none of them by Session Manager
    vpc_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]  # a public one for a bastion, else a private one
    image_id: str
    instance_type: str
    key_arn: pulumi.Input[str]
    key_name: str | None
    user_data: pulumi.Input[str] | None
    statements: Mapping[str, Statement]  # what it may do beside being reached
    disk_gb: int = 20
    after: Sequence[pulumi.Resource] = ()  # what its first boot relies on


class OperationsHost(pulumi.ComponentResource):
    """Reached by SSH from listed ranges, or by Session Manager and then from outside by nobody."""

    instance_id: pulumi.Output[str]
    group_id: pulumi.Output[str]
    private_address: pulumi.Output[str]
    public_address: pulumi.Output[str] | None
    role: Role

    def __init__(
        self, name: str, args: OperationsHostArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:operations:OperationsHost", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        bastion = args.access == "bastion"
        if bastion and not args.administrators:
            raise ValueError(
                "access bastion: list the address ranges that may use SSH, "
                "or choose session-manager"
            )
        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description=f"{name}: operations", opts=child
        )
        Firewall(
            name,
            FirewallArgs(
                group_id=group.id,
                ingress={
                    cidr: Passage(peer=Range(cidr), port=22)
                    for cidr in (args.administrators if bastion else ())
                },
                # AWS's own services, and packages.
                egress={
                    "services": Passage(peer=ANYWHERE, port=443),
                    "packages": Passage(peer=ANYWHERE, port=80),
                },
            ),
            opts=child,
        )
        self.role = Role(
            name,
            RoleArgs(
                service="ec2.amazonaws.com",
                statements={**args.statements, "session-manager": session_manager()},
                for_instances=True,
            ),
            opts=child,
        )
        instance = aws.ec2.Instance(
            name,
            ami=args.image_id,
            instance_type=args.instance_type,
            subnet_id=args.subnet_id,
            vpc_security_group_ids=[group.id],
            iam_instance_profile=self.role.instance_profile,
            key_name=args.key_name,
            user_data=args.user_data,
            associate_public_ip_address=bastion,
            metadata_options=aws.ec2.InstanceMetadataOptionsArgs(
                http_tokens="required", http_endpoint="enabled", http_put_response_hop_limit=1
            ),
            root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(
                volume_type="gp3",
                volume_size=args.disk_gb,
                encrypted=True,
                kms_key_id=args.key_arn,
                delete_on_termination=True,
                tags={"Name": name},
            ),
            tags={"Name": name},
            # The first boot alone reads it: a later change is no reason to stop the machine.
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["userData"], depends_on=list(args.after)
            ),
        )
        self.public_address = None
        if bastion:
            # Its own, so that a stop and a start leave the address as it was.
            self.public_address = aws.ec2.Eip(
                name, domain="vpc", instance=instance.id, tags={"Name": name}, opts=child
            ).public_ip
        self.instance_id = instance.id
        self.group_id = group.id
        self.private_address = instance.private_ip
        self.register_outputs(
            {"instance_id": self.instance_id, "public_address": self.public_address}
        )
