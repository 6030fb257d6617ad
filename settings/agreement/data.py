"""Stores, dumps, migrations and schedules of an application."""

import re
from collections.abc import Iterator

from settings.agreement.fault import ApplicationCheck, Fault, must_be_known
from settings.application import Application, Database, Dump, Migration, Pm2
from settings.cron import cron_fault
from settings.engine_units import FORMULA, KEEP_DEFAULT, in_engine_units, meant
from settings.problem import shown

# They write new migrations, or empty the database, when it is not as they think.
INVENTS_MIGRATIONS = re.compile(
    r"\bmigrate[ :]dev\b|\bmigrate[ :]reset\b|\bdb[ :]push\b|\bmigrate[ :]make\b|--force-reset\b"
)
# Of the operations instance's client, postgresql-client of Debian 13.
NEWEST_DUMPED_POSTGRES = 17


def _parts_name_each_other(application: Application) -> Iterator[Fault]:
    if migration := application.migration:
        yield from must_be_known(
            "migration.service", migration.service, application.services, "services"
        )
        yield from must_be_known(
            "migration.store", migration.store, application.databases, "databases"
        )
        database = application.databases.get(migration.store)
        if migration.dump_first and database and database.dump is None:
            yield (
                "migration.dump_first",
                "true",
                f"stores.{migration.store}.dump must say where the dump goes",
            )
        yield from _migrates_in_one_way(migration)
    for name, schedule in application.schedules.items():
        key = f"schedules.{name}.service"
        yield from must_be_known(key, schedule.service, application.services, "services")
    for name, store in application.databases.items():
        if store.dump:
            key = f"stores.{name}.dump.bucket"
            yield from must_be_known(key, store.dump.bucket, application.buckets, "buckets")
            yield from _dump_fits(f"stores.{name}.dump", store.dump, application)
            yield from _client_can_dump(f"stores.{name}.version", store)
        if store.owner in store.roles:
            yield f"stores.{name}.roles.{store.owner}", "the owner", "must be another role"


def _client_can_dump(key: str, store: Database) -> Iterator[Fault]:
    """pg_dump aborts at a server that is newer than itself (PostgreSQL manual, pg_dump)."""
    newest = NEWEST_DUMPED_POSTGRES
    if store.kind == "postgres" and int(store.version.split(".")[0]) > newest:
        yield key, store.version, f"must be {newest} at most for a dump: Debian 13 has that client"


def _migrates_in_one_way(migration: Migration) -> Iterator[Fault]:
    if migration.command is None and migration.sql is None:
        yield "migration", "neither command nor sql", "one of the two must say how it migrates"
    if migration.command is not None and migration.sql is not None:
        yield "migration.sql", "given beside command", "one of the two says how it migrates"
    if migration.sql is not None and migration.down is not None:
        yield (
            "migration.down",
            migration.down,
            "sql goes back by its own .down.sql files: leave out",
        )
    for key in ("command", "down", "seed"):
        command: str | None = getattr(migration, key)
        if command and (found := INVENTS_MIGRATIONS.search(command)):
            yield (
                f"migration.{key}",
                command,
                f"{found[0]} makes or drops what it likes: only existing migrations are applied "
                "(prisma migrate deploy, knex migrate:latest)",
            )


def _dumps_are_apart(application: Application) -> Iterator[Fault]:
    """By place alone: what a database is called, a stack file may say otherwise."""
    taken: dict[tuple[str, str], str] = {}
    for name, store in application.databases.items():
        if store.dump is None:
            continue
        first = taken.setdefault((store.dump.bucket, store.dump.prefix), name)
        if first != name:
            yield (
                f"stores.{name}.dump.prefix",
                store.dump.prefix,
                f"must be another than that of stores.{first}, in the same bucket: each would "
                "take the other's dumps for its own",
            )


def _dump_fits(key: str, dump: Dump, application: Application) -> Iterator[Fault]:
    *_, day, month, weekday = dump.schedule.split()
    if {day, month, weekday} != {"*"} and not cron_fault(dump.schedule):
        yield (
            f"{key}.schedule",
            dump.schedule,
            "must be each day (0 2 * * *): an alarm misses a dump after 26 hours",
        )
    bucket = application.buckets.get(dump.bucket)
    if bucket is None:
        return
    # The longest that anything under the dumps' prefix is kept by the bucket's own rules.
    kept = [rule.days for rule in bucket.expire if f"{dump.prefix}/".startswith(rule.prefix)]
    if not kept or min(kept) != dump.keep_days:
        rules = min(kept, default=None)
        yield (
            f"{key}.keep_days",
            str(dump.keep_days),
            f"buckets.{dump.bucket}.expire keeps {dump.prefix}/ "
            f"{f'for {rules} days' if rules else 'for ever'}: both must say the same",
        )


def _parameters_are_values(application: Application) -> Iterator[Fault]:
    for name, store in application.databases.items():
        for parameter, value in store.parameters.items():
            key = f"stores.{name}.parameters.{parameter}"
            if known := meant(parameter):
                yield key, shown(parameter), f"did you mean {known}?"
                continue
            try:
                in_engine_units(store.kind, parameter, str(value))
            except ValueError as error:
                yield key, shown(value), str(error)
            plain = str(value).isdigit() or value == KEEP_DEFAULT or FORMULA in str(value)
            if parameter == "max_connections" and not plain:
                yield key, shown(value), "must be a whole number, or auto for what RDS sets"


# utf8 is what MySQL calls the three-byte part of it: no emoji can be stored.
CUT_OFF = ("utf8", "utf8mb3")


def _texts_can_be_stored(application: Application) -> Iterator[Fault]:
    for name, store in application.databases.items():
        key, written = f"stores.{name}.character_set", shown(store.character_set)
        if store.kind == "mysql" and store.character_set.lower() in CUT_OFF:
            yield key, written, "must be utf8mb4 with mysql, whose utf8 is a part of UTF-8 only"


def _queues_lose_nothing(application: Application) -> Iterator[Fault]:
    for name, store in application.caches.items():
        if store.queue and store.policy != "noeviction":
            yield f"stores.{name}.policy", shown(store.policy), "a queue must have noeviction"


def _times_exist(application: Application) -> Iterator[Fault]:
    times = {f"schedules.{name}.at": one.at for name, one in application.schedules.items()}
    for name, store in application.databases.items():
        if store.dump:
            times[f"stores.{name}.dump.schedule"] = store.dump.schedule
            if store.dump.drill:
                times[f"stores.{name}.dump.drill"] = store.dump.drill
    for name, service in application.services.items():
        if isinstance(service.runtime, Pm2) and service.runtime.restart_at:
            times[f"services.{name}.runtime.restart_at"] = service.runtime.restart_at
    for key, text in times.items():
        if fault := cron_fault(text):
            yield key, shown(text), fault


OF_APPLICATION: tuple[ApplicationCheck, ...] = (
    _parts_name_each_other,
    _dumps_are_apart,
    _times_exist,
    _parameters_are_values,
    _texts_can_be_stored,
    _queues_lose_nothing,
)
