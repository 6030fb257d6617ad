"""The root file systems the local cloud runs on, baked once and kept under their recipe's digest.

Stands in for the Debian 13 machine image of EC2 and for what RDS, ElastiCache and the load
balancer run on.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from localcloud.fetching import again_where_it_failed
from localcloud.machines.host import MachinesError, require_host_packages
from localcloud.network import addresses

SUITE = "trixie"
# Where a machine finds the packages its roles may install: mounted, read-only, never fetched.
PACKAGES = Path("/var/lib/groundwork/packages")
DEBIAN_SUITES = re.compile(
    r"(bullseye|bookworm|trixie|forky|sid|stable|testing|unstable)(-security|-updates)?"
)

# What apt says of each file that a mirror did not give it.
NOT_FETCHED = "Failed to fetch"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides what an image holds; its digest is the image's name."""

    name: str
    packages: Sequence[str]
    # Fetched with everything they need, not installed.
    offered: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    # Run in the image once its packages are there.
    commands: Sequence[str] = ()
    version: int = 1

    @property
    def digest(self) -> str:
        text = json.dumps(asdict(self), sort_keys=True, default=list)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Image:
    """A baked root file system, with the packages it offers beside it."""

    directory: Path

    @property
    def root(self) -> Path:
        return self.directory / "root"

    @property
    def packages(self) -> Path:
        return self.directory / "packages"


MACHINE = Recipe(
    name="machine",
    # What Debian's own cloud image has, in so far as it makes sense without a kernel.
    packages=[
        *("acl", "apt-utils", "awscli", "bash-completion", "ca-certificates", "chrony"),
        *("cloud-guest-utils", "cloud-init", "cron", "curl", "dbus", "dbus-user-session"),
        *("ethtool", "iproute2", "iputils-ping", "jq", "less", "libnss-myhostname"),
        *("libpam-systemd", "logrotate", "lsb-release", "nano", "netcat-openbsd"),
        *("openssh-server", "procps", "python3", "python3-apt", "sudo", "systemd"),
        *("systemd-sysv", "tzdata", "udev", "unattended-upgrades", "vim-tiny", "wget"),
    ],
    offered=[
        *("apparmor", "auditd", "bind9-dnsutils", "certbot", "fail2ban", "git", "gnupg", "htop"),
        *("iptables", "lynis", "mariadb-client", "needrestart", "nftables", "nginx", "nodejs"),
        *("openjdk-21-jre-headless", "openssl", "postgresql-client", "prometheus-node-exporter"),
        *("python3-boto3", "python3-certbot-nginx", "python3-systemd", "python3-venv"),
        *("redis-tools", "rsync", "rsyslog", "ssh-audit", "sysstat", "tmux", "ufw", "unzip"),
        *("valkey-tools", "xz-utils", "zip", "zstd"),
    ],
    files={
        "etc/apt/sources.list": "",
        # The packages were checked against Debian's signature when they were fetched; what is
        # here is their read-only copy on the same machine.
        "etc/apt/sources.list.d/groundwork.sources": (
            f"Types: deb\nURIs: file:{PACKAGES}\nSuites: ./\nTrusted: yes\n"
        ),
        # A lost machine is made anew, so its disk need not be waited for.
        "etc/dpkg/dpkg.cfg.d/unsafe-io": "force-unsafe-io\n",
        "etc/cloud/cloud.cfg.d/90_groundwork.cfg": (
            "datasource_list: [NoCloud, None]\n"
            "network: {config: disabled}\n"
            "manage_etc_hosts: true\n"
            "ssh_genkeytypes: [ed25519]\n"
            # The account of Debian's images on EC2.
            "system_info: {default_user: {name: admin, gecos: Debian}}\n"
        ),
        "etc/environment": f"AWS_ENDPOINT_URL={addresses.ENDPOINT_URL}\n",
        "etc/sudoers.d/groundwork-endpoint": 'Defaults env_keep += "AWS_ENDPOINT_URL"\n',
        "etc/systemd/system.conf.d/groundwork.conf": (
            f"[Manager]\nDefaultEnvironment=AWS_ENDPOINT_URL={addresses.ENDPOINT_URL}\n"
        ),
        "etc/resolv.conf": f"nameserver {addresses.RESOLVER}\n",
        "etc/machine-id": "",
    },
    commands=[
        "chmod 0440 /etc/sudoers.d/groundwork-endpoint",
        "rm -f /etc/ssh/ssh_host_*",
        # The machine has no terminal, no disk of its own and a fixed address.
        "systemctl mask --quiet console-getty.service getty@.service e2scrub_reap.service"
        " sshd-keygen.service",
        "systemctl disable --quiet e2scrub_all.timer fstrim.timer",
        "systemctl enable --quiet systemd-networkd.service systemd-networkd-wait-online.service",
        # What would otherwise be done at each machine's first boot.
        "ldconfig && journalctl --quiet --update-catalog && touch /etc/.updated /var/.updated",
    ],
)

SERVICES = Recipe(
    name="services",
    packages=[
        *("ca-certificates", "haproxy", "iproute2", "mariadb-server", "openssl"),
        *("mariadb-backup", "postgresql-17", "postgresql-17-pgaudit", "postgresql-17-pgvector"),
        *("procps", "redis-server", "util-linux", "valkey-server"),
    ],
    files={"etc/resolv.conf": f"nameserver {addresses.RESOLVER}\n"},
    commands=[
        "rm -rf /var/lib/postgresql/17 /var/lib/mysql /etc/machine-id",
        # On RDS the master user, who is no superuser, may create these (RDS guide, extensions).
        "cd /usr/share/postgresql/17/extension && for extension in"
        " amcheck pageinspect pg_buffercache pg_prewarm pg_stat_statements pgaudit pgstattuple"
        " pgrowlocks postgres_fdw dblink vector sslinfo; do"
        ' echo "trusted = true" >>"$extension.control"; done',
    ],
)


