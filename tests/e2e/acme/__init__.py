"""An ACME authority in the emulated cloud: the test server of Let's Encrypt, and a DNS for it."""

import base64
import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from localcloud import paths
from localcloud.authority import Authority
from localcloud.engine.binary import go, go_build
from tests.e2e.emulated import PATIENCE, Emulated, eventually

HERE = Path(__file__).parent
MODULE = "github.com/letsencrypt/pebble/v2"
PROGRAMS = ("pebble", "pebble-challtestsrv")
PORT, MANAGEMENT, DNS = 14000, 15000, "127.0.0.1:8053"


def programs() -> Path:
    """Where they lie; built from their module once, by what is pinned in go.sum."""
    pinned = b"".join((HERE / name).read_bytes() for name in ("go.mod", "go.sum"))
    folder = paths.cache() / "acme" / hashlib.sha256(pinned).hexdigest()[:16]
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as scratch:
        for name in ("go.mod", "go.sum"):
            shutil.copy(HERE / name, scratch)
        done = go_build(
            [
                *(str(go()), "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"),
                *("-o", "out/", *(f"{MODULE}/cmd/{program}" for program in PROGRAMS)),
            ],
            Path(scratch),
            {},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        (Path(scratch) / "out").rename(folder)
    return folder


@dataclass(frozen=True)
class AcmeAuthority:
    """A machine of the same cloud, as any other on the internet."""

    cloud: Emulated
    instance: str

    @property
    def directory(self) -> str:
        """Address of its ACME directory."""
        return f"https://{self.cloud.described(self.instance)['PublicIpAddress']}:{PORT}/dir"

    def start(self, *, names: str) -> str:
        """It sees every name at the address `names`.

        Its own https is issued by the cloud's authority, as a real one's is by one that all know.
        What comes back is the certificate that everything it issues goes back to.
        """
        own = self.cloud.described(self.instance)["PublicIpAddress"]
        trust = Authority(self.cloud.state / "network" / "authority")
        issued = trust.issue(["acme.test"], [own])
        configuration = {
            "listenAddress": f"0.0.0.0:{PORT}",
            "managementListenAddress": f"127.0.0.1:{MANAGEMENT}",
            "certificate": "/opt/acme/own.pem",
            "privateKey": "/opt/acme/own.key",
            "httpPort": 80,
            "tlsPort": 443,
        }
        files = {
            "own.pem": issued.certificate.encode(),
            "own.key": issued.key.encode(),
            "pebble.json": json.dumps({"pebble": configuration}).encode(),
            **{program: (programs() / program).read_bytes() for program in PROGRAMS},
        }
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o755
                archive.addfile(entry, io.BytesIO(content))
        sent = base64.b64encode(packed.getvalue()).decode()
        into = "sudo mkdir -p /opt/acme && base64 -d | sudo tar xz -C /opt/acme"
        done = self.cloud.ssh(into, self.instance, timeout=PATIENCE, stdin=sent)
        assert done.returncode == 0, done.stderr
        # By default it refuses one good request in twenty, and certbot asks only once more.
        settings = "--setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0"
        off = "-http01 '' -https01 '' -tlsalpn01 '' -doh '' -management ''"
        for command in (
            f"pebble-challtestsrv -dnsserver {DNS} {off} -defaultIPv4 {names} -defaultIPv6 ''",
            f"pebble -config /opt/acme/pebble.json -dnsserver {DNS}",
        ):
            run = f"sudo systemd-run --quiet {settings} /opt/acme/{command}"
            self.cloud.says(run, self.instance)
        ask = f"curl -fsk --max-time 5 https://127.0.0.1:{MANAGEMENT}/roots/0"
        return eventually(lambda: self.cloud.ssh(ask, self.instance).stdout)


def authority(cloud: Emulated) -> AcmeAuthority:
    """Nothing answers there until it is started."""
    group = cloud.group("acme", port_22=cloud.operations_group, **{f"port_{PORT}": "0.0.0.0/0"})
    made = AcmeAuthority(cloud, cloud.instance("acme", group, public=True))
    cloud.reachable(made.instance)
    return made
