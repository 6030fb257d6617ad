"""Turns roles into one shell script that changes only what is not already so."""

import shlex
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from hosts.steps import Ensure, File, NoOtherUnits, Packages, Role, Step

PRELUDE = (Path(__file__).parent / "prelude.bash").read_text()

LAST_LINE = "# end of script"

_RUNNER = f"""\
set -eu
umask 077
script=$(mktemp /run/groundwork.XXXXXX)
trap "rm -f $script" EXIT
cat >"$script"
if [ "$(tail -n 1 "$script")" != "{LAST_LINE}" ]; then
  echo "The script was cut off on its way, so nothing of it was run. Run it again." >&2
  exit 65
fi
flock --wait 900 /run/groundwork.lock timeout --kill-after=30 1800 bash "$script" </dev/null"""

COMMAND = f"sudo --non-interactive bash -c '{_RUNNER}'"
"""The same text for every host and every script, which comes on stdin: a failing remote command
prints its text. Nothing runs before the whole script has arrived, and never two at a time."""

UNITS_KNOWN = Ensure("unit files read by systemd", "owes_nothing manager", "forget_units")
RELOADS_PAID = Ensure("services reloaded", "owes_nothing reload", "pay_reloads")


UNIT_FILES = PurePosixPath("/etc/systemd/system")
RELEASES = PurePosixPath("/etc/groundwork/releases")
SERVES_FOR = "restart/"


def render(roles: Iterable[Role], configuration: str | None = None) -> str:
    """Every role installs before any role configures, and configures before any starts.

    A configuration that has a name takes away what an earlier run of that name started and this
    one no longer knows: a service, a schedule, a database's dumps.
    """
    roles = list(roles)
    return script(
        [
            *_installed(roles),
            *(step for role in roles for step in role.configure),
            *([_no_other_units(configuration, roles)] if configuration else []),
            UNITS_KNOWN,
            *(step for role in roles for step in role.activate),
            RELOADS_PAID,
        ]
    )


def _no_other_units(configuration: str, roles: Iterable[Role]) -> NoOtherUnits:
    """What a unit's change would owe a restart tells whom it serves for."""
    files = {
        PurePosixPath(step.path): step
        for role in roles
        for step in (*role.install, *role.configure)
        if isinstance(step, File)
    }
    serves_for = {
        path.name: next(
            (
                owed.kind.removeprefix(SERVES_FOR)
                for owed in file.owes
                if owed.kind.startswith(SERVES_FOR)
            ),
            "-",
        )
        for path, file in files.items()
        if path.parent == UNIT_FILES
    }
    return NoOtherUnits(
        configuration,
        units=tuple(serves_for.items()),
        released=tuple(sorted(path.stem for path in files if path.parent == RELEASES)),
    )


def _installed(roles: list[Role]) -> list[Step]:
    """The packages of all roles as one step, for apt takes seconds each time; what stands before
    them in its role is done before."""
    before: list[Step] = []
    names: list[str] = []
    after: list[Step] = []
    for role in roles:
        is_packages = [isinstance(step, Packages) for step in role.install]
        first = is_packages.index(True) if any(is_packages) else 0
        before += role.install[:first]
        for step in role.install[first:]:
            if isinstance(step, Packages):
                names += step.packages
            else:
                after.append(step)
    together = [Packages(tuple(dict.fromkeys(names)))] if names else []
    return [*before, *together, *after]


def script(steps: Iterable[Step]) -> str:
    """The steps in order, as a script that bash has read to its end before it begins."""
    body = PRELUDE + "".join(map(_guarded, steps))
    return f'main() {{\n{body}}}\nmain "$@" </dev/null\n{LAST_LINE}\n'


def _guarded(step: Step) -> str:
    name = shlex.quote(step.name)
    return (
        f"\nstep={name}\n"
        f"if ! {{ {step.check()}; }} >/dev/null 2>&1; then\n"
        f'(\n{step.remedy()}\n) >>"$journal" 2>&1\n'
        f"{{ {step.check()}; }} >/dev/null 2>&1 ||\n"
        "  refuse 'its remedy ran, and it is still not so'\n"
        f"printf 'changed: %s\\n' {name}\n"
        "fi\n"
    )
