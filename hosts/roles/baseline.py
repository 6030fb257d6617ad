"""What holds for every host: time, packages, kernel settings, and logs that cannot fill a disk."""

from dataclasses import dataclass

from hosts.programs import DIRECTORY, source
from hosts.steps import (
    Directory,
    Ensure,
    File,
    FirstBootDone,
    Link,
    Packages,
    Role,
    Running,
    Sysctl,
    reload,
)

# Only what belongs to a network name space: the rest is the machine's, not ours.
KERNEL = {
    "net.core.somaxconn": "4096",
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv4.conf.all.rp_filter": "1",
    "net.ipv4.conf.all.secure_redirects": "0",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.accept_redirects": "0",
    "net.ipv4.conf.default.accept_source_route": "0",
    "net.ipv4.conf.default.rp_filter": "1",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.icmp_ignore_bogus_error_responses": "1",
    "net.ipv4.tcp_keepalive_time": "300",
    "net.ipv4.tcp_max_syn_backlog": "4096",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv6.conf.all.accept_redirects": "0",
    "net.ipv6.conf.default.accept_redirects": "0",
}

# While packages are upgraded unattended, no service is restarted: what wanted to be is owed to
# the host, and paid when a release has taken it out of rotation.
POLICY = """\
#!/bin/sh
# Asked by packages before they start or stop a service (see /usr/share/doc/init-system-helpers).
[ -n "$UNATTENDED_UPGRADE" ] || exit 0
[ "$1" != --quiet ] || shift
case $2 in
  *restart*)
    mkdir -p /var/lib/groundwork/owed/restart/host
    touch "/var/lib/groundwork/owed/restart/host/${1%.service}.service"
    ;;
esac
exit 101
"""

UNATTENDED = """\
Unattended-Upgrade::Origins-Pattern {
  "origin=Debian,codename=${distro_codename},label=Debian";
  "origin=Debian,codename=${distro_codename},label=Debian-Security";
  "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";
};
Unattended-Upgrade::Automatic-Reboot "false";
Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";
Unattended-Upgrade::SyslogEnable "true";
"""

PERIODIC = """\
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
"""

JOURNAL = """\
[Journal]
Storage=persistent
Compress=yes
SystemMaxUse=1G
SystemKeepFree=1G
MaxRetentionSec={days}day
RateLimitIntervalSec=30s
RateLimitBurst=10000
"""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    time_zone: str = "Etc/UTC"
    time_server: str = "169.254.169.123"
    """The Amazon Time Sync Service, reached without any route."""
    keep_log_days: int = 30
    """Of the journal, as far as its gigabyte goes."""
    packages: tuple[str, ...] = ("curl", "jq", "logrotate", "procps")
    """Tools that whoever logs in to look after something expects."""


def baseline(wanted: Baseline) -> Role:
    """Waits for the first boot to end, then takes over."""
    kernel = "".join(f"{key} = {value}\n" for key, value in KERNEL.items())
    return Role(
        name="baseline",
        install=(
            FirstBootDone(),
            Packages(
                ("ca-certificates", "chrony", "python3", "unattended-upgrades", *wanted.packages)
            ),
            # What the other roles fetch their archives with.
            Directory(DIRECTORY),
            File(f"{DIRECTORY}/cloud", source("cloud.py"), mode="0755"),
            File(f"{DIRECTORY}/remove-units", source("remove_units.py"), mode="0755"),
        ),
        configure=(
            Directory("/run/groundwork", mode="0711"),
            File("/etc/tmpfiles.d/groundwork.conf", "d /run/groundwork 0711 root root -\n"),
            Link("/etc/localtime", f"/usr/share/zoneinfo/{wanted.time_zone}"),
            File("/etc/timezone", f"{wanted.time_zone}\n"),
            File(
                "/etc/chrony/sources.d/groundwork.sources",
                f"server {wanted.time_server} prefer iburst minpoll 4 maxpoll 4\n",
                owes=(reload("chrony.service"),),
            ),
            File("/etc/apt/apt.conf.d/20auto-upgrades", PERIODIC),
            File("/etc/apt/apt.conf.d/52groundwork-unattended", UNATTENDED),
            File("/usr/sbin/policy-rc.d", POLICY, mode="0755"),
            File(
                "/etc/systemd/system/apt-daily-upgrade.service.d/groundwork.conf",
                "[Service]\nEnvironment=UNATTENDED_UPGRADE=1\n",
            ),
            File("/etc/needrestart/conf.d/groundwork.conf", "$nrconf{restart} = 'l';\n"),
            File(
                "/etc/systemd/journald.conf.d/groundwork.conf",
                JOURNAL.format(days=wanted.keep_log_days),
                owes=(reload("systemd-journald.service"),),
            ),
            File(
                "/etc/logrotate.d/groundwork",
                "/var/log/groundwork/*.log {\n"
                "  weekly\n  rotate 4\n  compress\n  missingok\n  notifempty\n}\n",
                validate="logrotate --debug %s",
            ),
            File("/etc/sysctl.d/60-groundwork.conf", kernel),
            *(Sysctl(key, value) for key, value in KERNEL.items()),
        ),
        activate=(
            Running("chrony.service"),
            Running("apt-daily.timer"),
            Running("apt-daily-upgrade.timer"),
            Running("logrotate.timer"),
            Ensure(
                "a journal that outlives a reboot",
                "test -d /var/log/journal",
                "mkdir -p /var/log/journal\n"
                "systemd-tmpfiles --create --prefix /var/log/journal\n"
                "journalctl --flush",
            ),
        ),
    )
