"""A database's parameters, written as its manual does, in the units that RDS takes."""

from difflib import get_close_matches

from settings.model import Engine

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

# What people tune, as far as it has no unit: a name that is nearly one of these is a slip.
UNITLESS = frozenset(
    {
        *("checkpoint_completion_target", "default_statistics_target", "effective_io_concurrency"),
        *("log_connections", "log_disconnections", "log_lock_waits", "log_statement"),
        *("max_connections", "max_parallel_workers", "max_parallel_workers_per_gather"),
        *("max_wal_senders", "max_worker_processes", "password_encryption", "pgaudit.log"),
        *("pgaudit.role", "random_page_cost", "rds.force_ssl", "shared_preload_libraries"),
        *("character_set_server", "collation_server", "innodb_buffer_pool_size", "log_output"),
        *("long_query_time", "require_secure_transport", "slow_query_log", "wait_timeout"),
        *("max_allowed_packet", "sql_mode", "time_zone", "timezone", "max_user_connections"),
    }
)


def meant(name: str) -> str | None:
    """The parameter that a misspelt name was meant to be; None where it is none of those known."""
    known = sorted({*UNITS, *UNITLESS})
    near = get_close_matches(name, known, n=1, cutoff=0.9)
    return near[0] if near and near[0] != name else None


def in_engine_units(engine: Engine, name: str, value: str) -> str:
    """`shared_buffers: 256MB` is 32768 to RDS, which takes no units; ValueError says what may stand
    there."""
    if engine != "postgres" or name not in UNITS or value == KEEP_DEFAULT or FORMULA in value:
        return value
    number = value.rstrip("kMGTBmsinhd")
    suffix = value[len(number) :]
    scale = TIME if name in SPANS else MEMORY
    if not number.removeprefix("-").isdigit() or (suffix and suffix not in scale):
        raise ValueError(f"must be a whole number, and right behind it {', '.join(scale)} or none")
    if not suffix:
        return value
    amount, rest = divmod(int(number) * scale[suffix], UNITS[name])
    if rest:
        raise ValueError(
            f"must be a multiple of {UNITS[name]} {'ms' if name in SPANS else 'bytes'}"
        )
    return str(amount)


KEEP_DEFAULT = "auto"
"""A parameter of this value keeps what RDS sets by the size of the instance."""

FORMULA = "{"
"""RDS takes {DBInstanceClassMemory/9531392} as well (RDS user guide, parameter formulas)."""
