"""An application's databases and caches, each with its roles, its alarms and the way to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.alarms import (
    Alarm,
    Alarms,
    AlarmsArgs,
    cache_alarms,
    database_alarms,
    dump_alarms,
    replica_alarms,
)
from components.cache import Cache, CacheArgs
from components.database import Database, DatabaseArgs
from components.database_access import DatabaseAccess, DatabaseAccessArgs, DatabaseRole, username
from components.firewall import Group, Passage
from components.network import Network
from components.variables import StoreFacts
from settings import application as wanted
from settings.part import Part
from settings.stack import CacheSize, DatabaseSize, Rotation
from settings.tree import Settings

# Extensions that the server must load before it can create them (RDS user guide).
PRELOADED = ("pg_stat_statements", "pgaudit", "pg_cron", "pglogical")


@dataclass(frozen=True, kw_only=True)
class DatabaseAccesses:
    """What the operations instance needs to bring a database into shape."""

    database_name: str
    administrator_secret_arn: pulumi.Output[str]
    backup_user: str
    secret_arns: dict[str, pulumi.Output[str]]  # role -> secret


@dataclass(frozen=True, kw_only=True)
class StoresArgs:
    settings: Settings
    network: Network
    key_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    clients: Mapping[str, Mapping[str, pulumi.Input[str]]]  # store -> who -> security group


class Stores:
    """The parts of an application's component that keep its data; no component themselves."""

    databases: dict[str, Database]
    accesses: dict[str, DatabaseAccesses]  # to the databases
    facts: dict[str, StoreFacts]
    ways: dict[str, Passage]
    alarms: dict[str, Alarms]

    def __init__(self, application: str, args: StoresArgs, opts: pulumi.ResourceOptions) -> None:
        spec = args.settings.applications[application]
        self._args = args
        self._child = opts
        self.databases = {}
        self.accesses = {}
        self.facts = {}
        self.ways = {}
        self.alarms = {}
        sizes = args.settings.placed(application).stores
        for name, store in spec.stores.items():
            match store, sizes[name]:
                case wanted.Database(), DatabaseSize() as size:
                    part = Part(application=spec, name=name, shape=store)
                    self._database(part, size)
                case wanted.Cache(), CacheSize() as size:
                    part = Part(application=spec, name=name, shape=store)
                    self._cache(part, size)
                case _, size:
                    raise AssertionError(f"{name}: the settings let a {size.kind} stand for it")

    def _database(self, store: Part[wanted.Database], size: DatabaseSize) -> None:
        args, shape = self._args, store.shape
        stack = args.settings.stack
        database = Database(
            store.key,
            DatabaseArgs(
                engine=shape.kind,
                version=shape.version,
                major_upgrade=size.major_upgrade,
                instance_class=size.instance_class,
                storage_gb=size.storage_gb,
                storage_ceiling_gb=size.max_storage_gb or 2 * size.storage_gb,
                durable=stack.durable,
                standby=size.multi_az,
                zone=size.zone and f"{stack.region}{size.zone}",
                replicas=size.replicas,
                parameters=_parameters(shape),
                backup_days=size.backup_days,
                backup_window=size.backup_window,
                maintenance_window=size.maintenance_window,
                vpc_id=args.network.vpc_id,
                subnet_ids=list(args.network.subnet_ids["isolated"].values()),
                clients=args.clients[store.name],
                key_arn=args.key_arn,
                log_days=store.application.logs.keep_days,
            ),
            opts=self._child,
        )
        rotations = {
            role: args.settings.rotation(store.application.name, f"stores.{store.name}.{role}")
            for role in (shape.owner, *shape.roles, "backup")
        }
        usernames = {
            shape.owner: shape.owner,
            **{role: username(role, rotations[role].current) for role in shape.roles},
            "backup": f"{shape.owner}_backup"[:32],
        }
        name = size.name or shape.name
        secret_arns = self._access(store, database, name, usernames, rotations)
        self.databases[store.name] = database
        self.accesses[store.name] = DatabaseAccesses(
            database_name=name,
            administrator_secret_arn=database.administrator_secret_arn,
            backup_user=usernames["backup"],
            secret_arns=secret_arns,
        )
        self._watch(store, self._database_alarms(store, database, size))
        self.facts[store.name] = StoreFacts(
            plain={
                "host": database.host,
                "port": str(database.port),
                "name": name,
                "reader_host": database.reader_host,
            },
            secret_arns=secret_arns,
            usernames=usernames,
            generations={
                role: str(stands.current)
                for role, stands in rotations.items()
                if stands.current > 1
            },
        )
        self.ways[store.name] = Passage(peer=Group(database.group_id), port=database.port)

    def _access(
        self,
        store: Part[wanted.Database],
        database: Database,
        name: str,
        usernames: Mapping[str, str],
        rotations: Mapping[str, Rotation],
    ) -> dict[str, pulumi.Output[str]]:
        """A secret for each role, by role."""
        readers = {role for role, of in store.shape.roles.items() if of.rights == "read"}
        options = store.shape.url_parameters.items()
        return DatabaseAccess(
            f"{store.key}-roles",
            DatabaseAccessArgs(
                engine=store.shape.kind,
                port=database.port,
                database=name,
                roles={
                    role: DatabaseRole(
                        username=of,
                        host=database.reader_host if role in readers else database.host,
                        generation=rotations[role].current,
                        accepted=rotations[role].accepted,
                        next_username=(
                            username(role, rotations[role].accepted)
                            if rotations[role].announced
                            else None
                        ),
                    )
                    for role, of in usernames.items()
                },
                key_arn=self._args.key_arn,
                durable=self._args.settings.stack.durable,
                url_options={option: str(value) for option, value in options},
            ),
            opts=self._child,
        ).secret_arns

    def _database_alarms(
        self, store: Part[wanted.Database], database: Database, size: DatabaseSize
    ) -> dict[str, Alarm]:
        connections = store.shape.parameters.get("max_connections")
        dump = store.shape.dump
        return {
            **database_alarms(
                database.identifier,
                instance_class=size.instance_class,
                storage_gb=size.storage_gb,
                connections=connections if isinstance(connections, int) else None,
            ),
            **{
                f"{replica}-{measure}": alarm
                for replica, identifier in database.replica_identifiers.items()
                for measure, alarm in replica_alarms(identifier).items()
            },
            **(
                dump_alarms(self._args.settings.name, store.key, drills=dump.drill is not None)
                if dump
                else {}
            ),
        }

    def _cache(self, store: Part[wanted.Cache], size: CacheSize) -> None:
        args = self._args
        cache = Cache(
            store.key,
            CacheArgs(
                version=store.shape.version,
                node_type=size.node_type,
                replicas=size.nodes - 1,
                policy=store.shape.policy,
                durable=args.settings.stack.durable,
                snapshot_days=store.shape.keep_snapshots_days,
                snapshot_window=size.snapshot_window,
                maintenance_window=size.maintenance_window,
                vpc_id=args.network.vpc_id,
                subnet_ids=list(args.network.subnet_ids["isolated"].values()),
                clients=args.clients[store.name],
                key_arn=args.key_arn,
                log_days=store.application.logs.keep_days,
            ),
            opts=self._child,
        )
        self._watch(
            store,
            {
                f"{node}-{measure}": alarm
                for node, node_id in cache.node_ids.items()
                for measure, alarm in cache_alarms(node_id).items()
            },
        )
        self.facts[store.name] = StoreFacts(
            plain={
                "host": cache.host,
                "port": str(cache.port),
                "reader_host": cache.reader_host,
            },
            secret_arns={"": cache.secret_arn},
            usernames={},
        )
        self.ways[store.name] = Passage(peer=Group(cache.group_id), port=cache.port)

    def _watch(
        self, store: Part[wanted.Database] | Part[wanted.Cache], alarms: Mapping[str, Alarm]
    ) -> None:
        self.alarms[store.name] = Alarms(
            store.key, AlarmsArgs(topic_arn=self._args.topic_arn, alarms=alarms), opts=self._child
        )


def _parameters(store: wanted.Database) -> dict[str, str | int | float]:
    """The server's parameters, with what its extensions and the slow-query log need."""
    parameters: dict[str, str | int | float] = dict(store.parameters)
    if store.kind == "postgres":
        loaded = {"pg_stat_statements", *store.extensions} & set(PRELOADED)
        parameters.setdefault("shared_preload_libraries", ",".join(sorted(loaded)))
        if store.slow_query_ms is not None:
            parameters.setdefault("log_min_duration_statement", store.slow_query_ms)
    elif store.slow_query_ms is not None:
        parameters.setdefault("long_query_time", store.slow_query_ms / 1000)
    return parameters
