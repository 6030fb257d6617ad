"""The same host as benchmarks/configured_host.py, in pyinfra's own operations.

BENCHMARK_TEXTS names a folder with the text of each file, at its path on the host.
"""

import os
from pathlib import Path

from pyinfra import config, host
from pyinfra.api import FactBase
from pyinfra.api.operation import OperationMeta
from pyinfra.operations import apt, files, server, systemd

config.SUDO = True

TEXTS = os.environ["BENCHMARK_TEXTS"]
LIVE_RULES = "ufw show added | sed -n 's/^ufw //p'; ufw status | grep '^Status' || true"


class Firewall(FactBase[list[str]]):
    """The rules of ufw, and whether it is on; nothing where there is no ufw yet."""

    def command(self) -> str:
        return f"! command -v ufw >/dev/null || {{ {LIVE_RULES}; }}"

    default = list

    def process(self, output: list[str]) -> list[str]:
        return list(output)


def put(path: str, mode: str = "644", group: str = "root") -> OperationMeta:
    return files.put(src=f"{TEXTS}{path}", dest=path, user="root", group=group, mode=mode)


def directory(path: str, mode: str = "755") -> None:
    files.directory(path=path, user="root", group="root", mode=mode)


def running(unit: str) -> None:
    systemd.service(service=unit, running=True, enabled=True)


def reload(unit: str, *changes: OperationMeta, accept: str = "true") -> None:
    """files.put judges no file before it replaces the old one: this judges the new one in place."""
    server.shell(
        commands=[f"{accept} && systemctl reload-or-restart {unit}"],
        _if=lambda: any(change.did_change() for change in changes),
    )


def accepted(change: OperationMeta, command: str) -> None:
    server.shell(commands=[command], _if=change.did_change)


server.shell(
    name="First boot finished",
    commands=[
        "test -e /var/lib/cloud/instance/boot-finished || cloud-init status --wait",
    ],
)
# Of all parts at once: one operation for each would be three runs of apt.
apt.packages(
    packages=[
        *("ca-certificates", "chrony", "python3", "unattended-upgrades", "curl", "jq"),
        *("logrotate", "procps", "openssh-server", "ufw", "fail2ban", "nftables"),
        *("python3-systemd", "nginx"),
    ],
    no_recommends=True,
    update=True,
    cache_time=300,
)

# -- baseline ----------------------------------------------------------------------------------
directory("/usr/local/lib/groundwork")
put("/usr/local/lib/groundwork/cloud", mode="755")
put("/usr/local/lib/groundwork/remove-units", mode="755")
directory("/run/groundwork", mode="711")
put("/etc/tmpfiles.d/groundwork.conf")
files.link(path="/etc/localtime", target="/usr/share/zoneinfo/Europe/Berlin", force=True)
put("/etc/timezone")
put("/etc/apt/apt.conf.d/20auto-upgrades")
put("/etc/apt/apt.conf.d/52groundwork-unattended")
put("/usr/sbin/policy-rc.d", mode="755")
put("/etc/needrestart/conf.d/groundwork.conf")
time_servers = put("/etc/chrony/sources.d/groundwork.sources")
upgrades = put("/etc/systemd/system/apt-daily-upgrade.service.d/groundwork.conf")
journal = put("/etc/systemd/journald.conf.d/groundwork.conf")
rotation = put("/etc/logrotate.d/groundwork")
accepted(rotation, "logrotate --debug /etc/logrotate.d/groundwork")
kernel = put("/etc/sysctl.d/60-groundwork.conf")
accepted(kernel, "sysctl --quiet --load /etc/sysctl.d/60-groundwork.conf")
for unit in ("chrony.service", "apt-daily.timer", "apt-daily-upgrade.timer", "logrotate.timer"):
    running(unit)
server.shell(
    name="A journal that outlives a reboot",
    commands=[
        "test -d /var/log/journal || { mkdir -p /var/log/journal && systemd-tmpfiles --create"
        " --prefix /var/log/journal && journalctl --flush; }",
    ],
)

# -- ssh ---------------------------------------------------------------------------------------
directory("/etc/ssh/authorized_keys")
keys = put("/etc/ssh/authorized_keys/admin")
accepted(keys, "ssh-keygen -l -f /etc/ssh/authorized_keys/admin")
dropped = files.directory(path="/etc/ssh/sshd_config.d", present=False)
sshd = put("/etc/ssh/sshd_config", mode="600")
for kind in ("rsa", "ecdsa", "dsa"):
    for half in ("", ".pub"):
        files.file(path=f"/etc/ssh/ssh_host_{kind}_key{half}", present=False)
sudoers = put("/etc/sudoers.d/groundwork", mode="440")
accepted(sudoers, "visudo --check --quiet --file=/etc/sudoers.d/groundwork")
running("ssh.service")

# -- firewall ----------------------------------------------------------------------------------
for name, policy in (("INPUT", "DROP"), ("OUTPUT", "ACCEPT"), ("FORWARD", "DROP")):
    setting = f"DEFAULT_{name}_POLICY"
    files.line(path="/etc/default/ufw", line=f"^{setting}=.*$", replace=f'{setting}="{policy}"')
put("/etc/groundwork/firewall-rules")
wanted = (Path(TEXTS) / "etc/groundwork/firewall-rules").read_text().splitlines()
found = host.get_fact(Firewall)
for rule in wanted:
    if rule not in found:
        server.shell(commands=[f"ufw {rule}"])
for rule in found:
    if rule not in wanted and not rule.startswith("Status"):
        server.shell(commands=[f"ufw delete {rule}"])
if "Status: active" not in found:
    server.shell(commands=["ufw --force enable"])
running("ufw.service")

# -- fail2ban ----------------------------------------------------------------------------------
jails = put("/etc/fail2ban/jail.local")
running("fail2ban.service")

# -- nginx -------------------------------------------------------------------------------------
directory("/etc/nginx/live")
put("/etc/tmpfiles.d/groundwork-drain.conf")
directory("/run/groundwork/drain")
directory("/var/lib/groundwork/paused")
sites = put("/etc/nginx/nginx.conf")
files.link(path="/etc/nginx/sites-enabled/default", present=False)
running("nginx.service")

# -- service -----------------------------------------------------------------------------------
server.user(  # noqa: S604 - whose shell it is
    user="notebook-api",
    system=True,
    home="/var/lib/notebook-api",
    ensure_home=False,
    shell="/usr/sbin/nologin",
)
directory("/srv/notebook")
directory("/srv/notebook/releases")
directory("/etc/groundwork/notebook-api")
variables = put(
    "/etc/groundwork/notebook-api/environment",
    mode="640",
    group="notebook-api",
)
notebook = put("/etc/systemd/system/notebook-api.service")
systemd.daemon_reload(_if=lambda: upgrades.did_change() or notebook.did_change())
systemd.service(
    service="notebook-api.service",
    restarted=True,
    enabled=True,
    _if=lambda: variables.did_change() or notebook.did_change(),
)
running("notebook-api.service")

# -- what is due -------------------------------------------------------------------------------
reload("chrony.service", time_servers)
reload("systemd-journald.service", journal)
reload("ssh.service", dropped, sshd, accept="sshd -t")
reload("fail2ban.service", jails, accept="fail2ban-client -t")
reload("nginx.service", sites, accept="nginx -t -q")
