"""A relational database on RDS that only its named clients can reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.changes import refusing
from components.database_access import DatabaseAccess, DatabaseAccessArgs, DatabaseRole
from components.database_changes import refused_of_a_database
from components.database_parameters import family, parameters
from components.firewall import Firewall, FirewallArgs, Group, Passage
from components.identity import Role, RoleArgs
from components.secret import Generated, generate
from settings.model import Engine

PORTS: dict[Engine, int] = {"postgres": 5432, "mysql": 3306}
# `admin`, `root` and `rdsadmin` are taken; MySQL on RDS allows 16 characters.
ADMINISTRATOR = "administrator"
# The longest that RDS for MySQL takes is 41.
PASSWORD_LENGTH = 40
# What exists before any application's database does.
FIRST_DATABASE: dict[Engine, str] = {"postgres": "postgres", "mysql": "mysql"}
LOGS: dict[Engine, tuple[str, ...]] = {
    "postgres": ("postgresql", "upgrade"),
    "mysql": ("error", "slowquery"),
}
# Classes on which RDS for MySQL offers no Performance Insights (RDS guide).
TOO_SMALL_FOR_INSIGHTS = ("t2", "t3.micro", "t3.small", "t4g.micro", "t4g.small")


@dataclass(frozen=True, kw_only=True)
class DatabaseArgs:
    engine: Engine
    version: str  # the major alone: RDS chooses the minor, in the maintenance window
    major_upgrade: bool = False  # it may go to a newer major, from which none leads back
    instance_class: str
    storage_gb: int
    storage_ceiling_gb: int  # it grows by itself up to here
    durable: bool  # kept from deletion, and measured closely
    standby: bool  # a second zone takes over when the first fails
    zone: str | None = None  # where the one instance stands, when there is no standby
    replicas: int = 0
    parameters: Mapping[str, str | int | float] = field(
        default_factory=dict[str, str | int | float]
    )
    backup_days: int
    backup_window: str = "01:00-02:00"  # UTC
    maintenance_window: str = "sun:02:30-sun:03:30"
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    clients: Mapping[str, pulumi.Input[str]]  # who -> security group
    key_arn: pulumi.Input[str]
    log_days: int


class Database(pulumi.ComponentResource):
    """An encrypted instance and its replicas; its administrator's secret is for operations only."""

    host: pulumi.Output[str]
    reader_host: pulumi.Output[str]  # the first replica; the instance itself when there is none
    port: int
    group_id: pulumi.Output[str]
    identifier: pulumi.Output[str]
    replica_identifiers: dict[str, pulumi.Output[str]]
    administrator_secret_arn: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:data:Database", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)

        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description=f"{name}: database", opts=child
        )
        self.port = PORTS[args.engine]
        Firewall(
            name,
            FirewallArgs(
                group_id=group.id,
                ingress={
                    client: Passage(peer=Group(id), port=self.port)
                    for client, id in args.clients.items()
                },
                egress={},
            ),
            opts=child,
        )

        # Each instance has a name of its own for life, so that neither a final snapshot nor a
        # replacement meets the name of one before it.
        suffix = random.RandomId(
            name,
            byte_length=4,
            keepers={"engine": args.engine, "key": args.key_arn},
            opts=child,
        )
        identifier = pulumi.Output.concat(name, "-", suffix.hex)
        password = generate(f"{name}-administrator", Generated(length=PASSWORD_LENGTH), child)
        settings = aws.rds.ParameterGroup(
            name,
            family=family(args.engine, args.version),
            parameters=[
                aws.rds.ParameterGroupParameterArgs(
                    name=parameter.name,
                    value=parameter.value,
                    apply_method="immediate" if parameter.at_once else "pending-reboot",
                )
                for parameter in parameters(args.engine, args.parameters)
            ],
            opts=child,
        )
        monitor = _monitor(name, child) if args.durable else None
        insights = offers_insights(args.engine, args.instance_class)
        instance = aws.rds.Instance(
            name,
            identifier=identifier,
            engine=args.engine,
            engine_version=args.version,
            instance_class=args.instance_class,
            storage_type="gp3",
            allocated_storage=args.storage_gb,
            max_allocated_storage=args.storage_ceiling_gb,
            storage_encrypted=True,
            kms_key_id=args.key_arn,
            username=ADMINISTRATOR,
            password=password,
            db_subnet_group_name=aws.rds.SubnetGroup(
                name, subnet_ids=list(args.subnet_ids), opts=child
            ).name,
            vpc_security_group_ids=[group.id],
            publicly_accessible=False,
            multi_az=args.standby,
            availability_zone=None if args.standby else args.zone,
            parameter_group_name=settings.name,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            backup_retention_period=args.backup_days,
            backup_window=args.backup_window,
            maintenance_window=args.maintenance_window,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not args.durable,
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=args.major_upgrade or None,
            # What a person has agreed to is done in this run. Put off to the window, it would be a
            # difference at every run until then, and a release is refused beside one.
            apply_immediately=True,
            enabled_cloudwatch_logs_exports=list(LOGS[args.engine]),
            monitoring_interval=60 if monitor else 0,
            monitoring_role_arn=monitor.arn if monitor else None,
            performance_insights_enabled=insights,
            performance_insights_kms_key_id=args.key_arn if insights else None,
            deletion_protection=args.durable,
            skip_final_snapshot=not args.durable,
            final_snapshot_identifier=(
                pulumi.Output.concat(identifier, "-final") if args.durable else None
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.durable,
                hooks=refusing(name, refused_of_a_database),
                depends_on=_log_groups(name, identifier, args, child),
            ),
        )
        replicas = {
            f"replica-{number}": self._replica(f"{name}-replica-{number}", args, instance, monitor)
            for number in range(1, args.replicas + 1)
        }

        self.host = instance.address
        self.reader_host = next(iter(replicas.values()), instance).address
        self.group_id = group.id
        self.identifier = instance.identifier
        self.replica_identifiers = {key: replica.identifier for key, replica in replicas.items()}
        self.arn = instance.arn
        self.administrator_secret_arn = DatabaseAccess(
            name,
            DatabaseAccessArgs(
                engine=args.engine,
                port=self.port,
                database=FIRST_DATABASE[args.engine],
                roles={
                    "administrator": DatabaseRole(
                        username=ADMINISTRATOR, host=instance.address, password=password
                    )
                },
                key_arn=args.key_arn,
                durable=args.durable,
            ),
            opts=child,
        ).secret_arns["administrator"]
        self.register_outputs({"host": self.host, "reader_host": self.reader_host})

    def _replica(
        self,
        name: str,
        args: DatabaseArgs,
        primary: aws.rds.Instance,
        monitor: Role | None,
    ) -> aws.rds.Instance:
        """A copy that answers reads, and takes over by hand; it has no data of its own to keep."""
        child = pulumi.ResourceOptions(parent=self)
        suffix = random.RandomId(
            name, byte_length=4, keepers={"primary": primary.identifier}, opts=child
        )
        identifier = pulumi.Output.concat(name, "-", suffix.hex)
        insights = offers_insights(args.engine, args.instance_class)
        return aws.rds.Instance(
            name,
            identifier=identifier,
            replicate_source_db=primary.identifier,
            instance_class=args.instance_class,
            storage_type="gp3",
            max_allocated_storage=args.storage_ceiling_gb,
            storage_encrypted=True,
            vpc_security_group_ids=primary.vpc_security_group_ids,
            publicly_accessible=False,
            parameter_group_name=primary.parameter_group_name,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            backup_retention_period=0,
            maintenance_window=args.maintenance_window,
            copy_tags_to_snapshot=True,
            auto_minor_version_upgrade=True,
            apply_immediately=True,
            enabled_cloudwatch_logs_exports=list(LOGS[args.engine]),
            monitoring_interval=60 if monitor else 0,
            monitoring_role_arn=monitor.arn if monitor else None,
            performance_insights_enabled=insights,
            performance_insights_kms_key_id=args.key_arn if insights else None,
            deletion_protection=args.durable,
            skip_final_snapshot=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.durable,
                # One that was promoted follows nobody, and RDS makes no copy of it again: another
                # takes its place, which on a durable stack its protection leaves to a person.
                replace_on_changes=["replicate_source_db"],
                delete_before_replace=True,
                depends_on=_log_groups(name, identifier, args, child),
            ),
        )


def offers_insights(engine: Engine, instance_class: str) -> bool:
    """Whether RDS has Performance Insights on this class."""
    size = instance_class.removeprefix("db.")
    return engine == "postgres" or not size.startswith(TOO_SMALL_FOR_INSIGHTS)


def _log_groups(
    name: str, identifier: pulumi.Output[str], args: DatabaseArgs, child: pulumi.ResourceOptions
) -> list[aws.cloudwatch.LogGroup]:
    """RDS would make them by itself: unencrypted, and kept for ever."""
    return [
        aws.cloudwatch.LogGroup(
            f"{name}-{log}",
            name=pulumi.Output.concat("/aws/rds/instance/", identifier, "/", log),
            retention_in_days=args.log_days,
            kms_key_id=args.key_arn,
            opts=child,
        )
        for log in LOGS[args.engine]
    ]


def _monitor(name: str, child: pulumi.ResourceOptions) -> Role:
    return Role(
        f"{name}-monitor",
        RoleArgs(
            service="monitoring.rds.amazonaws.com",
            statements={},
            managed_policies={
                "metrics": "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
            },
        ),
        opts=child,
    )
