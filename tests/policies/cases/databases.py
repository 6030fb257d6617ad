"""Databases and caches."""

from typing import Any

from policies.rules.elasticache_authenticates import elasticache_authenticates
from policies.rules.elasticache_backs_up import elasticache_backs_up
from policies.rules.elasticache_encrypted_at_rest import elasticache_encrypted_at_rest
from policies.rules.elasticache_encrypted_in_transit import elasticache_encrypted_in_transit
from policies.rules.elasticache_fails_over import elasticache_fails_over
from policies.rules.elasticache_in_own_subnets import elasticache_in_own_subnets
from policies.rules.elasticache_protected import elasticache_protected
from policies.rules.elasticache_queue_keeps_its_jobs import elasticache_queue_keeps_its_jobs
from policies.rules.elasticache_takes_minor_upgrades import elasticache_takes_minor_upgrades
from policies.rules.elasticache_user_has_password import elasticache_user_has_password
from policies.rules.rds_aurora_backtracks import rds_aurora_backtracks
from policies.rules.rds_backs_up import rds_backs_up
from policies.rules.rds_backup_plan_covers import rds_backup_plan_covers
from policies.rules.rds_cluster_encrypted import rds_cluster_encrypted
from policies.rules.rds_cluster_exports_logs import rds_cluster_exports_logs
from policies.rules.rds_cluster_several_zones import rds_cluster_several_zones
from policies.rules.rds_copies_tags_to_snapshots import rds_copies_tags_to_snapshots
from policies.rules.rds_deletion_protected import rds_deletion_protected
from policies.rules.rds_engine_is_supported import rds_engine_is_supported
from policies.rules.rds_enhanced_monitoring import rds_enhanced_monitoring
from policies.rules.rds_events_are_complete import rds_events_are_complete
from policies.rules.rds_exports_logs import rds_exports_logs
from policies.rules.rds_iam_authentication import rds_iam_authentication
from policies.rules.rds_in_own_subnets import rds_in_own_subnets
from policies.rules.rds_leaves_final_snapshot import rds_leaves_final_snapshot
from policies.rules.rds_multi_az import rds_multi_az
from policies.rules.rds_mysql_refuses_plain_text import rds_mysql_refuses_plain_text
from policies.rules.rds_not_on_default_port import rds_not_on_default_port
from policies.rules.rds_not_public import rds_not_public
from policies.rules.rds_owner_has_own_name import rds_owner_has_own_name
from policies.rules.rds_parameter_changes_are_told import rds_parameter_changes_are_told
from policies.rules.rds_postgres_refuses_plain_text import rds_postgres_refuses_plain_text
from policies.rules.rds_protected import rds_protected
from policies.rules.rds_proxy_requires_tls import rds_proxy_requires_tls
from policies.rules.rds_snapshot_not_shared_with_all import rds_snapshot_not_shared_with_all
from policies.rules.rds_storage_encrypted import rds_storage_encrypted
from policies.rules.rds_takes_minor_upgrades import rds_takes_minor_upgrades
from policies.testing import UNKNOWN, Declared
from tests.policies.table import ABSENT, Case, Change, as_type, both, on, options, unknown, without

