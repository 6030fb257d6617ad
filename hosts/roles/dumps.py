"""Dumps of a database by the clock, and drills that restore them, on the operations instance."""

import json
from dataclasses import dataclass

from hosts.programs import DIRECTORY, source
from hosts.roles.database_client import client_program
from hosts.steps import Directory, File, Role, Running, Step, Stopped, User
from hosts.unit import ServiceUnit

USER = "groundwork-dumps"
HOME = f"/var/lib/{USER}"
PROGRAM = f"{DIRECTORY}/dump"
# A unit file takes a % for a specifier; this stands for the instance until it is quoted.
KEY = "@KEY@"
LONGEST_SECONDS = 6 * 3600
# How often the alarms are told of the newest dump's age: several times within their hour.
AGE_TOLD = "*-*-* *:00/20:00"
MODULES = ("aws_cli.py", "bucket.py", "database.py", "mysql_copy.py", "postgres_copy.py")


@dataclass(frozen=True, kw_only=True)
class DumpedDatabase:
    key: str
    """APPLICATION-STORE."""
    specification: str
    """Where the instance is told who may log in (DatabaseBootstrap.specification)."""
    stack: str
    bucket: str
    region: str
    encryption_key_arn: str
    prefix: str
    validate_with: str | None
    at: str
    """Calendar event of the dump (systemd.time(7))."""
    drill_at: str | None
    """Of the restore into a scratch database; none: by hand alone."""


def dumps(wanted: DumpedDatabase) -> Role:
    """As a user of its own, who owns nothing but the files that a dump passes through."""
    facts = {
        "stack": wanted.stack,
        "database": wanted.specification,
        "bucket": wanted.bucket,
        "region": wanted.region,
        "encryption_key": wanted.encryption_key_arn,
        "prefix": wanted.prefix,
        "validate_with": wanted.validate_with,
    }
    dump, drill, age = (f"groundwork-{one}@{wanted.key}.timer" for one in ("dump", "drill", "age"))
    return Role(
        name=f"dumps of {wanted.key}",
        configure=(
            *client_program(),
            *(File(f"{DIRECTORY}/hosts/programs/{module}", source(module)) for module in MODULES),
            File(PROGRAM, source("dump.py"), mode="0755"),
            User(USER, home=HOME),
            Directory(HOME, owner=USER, group=USER),
            Directory("/etc/groundwork"),
            Directory("/etc/groundwork/dumps"),
            File(f"/etc/groundwork/dumps/{wanted.key}.json", json.dumps(facts, indent=2) + "\n"),
            _unit("dump"),
            _unit("drill"),
            _unit("age"),
            _timer(dump, wanted.at),
            *((_timer(drill, wanted.drill_at),) if wanted.drill_at else ()),
            _timer(age, AGE_TOLD),
        ),
        activate=(
            Running(dump),
            Running(drill) if wanted.drill_at else Stopped(drill),
            Running(age),
        ),
    )


def _unit(action: str) -> Step:
    """A template: its instance is the key of a database."""
    unit = ServiceUnit(
        name=USER,
        description=f"{action} of {KEY}",
        user=USER,
        directory=HOME,
        start=(PROGRAM, action, KEY, *(("--reason", "schedule") if action == "dump" else ())),
        environment={},
        kind="oneshot",
        restart="no",
        start_seconds=LONGEST_SECONDS,
    )
    text = unit.text().replace(KEY, "%i").replace("\n[Install]\nWantedBy=multi-user.target\n", "")
    return File(f"/etc/systemd/system/groundwork-{action}@.service", text)


def _timer(name: str, at: str) -> Step:
    """A time that passed while the machine was off is made up for. One at a time: the program
    waits for its turn, so nothing has to be spread."""
    return File(
        f"/etc/systemd/system/{name}",
        f"[Unit]\nDescription={name}\n\n[Timer]\nOnCalendar={at}\nAccuracySec=1s\n"
        "Persistent=yes\n\n[Install]\nWantedBy=timers.target\n",
    )
