"""How RDS wants a database's settings written: its units, our defaults, and when they act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Engine = Literal["postgres", "mysql"]

# What PostgreSQL counts in (its manual, "Parameter Names and Values"), in bytes or milliseconds.
UNITS: dict[str, int] = {
    "effective_cache_size": 8192,
    "log_temp_files": 1024,
    "maintenance_work_mem": 1024,
    "max_wal_size": 1024**2,
    "min_wal_size": 1024**2,
    "shared_buffers": 8192,
    "temp_buffers": 8192,
    "wal_buffers": 8192,
    "wal_keep_size": 1024**2,
    "work_mem": 1024,
    "autovacuum_naptime": 1000,
    "checkpoint_timeout": 1000,
    "idle_in_transaction_session_timeout": 1,
    "lock_timeout": 1,
    "log_autovacuum_min_duration": 1,
    "log_min_duration_statement": 1,
    "statement_timeout": 1,
}
MEMORY = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
TIME = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
SPANS = frozenset(name for name in UNITS if name.endswith(("_timeout", "_naptime"))) | {
    "log_autovacuum_min_duration",
    "log_min_duration_statement",
}

# RDS refuses to apply a static parameter at once, and takes any at the next restart: what is not
# known to be dynamic waits for one.
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
        "rds.force_ssl",
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
KEEP_DEFAULT = "auto"


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


def in_engine_units(engine: Engine, name: str, value: str) -> str:
    """`shared_buffers: 256MB` is 32768 to RDS, which takes no units."""
    number = value.rstrip("kMGTBmsinhd")
    suffix = value[len(number) :]
    if engine == "postgres" and name in UNITS and suffix and number.lstrip("-").isdigit():
        scale = TIME if name in SPANS else MEMORY
        if suffix not in scale:
            raise ValueError(f"{name}: {value}: the unit must be one of {', '.join(scale)}")
        amount, rest = divmod(int(number) * scale[suffix], UNITS[name])
        if rest:
            raise ValueError(f"{name}: {value}: must be a multiple of {UNITS[name]}")
        return str(amount)
    return value


def family(engine: Engine, version: str) -> str:
    """The parameter group family: a PostgreSQL major has one number, a MySQL one two."""
    parts = version.split(".")
    return f"postgres{parts[0]}" if engine == "postgres" else f"mysql{'.'.join(parts[:2])}"
