"""The steps a host is brought into shape by: a check that changes nothing, and a remedy."""

import shlex
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol


class Step(Protocol):
    """One fact that must hold on a host. `check` is one command, or several joined by `&&`."""

    @property
    def name(self) -> str: ...

    def check(self) -> str: ...

    def remedy(self) -> str: ...


def words(*parts: str | int) -> str:
    """A command line whose every word reaches the command as it is."""
    return shlex.join([str(part) for part in parts])


@dataclass(frozen=True)
class Owed:
    """A restart or reload that a change makes due."""

    unit: str
    kind: str

    def mark(self) -> str:
        return words("owe", self.kind, self.unit)


def reload(unit: str) -> Owed:
    """Paid at the end of the same run: nobody notices it."""
    return Owed(unit, "reload")


def restart(application: str, unit: str) -> Owed:
    """Left on the host's disk, until the application's release takes the host out of rotation."""
    return Owed(unit, f"restart/{application}")


def exchange(application: str, unit: str) -> Owed:
    """As a restart, of processes that can take over from each other one by one."""
    return Owed(unit, f"exchange/{application}")


@dataclass(frozen=True)
class Packages:
    """Debian packages are installed; the version is Debian's choice, security updates included."""

    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"packages {' '.join(self.packages)}"

    def check(self) -> str:
        return words("is_installed", *self.packages)

    def remedy(self) -> str:
        return words("install_packages", *self.packages)


@dataclass(frozen=True)
class File:
    """A file has exactly this content, mode and owner."""

    path: str
    content: str
    mode: str = "0644"
    owner: str = "root"
    group: str = "root"
    validate: str | None = None
    """A command that must accept the new file, named by %s, before it replaces the old one."""
    owes: tuple[Owed, ...] = ()

    @property
    def name(self) -> str:
        return f"file {self.path}"

    def check(self) -> str:
        digest = sha256(self.content.encode()).hexdigest()
        return words("is_file", self.path, self.mode, self.owner, self.group, digest)

    def remedy(self) -> str:
        put = words(
            "put", self.path, self.mode, self.owner, self.group, *filter(None, (self.validate,))
        )
        owed = [owed.mark() for owed in self.owes]
        if self.path.startswith("/etc/systemd/system/"):
            owed.append("owe manager units")
        # The debt is noted first: a run that dies in between owes too much, never too little.
        return "\n".join([*owed, f"printf %s {shlex.quote(self.content)} | {put}"])


@dataclass(frozen=True)
class Absent:
    """Nothing is at this path (what an older version left behind)."""

    path: str
    owes: tuple[Owed, ...] = ()

    @property
    def name(self) -> str:
        return f"no {self.path}"

    def check(self) -> str:
        path = shlex.quote(self.path)
        return f"test ! -e {path} && test ! -L {path}"

    def remedy(self) -> str:
        return "\n".join([*(owed.mark() for owed in self.owes), words("rm", "-rf", self.path)])


@dataclass(frozen=True)
class Directory:
    """A directory exists with this mode and owner; what is in it is not touched."""

    path: str
    mode: str = "0755"
    owner: str = "root"
    group: str = "root"

    @property
    def name(self) -> str:
        return f"directory {self.path}"

    def check(self) -> str:
        return words("is_directory", self.path, self.mode, self.owner, self.group)

    def remedy(self) -> str:
        return words(
            "install", "-d", "-m", self.mode, "-o", self.owner, "-g", self.group, self.path
        )


@dataclass(frozen=True)
class Link:
    """A symbolic link points there."""

    path: str
    target: str
    owes: tuple[Owed, ...] = ()

    @property
    def name(self) -> str:
        return f"link {self.path}"

    def check(self) -> str:
        return f'test "$(readlink {shlex.quote(self.path)})" = {shlex.quote(self.target)}'

    def remedy(self) -> str:
        # Made beside its place and moved over it: there is no moment without the link.
        fresh = f"{self.path}.groundwork"
        return "\n".join(
            [
                *(owed.mark() for owed in self.owes),
                words("ln", "-sfnT", self.target, fresh),
                words("mv", "-fT", fresh, self.path),
            ]
        )


@dataclass(frozen=True)
class User:
    """A system user that nobody can log in as."""

    user: str
    home: str = "/nonexistent"
    groups: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"user {self.user}"

    def check(self) -> str:
        entry = f"$(getent passwd {shlex.quote(self.user)} | cut -d: -f6-7)"
        exists = f'test "{entry}" = {shlex.quote(f"{self.home}:/usr/sbin/nologin")}'
        if not self.groups:
            return exists
        return f"{exists} && {words('is_member', self.user, *self.groups)}"

    def remedy(self) -> str:
        facts = ("-d", self.home, "-s", "/usr/sbin/nologin")
        member = ("-G", ",".join(self.groups)) if self.groups else ()
        create = words(
            "useradd", "--system", "--user-group", "--no-create-home", *facts, *member, self.user
        )
        adapt = words("usermod", *facts, *member, *(("-a",) if member else ()), self.user)
        return f"if id {shlex.quote(self.user)}; then\n{adapt}\nelse\n{create}\nfi"


