"""What the operations instance does for an application's databases."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.database_access import username
from components.host_services import command_path, node_runtime
from hosts.roles.database_bootstrap import DatabaseBootstrap, DatabaseRole, database_bootstrap
from hosts.roles.database_migration import DatabaseMigration, SqlFiles, database_migration
from hosts.roles.dumps import DumpedDatabase, dumps
from hosts.roles.schedule import calendar_event
from hosts.roles.service import SecretSource
from hosts.roles.service import Service as HostService
from hosts.steps import Role
from settings.application import Database, Dump
from settings.stack import HostsPlacement
from settings.tree import Settings


def databases(
    settings: Settings, application: str, architecture: str, facts: Mapping[str, Any]
) -> Iterator[Role]:
    """Each is bootstrapped and dumped; the one of the migration is brought along by releases."""
    spec = settings.applications[application]
    hosted = isinstance(settings.placed(application).placement, HostsPlacement)
    bootstraps = {
        store: _bootstrap(settings, application, store, database, facts)
        for store, database in spec.databases.items()
    }
    yield from map(database_bootstrap, bootstraps.values())
    for store, database in spec.databases.items():
        if database.dump:
            yield _dumps(settings, bootstraps[store], database.dump, facts)
    # Releases run it, and those of tasks are not made by hosts.
    if spec.migration is not None and hosted:
        bootstrap = bootstraps[spec.migration.store]
        yield from _migration(settings, application, bootstrap, architecture, facts)


def _bootstrap(
    settings: Settings, application: str, store: str, database: Database, facts: Mapping[str, Any]
) -> DatabaseBootstrap:
    told = facts["databases"][f"{application}-{store}"]
    secrets: Mapping[str, str] = told["secrets"]
    rotations = {
        role: settings.rotation(application, f"stores.{store}.{role}") for role in database.roles
    }
    return DatabaseBootstrap(
        key=f"{application}-{store}",
        engine=database.kind,
        database=told["name"],
        administrator_secret_arn=told["administrator"],
        owner=database.owner,
        owner_secret_arn=secrets[database.owner],
        roles=(
            *(
                DatabaseRole(
                    name=username(role, rotations[role].current),
                    secret_arn=secrets[role],
                    rights=of.rights,
                    settings=of.settings,
                )
                for role, of in database.roles.items()
            ),
            DatabaseRole(name=told["backup_user"], secret_arn=secrets["backup"], rights="backup"),
        ),
        closed=tuple(
            username(role, rotation.current + 1)
            for role, rotation in rotations.items()
            if rotation.current > 1 and not rotation.accepted
        ),
        extensions=database.extensions,
        character_set=database.character_set,
    )


def _dumps(
    settings: Settings, bootstrap: DatabaseBootstrap, dump: Dump, facts: Mapping[str, Any]
) -> Role:
    zone = settings.stack.time_zone
    return dumps(
        DumpedDatabase(
            key=bootstrap.key,
            specification=bootstrap.specification,
            stack=settings.name,
            bucket=facts["databases"][bootstrap.key]["bucket"],
            region=settings.stack.region,
            encryption_key_arn=facts["encryption_key"],
            prefix=dump.prefix,
            validate_with=dump.validate_with,
            at=calendar_event(dump.schedule, zone),
            drill_at=calendar_event(dump.drill, zone) if dump.drill else None,
        )
    )


def _migration(
    settings: Settings,
    application: str,
    bootstrap: DatabaseBootstrap,
    architecture: str,
    facts: Mapping[str, Any],
) -> Iterator[Role]:
    """The migrating service's release and variables; of its secrets the database's alone."""
    spec = settings.applications[application]
    migration = spec.migration
    if migration is None:
        return
    shape = spec.services[migration.service]
    told = facts["migrations"][application]
    node = node_runtime(settings, shape, architecture)
    if node is not None:
        yield Role(name="runtime of migrations", install=node.steps())
    yield database_migration(
        DatabaseMigration(
            service=HostService(
                application=application,
                name=migration.service,
                environment={**told["environment"], "PATH": command_path(node)},
                secrets={name: SecretSource(**one) for name, one in told["secrets"].items()},
            ),
            bootstrap=bootstrap,
            command=migration.command,
            sql=(
                SqlFiles(
                    directory=migration.sql.directory,
                    down_directory=migration.sql.down_directory or migration.sql.directory,
                )
                if migration.sql
                else None
            ),
            down=migration.down,
            seed=migration.seed,
            seed_at_once=settings.placed(application).seed,
            after=spec.databases[migration.store].after_migration,
        )
    )
