"""What the operations instance has that other hosts have not: the clients of stores."""

from dataclasses import dataclass

from hosts.roles.database_client import CLIENTS
from hosts.steps import Directory, Packages, Role


@dataclass(frozen=True, kw_only=True)
class Operations:
    engines: frozenset[str] = frozenset()
    """Which databases are worked on from here: postgres, mysql."""
    caches: bool = False


def operations(wanted: Operations) -> Role:
    """Tools alone; what is done with them is a role, or a command of its own."""
    return Role(
        name="operations",
        install=(
            Packages(
                (
                    "awscli",
                    *(CLIENTS[engine] for engine in sorted(wanted.engines)),
                    *(("redis-tools",) if wanted.caches else ()),
                )
            ),
        ),
        configure=(Directory("/var/backups/groundwork", mode="0700"),),
    )