def cache_directory() -> Path:
    """Where images lie, outside the clone, so that only the first run is long."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("GROUNDWORK_CACHE") or base / "groundwork") / "images"


def ensure(
    recipe: Recipe,
    cache: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Image:
    """The image of this recipe, baked if it is not there; whole or not at all."""
    directory = (cache or cache_directory()) / f"{recipe.name}-{recipe.digest}"
    if directory.exists():
        return Image(directory)
    if os.geteuid():
        raise MachinesError("Baking the machine image needs root: run `make up` as root.")
    directory.parent.mkdir(parents=True, exist_ok=True)
    # apt takes one at a time, of whichever process.
    with _only_one(directory.with_name("host-packages")):
        require_host_packages()
    with _only_one(directory):
        if not directory.exists():
            progress(f"baking the {recipe.name} image (about a minute, once)")
            _bake(recipe, directory)
    return Image(directory)


def ensure_all(progress: Callable[[str], None] = lambda line: None) -> list[Image]:
    """Both images, side by side: baking mostly waits for packages."""
    recipes = (MACHINE, SERVICES)
    with ThreadPoolExecutor(max_workers=len(recipes)) as pool:
        return list(pool.map(lambda recipe: ensure(recipe, progress=progress), recipes))


def _bake(recipe: Recipe, directory: Path) -> None:
    unfinished = directory.with_name(f"{directory.name}.unfinished")
    root, log = unfinished / "root", directory.with_name(f"{recipe.name}.log")
    command = [
        *("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory"),
        *("--components=main", f"--include={','.join(recipe.packages)}"),
        '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude=/usr/share/{kind}/*" for kind in ("man", "doc", "locale")),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        "--essential-hook=mkdir -p $1/etc/postgresql-common && "
        "echo create_main_cluster=false >$1/etc/postgresql-common/createcluster.conf",
        *_offering(recipe.offered, unfinished / "packages"),
        *(SUITE, str(root), *debian_mirrors()),
    ]

    def from_nothing() -> subprocess.CompletedProcess[str]:
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / "packages").mkdir(parents=True)
        with log.open("w") as file:
            return subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, text=True
            )

    def not_fetched(_: object) -> bool:
        return NOT_FETCHED in log.read_text(errors="replace")

    done = again_where_it_failed(from_nothing, not_fetched)
    if done.returncode:
        raise MachinesError(_why_bake_failed(recipe, log))
    for name, text in recipe.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
    for line in recipe.commands:
        done = subprocess.run(["chroot", root, "sh", "-c", line], capture_output=True, text=True)
        if done.returncode:
            raise MachinesError(f"The {recipe.name} image: `{line}` failed: {done.stderr.strip()}")
    (root / str(PACKAGES).lstrip("/")).mkdir(parents=True, exist_ok=True)
    _index(unfinished / "packages")
    unfinished.replace(directory)


def _offering(packages: Sequence[str], into: Path) -> list[str]:
    """Fetch these and all they need as apt would for this very image, without installing."""
    if not packages:
        return []
    fetch = (
        "APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --yes --download-only install "
        f"{' '.join(packages)} && mv $1/var/cache/apt/archives/*.deb {into}/"
    )
    return [f"--customize-hook={fetch}"]


def _index(packages: Path) -> None:
    """Write the index that makes a folder of packages a repository for apt."""
    entries: list[str] = []
    for deb in sorted(packages.glob("*.deb")):
        control = subprocess.run(
            ["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True
        ).stdout.strip()
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        place = f"Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}"
        entries.append(f"{control}\n{place}\n")
    (packages / "Packages").write_text("\n".join(entries))


def debian_mirrors(targets: str | None = None) -> list[str]:
    """Debian's mirrors as this machine's own apt names them, for our suite instead of its own."""
    if targets is None:
        targets = subprocess.run(
            [
                *("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"),
                "Created-By: Packages",
            ],
            capture_output=True,
            text=True,
        ).stdout
    lines: set[str] = set()
    for target in targets.splitlines():
        uri, _, suite = target.partition(" ")
        found = DEBIAN_SUITES.fullmatch(suite)
        if found:
            lines.add(f"deb {uri} {SUITE}{found[2] or ''} main")
    if f"{SUITE} main" not in {line.split(maxsplit=2)[2] for line in lines}:
        raise MachinesError(
            "No Debian mirror is named in this machine's apt configuration, so the image cannot "
            "be baked. Add one to /etc/apt/sources.list.d (any Debian release; packages of "
            f"{SUITE} are taken from the same place)."
        )
    return sorted(lines)


def _why_bake_failed(recipe: Recipe, log: Path) -> str:
    text = log.read_text(errors="replace")
    if "NO_PUBKEY" in text:
        return (
            f"This machine has no key of Debian {SUITE}: install a newer debian-archive-keyring "
            "(apt-get install debian-archive-keyring), then run again."
        )
    errors = [line for line in text.splitlines() if line.startswith("E:")]
    return f"The {recipe.name} image could not be baked: {' '.join(errors[:2])} (all in {log})"


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    with directory.with_name(f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
