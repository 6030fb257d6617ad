"""Node under PM2: one process a core, exchanged one by one when a new release takes over."""

import json
from dataclasses import dataclass
from typing import Literal

from hosts.programs import DIRECTORY, source
from hosts.roles.nginx import PAUSED
from hosts.roles.node_runtime import NodeRuntime, Pm2Runtime
from hosts.roles.service import Service, service_role
from hosts.steps import Absent, File, Role, Running, exchange
from hosts.unit import CONFINEMENT

# What PM2 writes, by names that no application has for its own: those it rotates itself.
LOGS = ("pm2-out.log", "pm2-error.log")
# A daily restart comes at a minute of its own on each host, so that never two do it at once.
MINUTES_APART = 7


@dataclass(frozen=True, kw_only=True)
class Pm2Service:
    service: Service
    node: NodeRuntime
    pm2: Pm2Runtime
    script: str
    """Relative to the service's part of the release."""
    arguments: tuple[str, ...] = ()
    mode: Literal["cluster", "fork"] = "cluster"
    instances: int | Literal["max"] = "max"
    process_memory_limit: str | None = None
    """PM2 exchanges a process that has grown beyond this."""
    restart_at: str | None = None
    """Calendar event (systemd.time(7)) of a daily exchange of all processes, one by one."""
    keep_log_days: int = 30
    says_when_ready: bool = False
    """The service sends "ready" to PM2; else a process is ready once it listens."""


def ecosystem(wanted: Pm2Service) -> dict[str, object]:
    """What PM2 is told."""
    service = wanted.service
    return {
        "apps": [
            {
                "name": service.key,
                "script": f"{DIRECTORY}/start.cjs",
                "cwd": service.directory,
                "interpreter": wanted.node.executable,
                "exec_mode": wanted.mode,
                "instances": wanted.instances,
                "autorestart": True,
                "exp_backoff_restart_delay": 200,
                "wait_ready": wanted.says_when_ready,
                "listen_timeout": service.start_seconds * 1000,
                "kill_timeout": service.stop_seconds * 1000,
                **(
                    {"max_memory_restart": wanted.process_memory_limit}
                    if wanted.process_memory_limit
                    else {}
                ),
                "out_file": f"/var/log/{service.key}/{LOGS[0]}",
                "error_file": f"/var/log/{service.key}/{LOGS[1]}",
                "merge_logs": True,
                "log_date_format": "YYYY-MM-DD HH:mm:ss Z",
                # PM2 would hand on all that it was started with.
                "filter_env": ["GROUNDWORK_", "PM2_HOME"],
                "env": {
                    **service.environment,
                    "GROUNDWORK_SCRIPT": wanted.script,
                    "GROUNDWORK_ARGUMENTS": json.dumps(wanted.arguments),
                    **(
                        {"GROUNDWORK_SECRETS": f"{service.secrets_directory}/environment.json"}
                        if service.secrets
                        else {}
                    ),
                },
            }
        ]
    }


def pm2_service(wanted: Pm2Service) -> Role:
    """PM2 runs in the foreground of a confined unit of its own; nothing is saved by it."""
    service = wanted.service
    configuration = f"{service.configuration}/ecosystem.config.json"
    home = f"/var/lib/{service.key}/pm2"
    pm2 = (wanted.node.executable, f"{wanted.pm2.package}/bin/pm2")
    unit = service.unit_file(
        start=(
            wanted.node.executable,
            f"{wanted.pm2.package}/bin/pm2-runtime",
            "start",
            configuration,
        ),
        # One process after the other: the next one goes when the new one is ready.
        reload=(*pm2, "reload", configuration, "--update-env"),
        environment={"PM2_HOME": home, "HOME": home, "PM2_DISABLE_VERSION_CHECK": "true"},
        environment_files=(),
        # Its own processes get kill_timeout each, and PM2 a little more to see them off.
        stop_seconds=service.stop_seconds + 10,
    )
    owed = (exchange(service.application, service.unit),)
    rotation = (
        f"{' '.join(f'/var/log/{service.key}/{log}' for log in LOGS)} {{\n"
        f"  daily\n  rotate {wanted.keep_log_days}\n  maxage {wanted.keep_log_days}\n"
        "  compress\n  delaycompress\n  missingok\n  notifempty\n"
        f"  su {service.user} {service.user}\n"
        f"  create 0640 {service.user} {service.user}\n"
        "  sharedscripts\n  postrotate\n"
        f"    systemctl kill --kill-whom=main --signal=SIGUSR2 {service.unit} || true\n"
        "  endscript\n}\n"
    )
    clock = f"{service.key}-exchange"
    daily = (
        (
            File(
                f"/etc/systemd/system/{clock}.service",
                f"[Unit]\nDescription={service.key}: exchange all processes, one by one\n\n"
                f"[Service]\nType=oneshot\nExecStart=/usr/bin/systemctl reload {service.unit}\n"
                f"{CONFINEMENT}",
            ),
            File(
                f"/etc/systemd/system/{clock}.timer",
                f"[Unit]\nDescription={service.key}: daily exchange of processes\n"
                f"ConditionPathExists=!{PAUSED}/{service.application}\n\n"
                f"[Timer]\nOnCalendar={wanted.restart_at}\n"
                f"RandomizedDelaySec={MINUTES_APART}min\nFixedRandomDelay=yes\n\n"
                "[Install]\nWantedBy=timers.target\n",
            ),
        )
        if wanted.restart_at
        else (
            Absent(f"/etc/systemd/system/{clock}.timer"),
            Absent(f"/etc/systemd/system/{clock}.service"),
        )
    )
    role = service_role(
        service,
        unit,
        install=(*wanted.node.steps(), *wanted.pm2.steps()),
        debt=exchange,
        configure=(
            File(f"{DIRECTORY}/start.cjs", source("start.cjs")),
            File(
                configuration,
                json.dumps(ecosystem(wanted), indent=2) + "\n",
                mode="0640",
                group=service.user,
                owes=owed,
            ),
            File(
                f"/etc/logrotate.d/{service.key}",
                rotation,
                validate="logrotate --debug %s",
            ),
            *daily,
        ),
    )
    if not wanted.restart_at:
        return role
    return Role(
        name=role.name,
        install=role.install,
        configure=role.configure,
        activate=(*role.activate, Running(f"{clock}.timer")),
    )
