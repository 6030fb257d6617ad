"""What a host tells the alarms of itself and nobody sees from outside: its memory and its disk."""

from hosts.programs import DIRECTORY, source
from hosts.steps import Directory, File, Role, Running
from hosts.unit import CONFINEMENT

NAME = "groundwork-measure"
EVERY_MINUTES = 5


def measurements() -> Role:
    """By a program that ends again: an agent would take memory to say how much there is."""
    return Role(
        name="measurements",
        configure=(
            Directory(f"{DIRECTORY}/hosts"),
            Directory(f"{DIRECTORY}/hosts/programs"),
            # Imported under this name: what a first boot lays down has no room for more.
            File(f"{DIRECTORY}/hosts/programs/cloud.py", source("cloud.py")),
            File(f"{DIRECTORY}/measure", source("measure.py"), mode="0755"),
            File(
                f"/etc/systemd/system/{NAME}.service",
                f"[Unit]\nDescription={NAME}\n\n"
                f"[Service]\nType=oneshot\nExecStart={DIRECTORY}/measure\n"
                f"TimeoutStartSec=240s\n{CONFINEMENT}",
            ),
            # At a minute of its own on each host, and always the same.
            File(
                f"/etc/systemd/system/{NAME}.timer",
                f"[Unit]\nDescription={NAME}\n\n[Timer]\nOnCalendar=*:0/{EVERY_MINUTES}\n"
                "RandomizedDelaySec=4min\nFixedRandomDelay=yes\nAccuracySec=1s\n\n"
                "[Install]\nWantedBy=timers.target\n",
            ),
        ),
        activate=(Running(f"{NAME}.timer"),),
    )
