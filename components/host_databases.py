"""What the operations instance does for an application's databases."""

from collections.abc import Iterator

from components.database_access import username
from components.host_facts import DatabaseFacts, OperationsFacts
from components.host_runtimes import Runtimes
from hosts.roles.database_bootstrap import DatabaseBootstrap, DatabaseRole, database_bootstrap
from hosts.roles.database_migration import DatabaseMigration, SqlFiles, database_migration
from hosts.roles.dumps import DumpedDatabase, dumps
from hosts.roles.schedule import calendar_event
from hosts.roles.service import Service as HostService
from hosts.steps import Role
from settings.application import Application, Database, Dump
from settings.part import Part
from settings.stack import HostsPlacement, Rotation
from settings.tree import Settings


def databases(
    settings: Settings, application: Application, facts: OperationsFacts, runtimes: Runtimes
) -> Iterator[Role]:
    """Each is bootstrapped and dumped; the one of the migration is brought along by releases."""
    bootstraps: dict[str, DatabaseBootstrap] = {}
    for store, shape in application.databases.items():
        database = Part(application=application, name=store, shape=shape)
        bootstraps[store] = _bootstrap(settings, database, facts.databases[database.key])
    yield from map(database_bootstrap, bootstraps.values())
    for store, shape in application.databases.items():
        if shape.dump:
            yield dumps(_dumped(settings, bootstraps[store], shape.dump, facts))
    # Releases run it: of tasks, there may be none yet.
    if application.migration is not None and operations_migrate(settings, application):
        bootstrap = bootstraps[application.migration.store]
        yield from _migration(settings, application, bootstrap, facts, runtimes)


def operations_migrate(settings: Settings, application: Application) -> bool:
    """Whether the operations instance is told how this application's database is brought along."""
    if isinstance(settings.placed(application.name).placement, HostsPlacement):
        return application.migration is not None
    return settings.migrated_version(application.name) is not None


def _bootstrap(
    settings: Settings, database: Part[Database], facts: DatabaseFacts
) -> DatabaseBootstrap:
    wanted = database.shape
    rotations = {
        role: settings.rotation(database.application.name, f"stores.{database.name}.{role}")
        for role in wanted.roles
    }
    return DatabaseBootstrap(
        key=database.key,
        engine=wanted.kind,
        database=facts.name,
        administrator_secret_arn=facts.administrator,
        owner=wanted.owner,
        owner_secret_arn=facts.secrets[wanted.owner],
        roles=(
            *(
                DatabaseRole(
                    name=username(role, generation),
                    secret_arn=facts.secrets[role],
                    is_next=generation > rotations[role].current,
                    rights=of.rights,
                    settings=of.settings,
                )
                for role, of in wanted.roles.items()
                for generation in _made(rotations[role])
            ),
            DatabaseRole(
                name=facts.backup_user, secret_arn=facts.secrets["backup"], rights="backup"
            ),
        ),
        closed=tuple(
            username(role, rotation.current + 1)
            for role, rotation in rotations.items()
            if rotation.current > 1 and not rotation.accepted
        ),
        extensions=wanted.extensions,
        character_set=wanted.character_set,
    )


def _made(rotation: Rotation) -> tuple[int, ...]:
    """The generations whose users the database is to have; that of the last one it has."""
    return (rotation.current, *((rotation.accepted,) if rotation.announced else ()))


def _dumped(
    settings: Settings, bootstrap: DatabaseBootstrap, dump: Dump, facts: OperationsFacts
) -> DumpedDatabase:
    zone = settings.stack.time_zone
    bucket = facts.databases[bootstrap.key].bucket
    assert bucket is not None, "what is dumped is dumped into one"
    return DumpedDatabase(
        key=bootstrap.key,
        specification=bootstrap.specification,
        stack=settings.name,
        bucket=bucket,
        region=settings.stack.region,
        encryption_key_arn=facts.encryption_key,
        prefix=dump.prefix,
        validate_with=dump.validate_with,
        at=calendar_event(dump.schedule, zone),
        drill_at=calendar_event(dump.drill, zone) if dump.drill else None,
    )


def _migration(
    settings: Settings,
    application: Application,
    bootstrap: DatabaseBootstrap,
    facts: OperationsFacts,
    runtimes: Runtimes,
) -> Iterator[Role]:
    """The migrating service's release and variables; of its secrets the database's alone."""
    migration = application.migration
    if migration is None:
        return
    if isinstance(settings.placed(application.name).placement, HostsPlacement):
        shape = application.services[migration.service]
        node = runtimes.node_of(shape)
        if node is not None:
            yield Role(name="runtime of migrations", install=node.steps())
        variables = facts.migrations[application.name]
        path = runtimes.command_path(shape)
        service = HostService(
            application=application.name,
            name=migration.service,
            environment={**variables.environment, "PATH": path},
            secrets=variables.secrets,
        )
    else:
        # What its commands need, their task has.
        service = HostService(application=application.name, name=migration.service, environment={})
    yield database_migration(
        DatabaseMigration(
            service=service,
            bootstrap=bootstrap,
            task=facts.tasks.get(application.name),
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
            seed_at_once=settings.placed(application.name).seed,
            after=application.databases[migration.store].after_migration,
        )
    )
