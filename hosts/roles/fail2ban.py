"""Addresses that keep failing at a host are shut out for a while."""

from dataclasses import dataclass

from hosts.steps import File, Packages, Role, Running, reload


@dataclass(frozen=True, kw_only=True)
class Fail2ban:
    ban_seconds: int = 3600
    find_seconds: int = 600
    failures: int = 5
    never: tuple[str, ...] = ()
    """Ranges that are never shut out: the load balancer's, or one visitor could cut off all."""
    web: bool = False
    """Watches nginx too; only where clients connect to this host themselves."""


def fail2ban(wanted: Fail2ban) -> Role:
    """The whole set-up is judged by fail2ban before it takes effect."""
    web = [
        f"[{jail}]\nenabled = true\nport = http,https\nlogpath = /var/log/nginx/error.log\n"
        for jail in ("nginx-http-auth", "nginx-limit-req")
    ]
    # systemd's journal knows who knocked; a file of it would have to be made first.
    content = "\n".join(
        [
            "[DEFAULT]\n"
            f"bantime = {wanted.ban_seconds}\n"
            f"findtime = {wanted.find_seconds}\n"
            f"maxretry = {wanted.failures}\n"
            "banaction = nftables\n"
            "banaction_allports = nftables[type=allports]\n"
            f"ignoreip = {' '.join(('127.0.0.1/8', '::1', *wanted.never))}\n",
            "[sshd]\nenabled = true\nbackend = systemd\nmode = aggressive\n",
            *(web if wanted.web else []),
        ]
    )
    judged = (
        'scratch=$(mktemp -d) && cp -a /etc/fail2ban "$scratch/" && '
        'cp %s "$scratch/fail2ban/jail.local" && '
        'fail2ban-client -c "$scratch/fail2ban" -t && rm -rf "$scratch"'
    )
    return Role(
        name="fail2ban",
        install=(Packages(("fail2ban", "nftables", "python3-systemd")),),
        configure=(
            File(
                "/etc/fail2ban/jail.local",
                content,
                validate=judged,
                owes=(reload("fail2ban.service"),),
            ),
        ),
        activate=(Running("fail2ban.service"),),
    )
