"""PostgreSQL with a replica, MySQL, Redis with TLS and a token, a table and a queue."""

from dataclasses import dataclass

import pulumi_aws as aws
from foundation import REVISION, Foundation, assumed_by
from network import Network


@dataclass(frozen=True)
class Stores:
    database: aws.rds.Instance


def make(base: Foundation, net: Network) -> Stores:
    main = base.main
    subnets = aws.rds.SubnetGroup(
        "stores", subnet_ids=[subnet.id for subnet in net.private], opts=main
    )
    postgres = aws.rds.ParameterGroup(
        "postgres",
        family="postgres17",
        parameters=[
            {"name": "rds.force_ssl", "value": "1"},
            {"name": "log_min_duration_statement", "value": "500"},
            {"name": "max_connections", "value": "100", "apply_method": "pending-reboot"},
        ],
        opts=main,
    )
    monitoring = aws.iam.Role(
        "monitoring", assume_role_policy=assumed_by("monitoring.rds"), opts=main
    )
    database = aws.rds.Instance(
        "postgres",
        engine="postgres",
        engine_version="17",
        instance_class="db.t4g.medium",
        allocated_storage=20,
        max_allocated_storage=100,
        storage_type="gp3",
        db_name="app",
        username="owner",
        password=base.password,
        multi_az=True,
        storage_encrypted=True,
        kms_key_id=base.key.arn,
        db_subnet_group_name=subnets.name,
        parameter_group_name=postgres.name,
        vpc_security_group_ids=[net.store.id],
        backup_retention_period=7,
        backup_window="02:00-02:30",
        maintenance_window="sun:03:00-sun:03:30",
        copy_tags_to_snapshot=True,
        final_snapshot_identifier="kinds-final",
        skip_final_snapshot=False,
        deletion_protection=False,
        delete_automated_backups=True,
        monitoring_interval=60,
        monitoring_role_arn=monitoring.arn,
        performance_insights_enabled=True,
        performance_insights_kms_key_id=base.key.arn,
        performance_insights_retention_period=7,
        enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
        iam_database_authentication_enabled=True,
        auto_minor_version_upgrade=False,
        ca_cert_identifier="rds-ca-rsa2048-g1",
        apply_immediately=True,
        tags={"Revision": REVISION},
        opts=main,
    )
    aws.rds.Instance(
        "postgres-replica",
        replicate_source_db=database.identifier,
        instance_class="db.t4g.medium",
        storage_encrypted=True,
        kms_key_id=base.key.arn,
        parameter_group_name=postgres.name,
        vpc_security_group_ids=[net.store.id],
        skip_final_snapshot=True,
        auto_minor_version_upgrade=False,
        apply_immediately=True,
        opts=main,
    )
    mysql = aws.rds.ParameterGroup(
        "mysql",
        family="mysql8.4",
        parameters=[{"name": "require_secure_transport", "value": "1"}],
        opts=main,
    )
    aws.rds.Instance(
        "mysql",
        engine="mysql",
        engine_version="8.4",
        instance_class="db.t4g.medium",
        allocated_storage=20,
        username="owner",
        password=base.password,
        storage_encrypted=True,
        kms_key_id=base.key.arn,
        db_subnet_group_name=subnets.name,
        parameter_group_name=mysql.name,
        vpc_security_group_ids=[net.store.id],
        backup_retention_period=1,
        skip_final_snapshot=True,
        apply_immediately=True,
        opts=main,
    )
    _redis(base, net)
    aws.dynamodb.Table(
        "locks",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True, "kms_key_arn": base.key.arn},
        opts=main,
    )
    aws.sqs.Queue("jobs", visibility_timeout_seconds=60, sqs_managed_sse_enabled=True, opts=main)
    return Stores(database)


def _redis(base: Foundation, net: Network) -> None:
    main = base.main
    subnets = aws.elasticache.SubnetGroup(
        "redis", subnet_ids=[subnet.id for subnet in net.private], opts=main
    )
    parameters = aws.elasticache.ParameterGroup(
        "redis",
        family="redis7",
        parameters=[{"name": "maxmemory-policy", "value": "allkeys-lru"}],
        opts=main,
    )
    slow = aws.cloudwatch.LogGroup("redis-slow", retention_in_days=7, opts=main)
    aws.elasticache.ReplicationGroup(
        "redis",
        description="kinds",
        engine="redis",
        engine_version="7.1",
        node_type="cache.t4g.small",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        kms_key_id=base.key.arn,
        transit_encryption_enabled=True,
        auth_token=base.password.apply(lambda password: password + "-token"),
        subnet_group_name=subnets.name,
        parameter_group_name=parameters.name,
        security_group_ids=[net.store.id],
        port=6379,
        snapshot_retention_limit=3,
        snapshot_window="03:00-04:00",
        maintenance_window="sun:05:00-sun:06:00",
        auto_minor_version_upgrade=True,
        log_delivery_configurations=[
            {
                "destination": slow.name,
                "destination_type": "cloudwatch-logs",
                "log_format": "json",
                "log_type": "slow-log",
            }
        ],
        apply_immediately=True,
        opts=main,
    )
