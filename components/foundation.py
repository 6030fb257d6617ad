"""What every stack stands on, whatever runs there: key, network, logs, notices, operations."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.alarms import NAMESPACE, Notices, NoticesArgs
from components.key import Key, KeyArgs
from components.log_bucket import LogBucket, LogBucketArgs
from components.network import Network, NetworkArgs
from components.operations_host import OperationsHost, OperationsHostArgs
from components.permissions import (
    Statement,
    encrypt,
    publish_metrics,
    publish_parameter,
    read_objects,
)
from hosts.first_boot import parameter_prefix, user_data
from settings.instance_types import architecture_of
from settings.stack import Bastion, Stack

# Two weeks of who asked for what is enough to look into an incident; a year where it is durable.
LOG_DAYS = 14
DURABLE_LOG_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class FoundationArgs:
    stack_name: str
    stack: Stack


class Foundation(pulumi.ComponentResource):
    """Nothing here knows an application."""

    account: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    network: Network
    log_bucket: LogBucket
    log_days: int
    topic_arn: pulumi.Output[str]
    key_pair: str
    before_machines: list[pulumi.Resource]  # what each of them needs to boot, and names no value of
    operations: OperationsHost
    publish_host_key: Statement

    def __init__(
        self, name: str, args: FoundationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:operations:Foundation", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        stack = args.stack

        self.account = aws.get_caller_identity_output(
            opts=pulumi.InvokeOutputOptions(parent=self)
        ).account_id
        self.key_arn = Key(
            name,
            KeyArgs(account=self.account, region=stack.region, durable=stack.durable),
            opts=child,
        ).arn
        self.network = Network(
            name,
            NetworkArgs(
                region=stack.region,
                cidr=str(stack.network.cidr),
                zones=stack.network.zones,
                nat=stack.network.nat,
                endpoints=stack.network.endpoints,
                key_arn=self.key_arn,
                log_days=stack.network.flow_log_days,
            ),
            opts=child,
        )
        self.log_days = DURABLE_LOG_DAYS if stack.durable else LOG_DAYS
        self.log_bucket = LogBucket(
            f"{name}-logs",
            LogBucketArgs(account=self.account, days=self.log_days, durable=stack.durable),
            opts=child,
        )
        self.topic_arn = Notices(
            f"{name}-notices",
            NoticesArgs(
                account=self.account, key_arn=self.key_arn, emails=_people(stack.alerts.email)
            ),
            opts=child,
        ).topic_arn
        # A machine takes it at its first boot alone, and is replaced when its name changes: so
        # another deploy key has the same name, and machines know that as mere text.
        self.key_pair = f"{name}-{args.stack_name}"
        key_pair = aws.ec2.KeyPair(
            name,
            key_name=self.key_pair,
            public_key=stack.deploy_keys[0],
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.before_machines = [*self.network.way_out, key_pair]
        self.publish_host_key = publish_parameter(
            pulumi.Output.concat(
                f"arn:aws:ssm:{stack.region}:",
                self.account,
                f":parameter{parameter_prefix(args.stack_name)}/*",
            )
        )
        self.operations = self._operations(name, args.stack_name, stack)
        self.register_outputs({"account": self.account, "key_arn": self.key_arn})

    def _operations(self, name: str, stack_name: str, stack: Stack) -> OperationsHost:
        bastion = isinstance(stack.access, Bastion)
        tier = self.network.subnet_ids["public" if bastion else "private"]
        return OperationsHost(
            f"{name}-operations",
            OperationsHostArgs(
                access=stack.access.kind,
                administrators=(
                    tuple(map(str, stack.access.allowed_from))
                    if isinstance(stack.access, Bastion)
                    else ()
                ),
                vpc_id=self.network.vpc_id,
                subnet_id=tier[stack.operations.zone or stack.network.zones[0]],
                image_id=image_for(stack, stack.operations.instance_type),
                instance_type=stack.operations.instance_type,
                key_arn=self.key_arn,
                key_name=self.key_pair,
                user_data=user_data(
                    stack_name, session_manager_of=None if bastion else stack.region
                ),
                after=self.before_machines,
                statements={
                    "host-key": self.publish_host_key,
                    "artifacts": read_objects(f"arn:aws:s3:::{stack.artifacts}"),
                    # Secrets, dumps and sites are kept under it, of every application.
                    "key": encrypt(self.key_arn),
                    "measure": publish_metrics(NAMESPACE),
                },
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def image_for(stack: Stack, instance_type: str) -> str:
    """The stack's pinned machine image of the architecture that a type has."""
    images = stack.images
    image = images.arm64 if architecture_of(instance_type) == "arm64" else images.x86_64
    if image is None:
        raise ValueError(f"{instance_type}: the settings let its image be missing")
    return image


def _people(addresses: tuple[str, ...]) -> Mapping[str, str]:
    """Keyed by the address itself, so that one more renames none."""
    return {address.replace("@", "-at-"): address for address in addresses}
