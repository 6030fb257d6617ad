"""How an application's database is brought along with its releases, taken back, and seeded."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from hosts.programs import DIRECTORY, source
from hosts.programs.task import Task
from hosts.roles.database_bootstrap import DatabaseBootstrap
from hosts.roles.database_client import client_program
from hosts.roles.service import VERSION, Service, command_role
from hosts.steps import File, Role
from hosts.unit import ServiceUnit

Action = Literal["up", "down", "seed"]
MODULES = ("aws_cli.py", "task.py")


@dataclass(frozen=True, kw_only=True)
class SqlFiles:
    """Where a release has its SQL files, and those that undo them; within its part."""

    directory: str
    down_directory: str


@dataclass(frozen=True, kw_only=True)
class DatabaseMigration:
    """What brings the database to a version, as the release program starts it."""

    service: Service
    """Whose release, variables and secrets it has; the secret of the database is the owner's."""
    bootstrap: DatabaseBootstrap
    command: str | None = None
    """Either a command of the release's own, or files."""
    sql: SqlFiles | None = None
    down: str | None = None
    """Command that goes back; it finds how far in MIGRATION_TARGET."""
    seed: str | None = None
    seed_at_once: bool = False
    """After the first migration, without being asked."""
    task: Task | None = None
    """For commands of a release that is no folder here."""
    after: tuple[str, ...] = ()
    """Statements for after each migration, which may run again and again."""
    longest_seconds: int = 1800


def specification(application: str) -> str:
    """What the program of migrations is told, on the operations instance."""
    return f"/etc/groundwork/{application}-migrate/migration.json"


def unit(application: str, action: Action) -> str:
    """The template of an action; its instance is the version of the release."""
    return f"{application}-migrate{'' if action == 'up' else f'-{action}'}@.service"


def database_migration(wanted: DatabaseMigration) -> Role:
    """One unit for each action and version, as confined as a service."""
    service = wanted.service
    application = service.application
    migrator = Service(
        application=application,
        name="migrate",
        part=service.part or service.name,
        environment=service.environment,
        secrets=service.secrets,
        writable=service.writable,
    )
    told = {
        "database": wanted.bootstrap.specification,
        "part": migrator.part,
        "command": wanted.command,
        "sql": (
            {"directory": wanted.sql.directory, "down_directory": wanted.sql.down_directory}
            if wanted.sql
            else None
        ),
        "down": wanted.down,
        "seed": wanted.seed,
        "seed_at_once": wanted.seed_at_once,
        "task": asdict(wanted.task) if wanted.task else None,
        "after": list(wanted.after),
    }
    program = f"{DIRECTORY}/migrations"

    def command(action: Action) -> ServiceUnit:
        return migrator.command_unit(
            start=(program, action, specification(application), VERSION),
            longest_seconds=wanted.longest_seconds,
            # SQL files are run from here, wherever commands run.
            directory=(
                migrator.configuration
                if wanted.task and not wanted.sql
                else f"/srv/{application}/releases/{VERSION}/{migrator.part}"
            ),
            needs=(),
            # What a person asked for, from the release program.
            environment_files=(
                f"{migrator.configuration}/environment",
                *((f"{migrator.secrets_directory}/environment",) if migrator.secrets else ()),
                f"/run/groundwork/{migrator.key}.request",
            ),
        )

    actions: tuple[Action, ...] = ("up", "down", "seed")
    return command_role(
        migrator,
        {unit(application, action): command(action) for action in actions},
        configure=(
            *client_program(),
            *(File(f"{DIRECTORY}/hosts/programs/{module}", source(module)) for module in MODULES),
            File(program, source("migrations.py"), mode="0755"),
            File(specification(application), json.dumps(told, indent=2) + "\n"),
        ),
    )