REPLICA = {"replicateSourceDb": "main"}
DATABASE = Declared(
    "aws:rds/instance:Instance",
    {
        "engine": "postgres",
        "engineVersion": "16.4",
        "username": "shop_owner",
        "storageEncrypted": True,
        "multiAz": True,
        "publiclyAccessible": False,
        "deletionProtection": True,
        "skipFinalSnapshot": False,
        "backupRetentionPeriod": 14,
        "autoMinorVersionUpgrade": True,
        "monitoringInterval": 60,
        "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
        "iamDatabaseAuthenticationEnabled": True,
        "copyTagsToSnapshot": True,
        "dbSubnetGroupName": "data",
        "port": 6543,
    },
    protect=True,
)
MYSQL = {"engine": "mysql", "engineVersion": "8.4.3"}
PARAMETERS = Declared(
    "aws:rds/parameterGroup:ParameterGroup",
    {
        "family": "postgres16",
        "parameters": [
            {"name": "work_mem", "value": "1"},
            {"name": "rds.force_ssl", "value": "1"},
        ],
    },
    name="parameters",
)
MYSQL_PARAMETERS = Declared(
    PARAMETERS.type,
    {
        "family": "mysql8.4",
        "parameters": [
            {"name": "max_connections", "value": "1"},
            {"name": "require_secure_transport", "value": "1"},
        ],
    },
    name="parameters",
)
TUNED = Declared(DATABASE.type, {**DATABASE.props, "parameterGroupName": PARAMETERS}, name="tuned")
TUNED_MYSQL = Declared(
    DATABASE.type,
    {**DATABASE.props, **MYSQL, "parameterGroupName": MYSQL_PARAMETERS},
    name="tuned",
)
CLUSTER = Declared(
    "aws:rds/cluster:Cluster",
    {
        "engine": "aurora-postgresql",
        "storageEncrypted": True,
        "enabledCloudwatchLogsExports": ["postgresql"],
        "masterUsername": "shop_owner",
    },
    name="cluster",
)
FIRST = Declared(
    "aws:rds/clusterInstance:ClusterInstance", {"clusterIdentifier": CLUSTER}, name="first"
)
SECOND = Declared(FIRST.type, {"clusterIdentifier": CLUSTER}, name="second")
EVENTS = Declared(
    "aws:rds/eventSubscription:EventSubscription",
    {
        "sourceType": "db-instance",
        "eventCategories": ["maintenance", "configuration change", "failure"],
    },
    name="events",
)
PARAMETER_EVENTS = Declared(EVENTS.type, {"sourceType": "db-parameter-group"}, name="events")
SELECTION = Declared(
    "aws:backup/selection:Selection", {"planId": "plan", "resources": [DATABASE]}, name="selection"
)
CACHE = Declared(
    "aws:elasticache/replicationGroup:ReplicationGroup",
    {
        "engine": "redis",
        "engineVersion": "7.1",
        "snapshotRetentionLimit": 7,
        "autoMinorVersionUpgrade": True,
        "automaticFailoverEnabled": True,
        "multiAzEnabled": True,
        "atRestEncryptionEnabled": True,
        "transitEncryptionEnabled": True,
        "authToken": "given",
        "subnetGroupName": "data",
    },
    name="cache",
    protect=True,
)
CACHE_PARAMETERS = Declared(
    "aws:elasticache/parameterGroup:ParameterGroup",
    {
        "family": "redis7",
        "parameters": [
            {"name": "timeout", "value": "0"},
            {"name": "maxmemory-policy", "value": "noeviction"},
        ],
    },
    name="parameters",
)
QUEUE = Declared(
    CACHE.type,
    {**CACHE.props, "tags": {"use": "queue"}, "parameterGroupName": CACHE_PARAMETERS},
    name="queue",
)
USER = Declared("aws:elasticache/user:User", {"noPasswordRequired": False, "passwords": ["given"]})


def cluster(**props: Any) -> Change:
    return as_type(CLUSTER.type, props)


