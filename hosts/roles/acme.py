"""Certificates of a host that answers the world itself, from an ACME authority, renewed in time."""

from dataclasses import dataclass
from hashlib import sha256

from hosts.roles.nginx import UNIT, Tls
from hosts.steps import Directory, Ensure, File, Packages, Role, Running, words

CHALLENGES = "/var/www/acme"
"""What nginx hands out under /.well-known/acme-challenge/; see Nginx.challenge_directory."""

# certbot keeps its own copies and tells us of each new one; nginx reads ours, so that it can start
# before the first has come.
HOOK = """\
#!/bin/sh
# Run by certbot with each new certificate.
set -eu
place=/etc/groundwork/tls/$(basename "$RENEWED_LINEAGE")
install -m 0644 "$RENEWED_LINEAGE/fullchain.pem" "$place/fullchain.pem"
install -m 0600 "$RENEWED_LINEAGE/privkey.pem" "$place/privkey.pem"
nginx -t -q && systemctl reload nginx.service
"""

PLACEHOLDER = """\
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
-subj {subject} -addext {names} -keyout {directory}/privkey.pem -out {directory}/fullchain.pem
chmod 0600 {directory}/privkey.pem"""


# Let's Encrypt counts five failures an hour for a name (letsencrypt.org/docs/rate-limits).
RETRY_MINUTES = 20

LOCK = "/run/groundwork-certificates.lock"
LONGEST_SECONDS = 600
"""Until the answer, or until it is said that none comes: the turns of others, then its own."""
LONGEST_TURN = 300
"""Of them, for others' turns."""

REQUEST = """\
#!/bin/sh
# Gets {names} a certificate, unless there is one that covers all of them.
set -eu
# certbot refuses to run twice at a time, and after a boot the clock asks for all certificates.
exec 9>{lock}
flock --timeout {patience} 9
covered() {{
  {covered}
}}
covered 2>/dev/null && exit 0
{request}
RENEWED_LINEAGE=/etc/letsencrypt/live/{name} /etc/letsencrypt/renewal-hooks/deploy/groundwork
covered
"""

SERVICE = """\
[Unit]
Description=First certificate of {name}
Wants=network-online.target
After=network-online.target nginx.service

[Service]
Type=oneshot
ExecStart={script}
TimeoutStartSec={longest}
"""

TIMER = f"""\
[Unit]
Description=First certificate of {{name}}, until it has come

[Timer]
OnBootSec=1min
OnUnitInactiveSec={RETRY_MINUTES}min

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, kw_only=True)
class Acme:
    name: str
    """Of the certificate; the application's."""
    host_names: tuple[str, ...]
    email: str | None
    server: str = "https://acme-v02.api.letsencrypt.org/directory"

    @property
    def directory(self) -> str:
        return f"/etc/groundwork/tls/{self.name}"

    @property
    def tls(self) -> Tls:
        """For nginx."""
        return Tls(
            certificate=f"{self.directory}/fullchain.pem", key=f"{self.directory}/privkey.pem"
        )


def placeholder_certificate(wanted: Acme) -> Role:
    """Listed before nginx, which starts with it and so can answer the authority's question."""
    names = ",".join(f"DNS:{name}" for name in wanted.host_names)
    make = PLACEHOLDER.format(
        subject=words(f"/CN={wanted.host_names[0]}"),
        names=words(f"subjectAltName={names}"),
        directory=wanted.directory,
    )
    return Role(
        name=f"placeholder certificate of {wanted.name}",
        install=(Packages(("openssl",)),),
        configure=(
            Directory(wanted.directory, mode="0700"),
            Ensure(
                f"a certificate for {wanted.name} to begin with",
                f"test -s {wanted.directory}/fullchain.pem"
                f" && test -s {wanted.directory}/privkey.pem",
                make,
            ),
        ),
    )


def acme(wanted: Acme) -> Role:
    """Listed after nginx: asked for at once, again until it has come, then renewed in time.

    A name that does not lead here yet is no failure of the run: visitors get the placeholder, and
    the timer asks again. certbot's own timer renews, twice a day if it is due.
    """
    names = [word for name in wanted.host_names for word in ("--domain", name)]
    request = words(
        *("certbot", "certonly", "--non-interactive", "--quiet", "--webroot"),
        *("--webroot-path", CHALLENGES, "--cert-name", wanted.name, *names),
        *("--renew-with-new-domains", "--keep-until-expiring", "--key-type", "ecdsa"),
    )
    lineage = f"/etc/letsencrypt/live/{wanted.name}/cert.pem"
    covered = " &&\n    ".join(
        f"openssl x509 -in {lineage} -noout -checkhost {words(name)} |"
        " grep -q 'does match certificate'"
        for name in wanted.host_names
    )
    contact = (
        f"email = {wanted.email}" if wanted.email else "register-unsafely-without-email = true"
    )
    script = f"/usr/local/lib/groundwork/certificate-{wanted.name}"
    unit = f"groundwork-certificate-{wanted.name}"
    # Another set of names is another question, which has not been asked yet.
    digest = sha256(f"{wanted.server} {' '.join(wanted.host_names)}".encode()).hexdigest()[:12]
    asked = f"{wanted.directory}/asked-{digest}"
    return Role(
        name=f"certificate of {wanted.name}",
        install=(Packages(("certbot", "openssl")),),
        configure=(
            Directory(CHALLENGES),
            File(
                "/etc/letsencrypt/cli.ini",
                f"server = {wanted.server}\n{contact}\nagree-tos = true\n"
                "max-log-backups = 12\npreconfigured-renewal = true\n",
            ),
            File("/etc/letsencrypt/renewal-hooks/deploy/groundwork", HOOK, mode="0755"),
            File(
                script,
                REQUEST.format(
                    names=", ".join(wanted.host_names),
                    name=wanted.name,
                    lock=LOCK,
                    patience=LONGEST_TURN,
                    covered=covered,
                    request=request,
                ),
                mode="0755",
            ),
            File(
                f"/etc/systemd/system/{unit}.service",
                SERVICE.format(name=wanted.name, script=script, longest=LONGEST_SECONDS),
            ),
            File(f"/etc/systemd/system/{unit}.timer", TIMER.format(name=wanted.name)),
        ),
        activate=(
            Ensure(
                f"certificate for {', '.join(wanted.host_names)} asked for",
                f"test -e {asked}",
                # The new set-up of nginx has to answer before it is asked.
                f"systemctl reload-or-restart {UNIT}\n"
                f"systemctl start {unit}.service || journalctl -n 20 -u {unit}.service\n"
                f"rm -f {wanted.directory}/asked-*\ntouch {asked}",
            ),
            Running(f"{unit}.timer"),
            Running("certbot.timer"),
        ),
    )
