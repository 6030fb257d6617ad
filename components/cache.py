"""A Redis that only its named clients can reach, over TLS and with a token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.firewall import Firewall, FirewallArgs, Group, Passage
from components.secret import Generated, Secret, SecretArgs, Supplied, generate

PORT = 6379
# ElastiCache takes 16 to 128 characters, of which ours are letters and digits.
TOKEN_LENGTH = 64
# Major version -> family of parameters (ElastiCache API reference, CreateCacheParameterGroup).
FAMILIES = {"6": "redis6.x", "7": "redis7"}


@dataclass(frozen=True, kw_only=True)
class CacheArgs:
    version: str  # "7.1": the newest Redis that ElastiCache has
    node_type: str
    replicas: int  # with one or more, another zone takes over when the first fails
    policy: str  # what goes when memory is full; a queue's must be noeviction
    durable: bool
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    snapshot_days: int
    snapshot_window: str = "02:00-03:00"  # UTC
    maintenance_window: str = "sun:03:30-sun:04:30"
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    clients: Mapping[str, pulumi.Input[str]]  # who -> security group
    key_arn: pulumi.Input[str]
    log_days: int


class Cache(pulumi.ComponentResource):
    """One node and its replicas; the secret holds {password, host, port, url}."""

    host: pulumi.Output[str]
    reader_host: pulumi.Output[str]
    port: int
    group_id: pulumi.Output[str]
    replication_group_id: pulumi.Output[str]
    node_ids: dict[str, pulumi.Output[str]]
    secret_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:data:Cache", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description=f"{name}: cache", opts=child
        )
        Firewall(
            name,
            FirewallArgs(
                group_id=group.id,
                ingress={
                    client: Passage(peer=Group(id), port=PORT)
                    for client, id in args.clients.items()
                },
                egress={},
            ),
            opts=child,
        )
        settings = aws.elasticache.ParameterGroup(
            name,
            family=FAMILIES[args.version.split(".")[0]],
            parameters=[
                aws.elasticache.ParameterGroupParameterArgs(name=parameter, value=value)
                for parameter, value in sorted(
                    {**args.parameters, "maxmemory-policy": args.policy}.items()
                )
            ],
            opts=child,
        )
        token = generate(name, Generated(length=TOKEN_LENGTH), child)
        nodes = aws.elasticache.ReplicationGroup(
            name,
            description=f"{name}: cache",
            engine="redis",
            engine_version=args.version,
            node_type=args.node_type,
            port=PORT,
            num_cache_clusters=args.replicas + 1,
            automatic_failover_enabled=args.replicas > 0,
            multi_az_enabled=args.replicas > 0,
            parameter_group_name=settings.name,
            subnet_group_name=aws.elasticache.SubnetGroup(
                name, subnet_ids=list(args.subnet_ids), opts=child
            ).name,
            security_group_ids=[group.id],
            transit_encryption_enabled=True,
            auth_token=token,
            at_rest_encryption_enabled=True,
            kms_key_id=args.key_arn,
            snapshot_retention_limit=args.snapshot_days,
            snapshot_window=args.snapshot_window,
            maintenance_window=args.maintenance_window,
            auto_minor_version_upgrade=True,
            # As for a database: what was agreed to is done, and no difference stays.
            apply_immediately=True,
            log_delivery_configurations=[
                aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
                    log_type=log,
                    log_format="json",
                    destination_type="cloudwatch-logs",
                    destination=aws.cloudwatch.LogGroup(
                        f"{name}-{log}",
                        retention_in_days=args.log_days,
                        kms_key_id=args.key_arn,
                        opts=child,
                    ).name,
                )
                for log in ("engine-log", "slow-log")
            ],
            final_snapshot_identifier=_last_words(name, args, child) if args.durable else None,
            opts=pulumi.ResourceOptions(parent=self, protect=args.durable),
        )
        self.host = nodes.primary_endpoint_address
        self.reader_host = nodes.reader_endpoint_address
        self.port = PORT
        self.group_id = group.id
        self.replication_group_id = nodes.id
        # ElastiCache numbers them so, each three digits wide (ElastiCache guide).
        self.node_ids = {
            f"{number:03}": pulumi.Output.concat(nodes.id, f"-{number:03}")
            for number in range(1, args.replicas + 2)
        }
        self.secret_arn = Secret(
            name,
            SecretArgs(
                description=f"{name}: how to connect",
                content=Supplied(value=_connection(self.host, token)),
                key_arn=args.key_arn,
                durable=args.durable,
            ),
            opts=child,
        ).arn
        self.register_outputs({"host": self.host, "reader_host": self.reader_host})


def _last_words(name: str, args: CacheArgs, child: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The snapshot it leaves behind: a name of its own for each replication group there ever is."""
    suffix = random.RandomId(name, byte_length=4, keepers={"key": args.key_arn}, opts=child)
    return pulumi.Output.concat(name, "-", suffix.hex, "-final")


def _connection(host: pulumi.Output[str], token: pulumi.Output[str]) -> pulumi.Output[str]:
    # The token needs no percent-encoding: it is letters and digits.
    url = pulumi.Output.concat("rediss://:", token, "@", host, f":{PORT}")
    return pulumi.Output.secret(
        pulumi.Output.json_dumps({"password": token, "host": host, "port": PORT, "url": url})
    )