CASES = [
    Case(
        rds_storage_encrypted,
        [DATABASE],
        refused=[{"storageEncrypted": False}, {"storageEncrypted": ABSENT}],
        unknown=unknown("storageEncrypted"),
        allowed=[{"storageEncrypted": ABSENT, **REPLICA}],
    ),
    Case(
        rds_cluster_encrypted,
        [CLUSTER],
        refused=[{"storageEncrypted": False}, {"storageEncrypted": ABSENT}],
        unknown=unknown("storageEncrypted"),
    ),
    Case(
        rds_multi_az,
        [DATABASE],
        refused=[{"multiAz": False}, {"multiAz": ABSENT}],
        unknown=unknown("multiAz"),
        allowed=[{"multiAz": ABSENT, **REPLICA}],
    ),
    Case(
        rds_cluster_several_zones,
        [CLUSTER, FIRST, SECOND],
        refused=[
            without("second"),
            both(without("first"), without("second")),
            on("second", {"clusterIdentifier": "other"}),
        ],
        unknown=both(without("second"), unknown("dbClusterInstanceClass")),
        allowed=[
            both(without("second"), {"dbClusterInstanceClass": "db.m6gd.large"}),
            both({"clusterIdentifier": "shop"}, on("second", {"clusterIdentifier": "shop"})),
        ],
    ),
    Case(
        rds_protected,
        [DATABASE],
        refused=[
            options("subject", protect=False),
            both(options("subject", protect=False), cluster()),
        ],
        unknown=unknown("replicateSourceDb"),
        allowed=[both(options("subject", protect=False), REPLICA)],
    ),
    Case(
        rds_not_public,
        [DATABASE],
        refused=[
            {"publiclyAccessible": True},
            as_type(FIRST.type, {"publiclyAccessible": True}),
        ],
        unknown=unknown("publiclyAccessible"),
        allowed=[{"publiclyAccessible": ABSENT}],
    ),
    Case(
        rds_deletion_protected,
        [DATABASE],
        refused=[
            {"deletionProtection": False},
            {"deletionProtection": ABSENT},
            cluster(deletionProtection=False),
        ],
        unknown=unknown("deletionProtection"),
        allowed=[
            {"deletionProtection": ABSENT, **REPLICA},
            cluster(replicationSourceIdentifier="arn:main"),
        ],
    ),
    Case(
        rds_leaves_final_snapshot,
        [DATABASE],
        refused=[{"skipFinalSnapshot": True}, cluster(skipFinalSnapshot=True)],
        unknown=unknown("skipFinalSnapshot"),
        allowed=[{"skipFinalSnapshot": True, **REPLICA}, {"skipFinalSnapshot": ABSENT}],
    ),
    Case(
        rds_backs_up,
        [DATABASE],
        refused=[
            {"backupRetentionPeriod": 0},
            {"backupRetentionPeriod": 6},
            {"backupRetentionPeriod": ABSENT},
            {"backupRetentionPeriod": 1},
            cluster(backupRetentionPeriod=1),
        ],
        unknown=unknown("backupRetentionPeriod"),
        allowed=[{"backupRetentionPeriod": 7}, {"backupRetentionPeriod": 0, **REPLICA}],
    ),
    Case(
        rds_takes_minor_upgrades,
        [DATABASE],
        refused=[
            {"autoMinorVersionUpgrade": False},
            as_type(FIRST.type, {"autoMinorVersionUpgrade": False}),
        ],
        unknown=unknown("autoMinorVersionUpgrade"),
        allowed=[{"autoMinorVersionUpgrade": ABSENT}],
    ),
    Case(
        rds_enhanced_monitoring,
        [DATABASE],
        refused=[{"monitoringInterval": 0}, {"monitoringInterval": ABSENT}],
        unknown=unknown("monitoringInterval"),
    ),
    Case(
        rds_exports_logs,
        [DATABASE],
        refused=[
            {"enabledCloudwatchLogsExports": ABSENT},
            {"enabledCloudwatchLogsExports": ["upgrade"]},
            {**MYSQL, "enabledCloudwatchLogsExports": ["error"]},
            {**MYSQL, "enabledCloudwatchLogsExports": ["slowquery"]},
            {"engine": "mariadb", "enabledCloudwatchLogsExports": ["error"]},
            {"engine": "mariadb", "enabledCloudwatchLogsExports": ["slowquery"]},
        ],
        unknown=unknown("enabledCloudwatchLogsExports"),
        allowed=[
            {"engine": engine, "enabledCloudwatchLogsExports": ["slowquery", "error"]}
            for engine in ("mysql", "mariadb")
        ],
    ),
    Case(
        rds_cluster_exports_logs,
        [CLUSTER],
        refused=[
            {"enabledCloudwatchLogsExports": ABSENT},
            {"engine": "aurora-mysql", "enabledCloudwatchLogsExports": ["error"]},
        ],
        unknown=unknown("enabledCloudwatchLogsExports"),
        allowed=[
            {"engine": "aurora-mysql", "enabledCloudwatchLogsExports": ["audit"]},
            {"engine": "mysql", "enabledCloudwatchLogsExports": ABSENT},
        ],
    ),
    Case(
        rds_iam_authentication,
        [DATABASE],
        refused=[
            {"iamDatabaseAuthenticationEnabled": False},
            {"iamDatabaseAuthenticationEnabled": ABSENT},
            cluster(engine="aurora-mysql"),
        ],
        unknown=unknown("iamDatabaseAuthenticationEnabled"),
    ),
    Case(
        rds_copies_tags_to_snapshots,
        [DATABASE],
        refused=[
            {"copyTagsToSnapshot": False},
            {"copyTagsToSnapshot": ABSENT},
            cluster(copyTagsToSnapshot=False),
        ],
        unknown=unknown("copyTagsToSnapshot"),
    ),
    Case(
        rds_in_own_subnets,
        [DATABASE],
        refused=[{"dbSubnetGroupName": ABSENT}, {"dbSubnetGroupName": ""}],
        unknown=unknown("dbSubnetGroupName"),
        allowed=[{"dbSubnetGroupName": ABSENT, **REPLICA}],
    ),
    Case(
        rds_not_on_default_port,
        [DATABASE],
        refused=[
            *({"port": port} for port in (5432, 3306, 1433, 1521)),
            {"port": ABSENT},
            cluster(engine="aurora-mysql"),
        ],
        unknown=unknown("port"),
    ),
    Case(
        rds_owner_has_own_name,
        [DATABASE],
        refused=[
            *({"username": name} for name in ("admin", "postgres", "Root", "sa")),
            cluster(masterUsername="admin"),
        ],
        unknown=unknown("username"),
        allowed=[{"username": ABSENT, **REPLICA}],
    ),
    Case(
        rds_postgres_refuses_plain_text,
        [TUNED, PARAMETERS],
        refused=[
            on("parameters", {"parameters.1.value": "0"}),
            both({"engineVersion": "14.9"}, on("parameters", {"parameters": ABSENT})),
            both({"engineVersion": "14"}, without("parameters")),
            both({"engineVersion": ABSENT}, without("parameters")),
            {"engineVersion": "14.9", "parameterGroupName": "another"},
        ],
        unknown=on("parameters", unknown("parameters.1.value")),
        allowed=[
            on("parameters", {"parameters": ABSENT}),
            {"engineVersion": "14.9"},
            both({"engineVersion": "15.2"}, without("parameters")),
            both({"engine": "mysql"}, on("parameters", {"parameters.1.value": "0"})),
        ],
    ),
    Case(
        rds_mysql_refuses_plain_text,
        [TUNED_MYSQL, MYSQL_PARAMETERS],
        refused=[
            on("parameters", {"parameters.1.value": "0"}),
            on("parameters", {"parameters": ABSENT}),
            without("parameters"),
            both({"engine": "mariadb"}, on("parameters", {"parameters.1.value": "OFF"})),
        ],
        unknown=on("parameters", unknown("parameters.1.value")),
        allowed=[
            on("parameters", {"parameters.1.value": "on"}),
            both({"engine": "postgres"}, without("parameters")),
        ],
    ),
    Case(
        rds_aurora_backtracks,
        [CLUSTER],
        refused=[
            {"engine": "aurora-mysql"},
            {"engine": "aurora-mysql", "backtrackWindow": 0},
        ],
        unknown={"engine": "aurora-mysql", "backtrackWindow": UNKNOWN},
        allowed=[{"engine": "aurora-mysql", "backtrackWindow": 86400}],
    ),
    Case(
        rds_events_are_complete,
        [EVENTS],
        refused=[
            {"eventCategories": ["maintenance", "configuration change"]},
            {"eventCategories": ["failure"]},
            {"eventCategories": ["maintenance", "failure"]},
            {"eventCategories": ["configuration change", "failure"]},
            {"sourceType": "db-cluster", "eventCategories": ["failure"]},
            {"sourceType": "db-cluster", "eventCategories": ["maintenance"]},
            {"sourceType": "db-security-group", "eventCategories": ["configuration change"]},
            {"sourceType": "db-parameter-group", "eventCategories": ["other"]},
            {"sourceType": "db-security-group", "eventCategories": ["failure"]},
            {"enabled": False},
        ],
        unknown=unknown("eventCategories"),
        allowed=[
            {"eventCategories": ABSENT},
            {"sourceType": "db-cluster", "eventCategories": ["failure", "maintenance"]},
            {"sourceType": "db-snapshot", "eventCategories": ["creation"]},
            {"sourceType": "db-parameter-group", "eventCategories": ["configuration change"]},
            {
                "sourceType": "db-security-group",
                "eventCategories": ["configuration change", "failure"],
            },
        ],
    ),
    Case(
        rds_parameter_changes_are_told,
        [PARAMETERS, PARAMETER_EVENTS],
        refused=[without("events"), on("events", {"sourceType": "db-instance"})],
        unknown=on("events", unknown("sourceType")),
        allowed=[on("events", {"sourceType": ABSENT})],
    ),
    Case(
        rds_snapshot_not_shared_with_all,
        [Declared("aws:rds/snapshot:Snapshot", {"sharedAccounts": ["123456789012"]})],
        refused=[
            {"sharedAccounts": ["123456789012", "all"]},
            as_type("aws:rds/snapshotCopy:SnapshotCopy", {"sharedAccounts": ["all"]}),
        ],
        unknown=unknown("sharedAccounts"),
        allowed=[{"sharedAccounts": ABSENT}],
    ),
    Case(
        rds_engine_is_supported,
        [DATABASE],
        refused=[
            {"engineVersion": "9.6.24"},
            {"engineVersion": "12"},
            {"engine": "mysql", "engineVersion": "5.7.44"},
            as_type(CACHE.type, {"engineVersion": "5.0.6"}),
        ],
        unknown=unknown("engineVersion"),
        allowed=[
            {"engine": "mysql", "engineVersion": "8.4.3"},
            {"engineVersion": ABSENT},
            as_type(CACHE.type, {"engine": "valkey", "engineVersion": "8.0"}),
        ],
    ),
    Case(
        rds_proxy_requires_tls,
        [Declared("aws:rds/proxy:Proxy", {"requireTls": True})],
        refused=[{"requireTls": False}, {"requireTls": ABSENT}],
        unknown=unknown("requireTls"),
    ),
    Case(
        rds_backup_plan_covers,
        [DATABASE, SELECTION],
        refused=[without("selection"), on("selection", {"resources": ["arn:other"]})],
        unknown=on("selection", {"resources": ABSENT, "selectionTags": UNKNOWN}),
        allowed=[
            on(
                "selection",
                {
                    "resources": ABSENT,
                    "selectionTags": [{"type": "STRINGEQUALS", "key": "backup", "value": "yes"}],
                },
            )
        ],
    ),
    Case(
        elasticache_backs_up,
        [CACHE],
        refused=[{"snapshotRetentionLimit": 0}, {"snapshotRetentionLimit": ABSENT}],
        unknown=unknown("snapshotRetentionLimit"),
        allowed=[{"snapshotRetentionLimit": 1}],
    ),
    Case(
        elasticache_takes_minor_upgrades,
        [CACHE],
        refused=[
            {"autoMinorVersionUpgrade": False},
            as_type(
                "aws:elasticache/cluster:Cluster",
                {"autoMinorVersionUpgrade": "false"},
            ),
        ],
        unknown=unknown("autoMinorVersionUpgrade"),
        allowed=[{"autoMinorVersionUpgrade": ABSENT}],
    ),
    Case(
        elasticache_fails_over,
        [CACHE],
        refused=[
            {"automaticFailoverEnabled": False},
            {"automaticFailoverEnabled": ABSENT},
            {"multiAzEnabled": False},
            {"multiAzEnabled": ABSENT},
        ],
        unknown=unknown("automaticFailoverEnabled"),
    ),
    Case(
        elasticache_protected,
        [CACHE],
        refused=[options("cache", protect=False)],
        decided="an option of a resource is always known",
    ),
    Case(
        elasticache_encrypted_at_rest,
        [CACHE],
        refused=[{"atRestEncryptionEnabled": False}, {"atRestEncryptionEnabled": ABSENT}],
        unknown=unknown("atRestEncryptionEnabled"),
    ),
    Case(
        elasticache_encrypted_in_transit,
        [CACHE],
        refused=[
            {"transitEncryptionEnabled": False},
            {"transitEncryptionEnabled": ABSENT},
            {"transitEncryptionMode": "preferred"},
        ],
        unknown=unknown("transitEncryptionEnabled"),
        allowed=[{"transitEncryptionMode": "required"}],
    ),
    Case(
        elasticache_authenticates,
        [CACHE],
        refused=[{"authToken": ABSENT}, {"authToken": "", "userGroupIds": []}],
        unknown=unknown("authToken"),
        allowed=[
            {"authToken": ABSENT, "userGroupIds": ["users"]},
            {"authToken": ABSENT, "authTokenWo": "given"},
        ],
    ),
    Case(
        elasticache_in_own_subnets,
        [CACHE],
        refused=[
            {"subnetGroupName": ABSENT},
            {"subnetGroupName": "default"},
            as_type("aws:elasticache/cluster:Cluster", {"clusterId": "one"}),
            {"subnetGroupName": ABSENT, "replicationGroupId": "cache"},
        ],
        unknown=unknown("subnetGroupName"),
        allowed=[
            as_type(
                "aws:elasticache/cluster:Cluster",
                {"clusterId": "one", "replicationGroupId": "cache"},
            )
        ],
    ),
    Case(
        elasticache_queue_keeps_its_jobs,
        [QUEUE, CACHE_PARAMETERS],
        refused=[
            on("parameters", {"parameters.1.value": "allkeys-lru"}),
            on("parameters", {"parameters": ABSENT}),
            {"parameterGroupName": "default.redis7"},
            both({"tags": {"Use": "queue"}}, without("parameters")),
        ],
        unknown=on("parameters", unknown("parameters.1.value")),
        allowed=[both({"tags": ABSENT}, without("parameters"))],
    ),
    Case(
        elasticache_user_has_password,
        [USER],
        refused=[
            {"noPasswordRequired": True},
            {"authenticationMode": {"type": "no-password-required"}},
        ],
        unknown=unknown("noPasswordRequired"),
        allowed=[{"noPasswordRequired": ABSENT, "authenticationMode": {"type": "iam"}}],
    ),
]
