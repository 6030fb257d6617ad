"""systemd units of ours: confined to what a web service needs, whatever runs in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

LONGEST_USER_NAME = 32  # useradd(8)

# What a process of ours can do without (systemd.exec(5)); `systemd-analyze security` rates it.
CONFINEMENT = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0077
"""
# AF_NETLINK: Node and Java list network interfaces by it. @pkey: Node dies without it.
# Not MemoryDenyWriteExecute: both compile while they run.
# Not RemoveIPC: it empties /dev/shm of all that the user has there, and a service shares its user
# with its schedules and its other colour, a restore with the dumps by the clock.


@dataclass(frozen=True, kw_only=True)
class ServiceUnit:
    """A process of an application, started by systemd as a user of its own."""

    name: str
    description: str
    user: str
    directory: str
    start: tuple[str, ...]
    reload: tuple[str, ...] = ()
    environment_files: tuple[str, ...] = ()
    environment: Mapping[str, str]
    """Variables of the machinery; those of the application are in its files."""
    before_start: tuple[str, ...] = ()
    """A command run as root and unconfined, before each start and reload. It is told no variable:
    it brings them, and those that it brought last time are nothing that it has to know."""
    needs: tuple[str, ...] = ()
    """Paths without which a start is no use and no error; !PATH: with which."""
    writable: tuple[str, ...] = ()
    memory_limit: str | None = None
    start_seconds: int = 60
    stop_seconds: int = 30
    success_status: tuple[int, ...] = ()
    kind: str = "exec"
    kill_mode: str = "mixed"
    open_files: int = 65_535
    processes: int = 4096
    restart: str = "on-failure"
    at_boot: bool = True

    def _reloads(self) -> list[str]:
        if not self.reload:
            return []
        return [*self._before("ExecReload"), f"ExecReload={_command(self.reload)}"]

    def _before(self, key: str) -> list[str]:
        return [f"{key}=+{_command((*BARE, *self.before_start))}"] if self.before_start else []

    def text(self) -> str:
        """The unit file."""
        unit = [
            f"Description={self.description}",
            "Wants=network-online.target",
            "After=network-online.target",
            # Ten failures within five minutes are no bad luck any more.
            "StartLimitIntervalSec=300",
            "StartLimitBurst=10",
            *(f"ConditionPathExists={path}" for path in self.needs),
        ]
        service = [
            f"Type={self.kind}",
            f"User={self.user}",
            f"Group={self.user}",
            f"WorkingDirectory={self.directory}",
            f"StateDirectory={self.name}",
            f"LogsDirectory={self.name}",
            f"SyslogIdentifier={self.name}",
            *(f"Environment={_quoted(f'{k}={v}')}" for k, v in sorted(self.environment.items())),
            # Read again before each command, so the one that fetches may write them.
            *(f"EnvironmentFile=-{path}" for path in self.environment_files),
            *self._before("ExecStartPre"),
            f"ExecStart={_command(self.start)}",
            *self._reloads(),
            f"Restart={self.restart}",
            "RestartSec=10s" if self.kind == "exec" else "RestartSec=5s",
            f"KillMode={self.kill_mode}",
            f"TimeoutStartSec={self.start_seconds + SECRETS_PATIENCE}s",
            f"TimeoutStopSec={self.stop_seconds}s",
            *(
                [f"SuccessExitStatus={' '.join(map(str, self.success_status))}"]
                * bool(self.success_status)
            ),
            f"LimitNOFILE={self.open_files}",
            f"TasksMax={self.processes}",
            *([f"MemoryMax={self.memory_limit}"] if self.memory_limit else []),
            *([f"ReadWritePaths={_command(self.writable)}"] if self.writable else []),
            "",
            *CONFINEMENT.splitlines(),
        ]
        return "\n".join(
            [
                "[Unit]",
                *unit,
                "",
                "[Service]",
                *service,
                *(("", "[Install]", "WantedBy=multi-user.target") if self.at_boot else ()),
                "",
            ]
        )


BARE = ("/usr/bin/env", "--ignore-environment")
SECRETS_PATIENCE = 130
"""Seconds that fetching secrets may take before a start, at worst."""


def user_name(name: str) -> str:
    """The Linux user of a service; a name that is too long ends in a digest of the whole."""
    if len(name) <= LONGEST_USER_NAME:
        return name
    return f"{name[: LONGEST_USER_NAME - 7]}-{sha256(name.encode()).hexdigest()[:6]}"


def environment_file(variables: Mapping[str, str]) -> str:
    """Variables in the form that EnvironmentFile= reads (systemd.exec(5))."""
    escaped = str.maketrans({letter: f"\\{letter}" for letter in '\\"`$'})
    return "".join(
        f'{name}="{value.translate(escaped)}"\n' for name, value in sorted(variables.items())
    )


def _command(words: Iterable[str]) -> str:
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """One word of a unit file, taken as it is (systemd.service(5), "Command lines")."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    escaped = escaped.replace("\n", "\\n")  # A unit file knows a line's end by itself.
    plain = escaped and not any(letter.isspace() or letter in "'\"\\;" for letter in escaped)
    return escaped if plain else f'"{escaped}"'
