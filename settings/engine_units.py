"""A database's parameters, written as its manual does, in the units that RDS takes."""

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
