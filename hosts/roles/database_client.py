"""What every program that works on a database needs beside it on the operations instance."""

from hosts.programs import DIRECTORY, source
from hosts.steps import Directory, File, Step

CLIENTS = {"postgres": "postgresql-client", "mysql": "mariadb-client"}
"""Engine → Debian's package of its client."""


def client_program() -> tuple[Step, ...]:
    """The module that programs import, under the name that it has here."""
    return (
        Directory(DIRECTORY),
        Directory(f"{DIRECTORY}/hosts"),
        Directory(f"{DIRECTORY}/hosts/programs"),
        File(f"{DIRECTORY}/hosts/programs/database_client.py", source("database_client.py")),
    )
