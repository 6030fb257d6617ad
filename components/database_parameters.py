"""The parameters of a database: ours, what is wanted, and when each acts."""

from collections.abc import Mapping
from dataclasses import dataclass

from settings.engine_units import KEEP_DEFAULT, UNITS, in_engine_units
from settings.model import Engine

# RDS refuses to apply a static parameter at once, and takes any at the next restart: what is not
# known to be dynamic waits for one. A new instance starts with all of them.
DYNAMIC: dict[Engine, frozenset[str]] = {
    "postgres": frozenset(UNITS) - {"shared_buffers", "wal_buffers"}
    | {
        "checkpoint_completion_target",
        "default_statistics_target",
        "effective_io_concurrency",
        "log_connections",
        "log_disconnections",
        "log_lock_waits",
        "log_statement",
        "password_encryption",
        "pgaudit.log",
        "pgaudit.role",
        "random_page_cost",
    },
    "mysql": frozenset(
        {
            "character_set_server",
            "collation_server",
            "innodb_buffer_pool_size",
            "log_output",
            "long_query_time",
            "max_connections",
            "require_secure_transport",
            "slow_query_log",
            "wait_timeout",
        }
    ),
}

# A slow statement, by the applications' manuals: a second.
OURS: dict[Engine, dict[str, str]] = {
    "postgres": {
        "log_min_duration_statement": "1000",
        "password_encryption": "scram-sha-256",
        "shared_preload_libraries": "pg_stat_statements",
    },
    "mysql": {
        "character_set_server": "utf8mb4",
        "log_output": "FILE",
        "long_query_time": "1",
        "slow_query_log": "1",
    },
}
# Nobody's to change. RDS writes a switch of MySQL as 0 or 1 (RDS user guide, requiring SSL/TLS).
ENCRYPTED: dict[Engine, dict[str, str]] = {
    "postgres": {"rds.force_ssl": "1"},
    "mysql": {"require_secure_transport": "1"},
}


@dataclass(frozen=True)
class Parameter:
    name: str
    value: str
    at_once: bool


def parameters(engine: Engine, wanted: Mapping[str, str | int | float]) -> list[Parameter]:
    """Ours, then what is wanted, then TLS; `auto` keeps what RDS has for the instance's size."""
    values = {
        **OURS[engine],
        **{name: in_engine_units(engine, name, str(value)) for name, value in wanted.items()},
        **ENCRYPTED[engine],
    }
    return [
        Parameter(name, value, at_once=name in DYNAMIC[engine])
        for name, value in sorted(values.items())
        if value != KEEP_DEFAULT
    ]


def family(engine: Engine, version: str) -> str:
    """The parameter group family: a PostgreSQL major has one number, a MySQL one two."""
    parts = version.split(".")
    return f"postgres{parts[0]}" if engine == "postgres" else f"mysql{'.'.join(parts[:2])}"