@dataclass(frozen=True)
class Archive:
    """The content of a pinned archive of the artifact bucket lies in a directory of its own."""

    bucket: str
    key: str
    sha256: str
    directory: str
    strip: int = 0
    """How many leading folders of the archive are left out."""
    owes: tuple[Owed, ...] = ()

    @property
    def name(self) -> str:
        return f"archive {self.key} in {self.directory}"

    def check(self) -> str:
        return words("has_archive", self.directory, self.sha256)

    def remedy(self) -> str:
        put = words("put_archive", self.bucket, self.key, self.sha256, self.directory, self.strip)
        return "\n".join([*(owed.mark() for owed in self.owes), put])


@dataclass(frozen=True)
class Download:
    """A pinned file of the artifact bucket lies at a path."""

    bucket: str
    key: str
    sha256: str
    path: str
    mode: str = "0644"

    @property
    def name(self) -> str:
        return f"download {self.key} to {self.path}"

    def check(self) -> str:
        return words("is_file", self.path, self.mode, "root", "root", self.sha256)

    def remedy(self) -> str:
        fresh = f"{self.path}.groundwork"
        return "\n".join(
            [
                words("fetch", self.bucket, self.key, self.sha256, fresh),
                words("chmod", self.mode, fresh),
                words("mv", "-fT", fresh, self.path),
            ]
        )


@dataclass(frozen=True)
class Running:
    """A unit starts with the machine, and runs now unless its own conditions rule that out."""

    unit: str

    @property
    def name(self) -> str:
        return f"running {self.unit}"

    def check(self) -> str:
        return words("is_running", self.unit)

    def remedy(self) -> str:
        return words("systemctl", "enable", "--now", "--quiet", self.unit)


@dataclass(frozen=True)
class Stopped:
    """A unit neither runs nor starts with the machine; it may not exist at all."""

    unit: str

    @property
    def name(self) -> str:
        return f"stopped {self.unit}"

    def check(self) -> str:
        unit = shlex.quote(self.unit)
        return f"! systemctl is-enabled --quiet {unit} && ! systemctl is-active --quiet {unit}"

    def remedy(self) -> str:
        return words("systemctl", "disable", "--now", "--quiet", self.unit)


@dataclass(frozen=True)
class NoOtherUnits:
    """Units that an earlier run of the same configuration brought are gone, unless it has them now.

    What serves for an application that stays here is stopped by its release, out of rotation.
    """

    configuration: str
    units: tuple[tuple[str, str], ...]
    """Unit and the application that it serves for; `-` where it serves nobody."""
    released: tuple[str, ...]
    """Applications that are released on this host."""

    @property
    def name(self) -> str:
        return f"no other units of {self.configuration}"

    @property
    def _record(self) -> str:
        return f"/var/lib/groundwork/units/{self.configuration}"

    @property
    def _content(self) -> str:
        return "".join(f"{unit} {application}\n" for unit, application in sorted(self.units))

    def check(self) -> str:
        digest = sha256(self._content.encode()).hexdigest()
        return words("is_file", self._record, "0644", "root", "root", digest)

    def remedy(self) -> str:
        take = words("take_other_units_away", self._record, *self.released)
        return f"printf %s {shlex.quote(self._content)} | {take}"


@dataclass(frozen=True)
class Sysctl:
    """A kernel setting has this value now; the file that keeps it over a reboot is a File."""

    key: str
    value: str

    @property
    def name(self) -> str:
        return f"kernel setting {self.key}"

    def check(self) -> str:
        return f'test "$(sysctl -n {shlex.quote(self.key)})" = {shlex.quote(self.value)}'

    def remedy(self) -> str:
        return words("sysctl", "-q", "-w", f"{self.key}={self.value}")


@dataclass(frozen=True)
class FirewallRules:
    """The host firewall has the rules of a file, one `ufw` rule a line, and no others."""

    file: str

    @property
    def name(self) -> str:
        return "firewall rules"

    def check(self) -> str:
        return words("has_firewall_rules", self.file)

    def remedy(self) -> str:
        return words("set_firewall_rules", self.file)


@dataclass(frozen=True)
class FirstBootDone:
    """The machine has finished its first boot: nothing else configures it at the same time."""

    name: str = "first boot finished"

    def check(self) -> str:
        return "test -e /var/lib/cloud/instance/boot-finished"

    def remedy(self) -> str:
        # 2 is cloud-init's word for "finished, with a remark"; the check decides.
        return "timeout 600 cloud-init status --wait || test $? -eq 2"


@dataclass(frozen=True)
class Ensure:
    """A fact that needs words of its own: a command that checks it, and one that makes it so."""

    name: str
    so: str
    make: str

    def check(self) -> str:
        return self.so

    def remedy(self) -> str:
        return self.make


@dataclass(frozen=True)
class Role:
    """Everything one concern wants of a host, in the three stages that all roles pass together."""

    name: str
    install: tuple[Step, ...] = ()
    configure: tuple[Step, ...] = ()
    activate: tuple[Step, ...] = ()
