"""What the operations instance has that other hosts have not: the clients of stores."""

from dataclasses import dataclass

from hosts.steps import Directory, Packages, Role


@dataclass(frozen=True, kw_only=True)
class Operations:
    engines: frozenset[str] = frozenset()
    """Which databases are worked on from here: postgres, mysql."""
    caches: bool = False


def operations(wanted: Operations) -> Role:
    """Tools alone; what is done with them is a role, or a command of its own."""
    clients = {"postgres": "postgresql-client", "mysql": "mariadb-client"}
    return Role(
        name="operations",
        install=(
            Packages(
                (
                    "awscli",
                    *(clients[engine] for engine in sorted(wanted.engines)),
                    *(("redis-tools",) if wanted.caches else ()),
                )
            ),
        ),
        configure=(Directory("/var/backups/groundwork", mode="0700"),),
    )
