"""The program that changes the version of an application, on a machine whose systemd keeps books
and whose services answer as the version that serves wants them to."""

import base64
import hashlib
import http.server
import io
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import pytest

from hosts.programs import DIRECTORY, modules, source
from hosts.roles.release import PublishedSite, ReleasedService, Releases, releases
from hosts.steps import Absent, File, Running
from tests.hosts.machine import Machine, needs_root

# Half a minute of starting programs: with the slower tests, so that the unit suite stays short.
pytestmark = [needs_root, pytest.mark.e2e]

API, WORKER = "notebook-api.service", "notebook-worker.service"
CURRENT = "/srv/notebook/current"
DRAIN = "/run/groundwork/drain/notebook"

# Copies from a folder what the real one fetches from the bucket.
CLOUD = '#!/bin/sh\ncp "/bucket/$3" "$4" 2>/dev/null || { echo "404 NoSuchKey" >&2; exit 1; }\n'


def tarball(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


class Host:
    """A machine with the release program, a bucket, and services that answer."""

    def __init__(self, machine: Machine, port: int) -> None:
        self.machine = machine
        self.port = port
        machine.write("/usr/local/lib/groundwork/cloud", CLOUD, "0755")
        # Debian 13 has a newer Python than this machine may have.
        program = source("release.py").replace("/usr/bin/python3", f"{sys.executable} -EsS")
        machine.write(f"{DIRECTORY}/release", program, "0755")
        for module in modules("releasing"):
            machine.write(f"{DIRECTORY}/hosts/programs/{module}", source(module))
        machine.ok("mkdir -p /srv/notebook/releases /run/groundwork/drain")
        machine.ok("mkdir -p /var/lib/groundwork/paused /var/lib/groundwork/stopped")
        self.told()

    def told(self, **changes: Any) -> None:
        """What the host's configuration says about the application."""
        facts: dict[str, Any] = {
            "application": "notebook",
            "bucket": "artifacts",
            "artifacts": {"api": "tar.gz", "worker": "tar.gz"},
            "services": (
                ReleasedService(
                    name="api",
                    unit=API,
                    kind="restart",
                    port=self.port,
                    health="/health",
                    start_seconds=1,
                ),
                ReleasedService(name="worker", unit=WORKER, kind="restart", start_seconds=0),
            ),
            "drain_seconds": 0.05,
            "settle_seconds": 0.05,
            **changes,
        }
        for step in releases(Releases(**facts)).configure:
            if isinstance(step, File) and step.path.endswith(".json"):
                self.machine.write(step.path, step.content)

    def publish(self, *versions: str, parts: tuple[str, ...] = ("api", "worker")) -> None:
        files: dict[str, bytes] = {}
        for version in versions:
            for part in parts:
                packed = tarball({"./main.js": version.encode()})
                digest = hashlib.sha256(packed).hexdigest()
                key = f"bucket/releases/notebook/{version}/{part}.tar.gz"
                files |= {key: packed, f"{key}.sha256": f"{digest}  {part}.tar.gz\n".encode()}
        everything = base64.b64encode(tarball(files)).decode()
        self.machine.ok("base64 --decode | tar --extract --gzip --directory /", everything)

    def release(self, action: str, version: str = "", *, fails: bool = False) -> str:
        """What it printed: changes, or why it refused."""
        done = self.machine.shell(
            # The mask that every remote command runs with.
            "umask 077; "
            f"/usr/local/lib/groundwork/release {action} notebook {version} --patience 60"
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr if fails else done.stdout

    def serve_quietly(self, version: str) -> None:
        self.publish(version)
        self.release("stage", version)
        self.release("confirm", version)

    def serve(self, version: str) -> None:
        """Serves the version, and forgets what systemd was asked for that."""
        self.serve_quietly(version)
        self.machine.asked_of_systemd()

    @property
    def serving(self) -> str:
        return self.machine.shell(f"readlink {CURRENT}").stdout.strip()

    @property
    def record(self) -> dict[str, str | None]:
        return json.loads(self.machine.read("/var/lib/groundwork/releases/notebook.json"))

    @property
    def out_of_rotation(self) -> bool:
        return self.machine.shell(f"test -e {DRAIN}").returncode == 0

    def owe(self, kind: str, unit: str = API) -> None:
        self.machine.ok(f"mkdir -p /var/lib/groundwork/owed/{kind}")
        self.machine.ok(f"touch /var/lib/groundwork/owed/{kind}/{unit}")

    @property
    def debts(self) -> list[str]:
        return self.machine.ok("find /var/lib/groundwork/owed -type f").split()


@pytest.fixture
def host(machine: Machine) -> Iterator[Host]:
    class Service(http.server.BaseHTTPRequestHandler):
        """Well unless the version that serves is a bad one, or it has been told otherwise."""

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            bad = "bad" in machine.shell(f"readlink {CURRENT}; cat /run/sick").stdout
            bad = bad or self.path == "/sick"
            self.send_response(500 if bad else 200)
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Host(machine, server.server_port)
    server.shutdown()
    server.server_close()


def test_staging_lays_the_version_beside_the_one_that_serves(host: Host) -> None:
    host.publish("1.0.0")

    assert host.release("stage", "1.0.0").splitlines() == [
        "changed: notebook 1.0.0 staged: api",
        "changed: notebook 1.0.0 staged: worker",
    ]
    assert host.release("stage", "1.0.0") == ""
    assert host.machine.read("/srv/notebook/releases/1.0.0/api/main.js") == "1.0.0"
    assert host.machine.stat("/srv/notebook/releases/1.0.0/api/main.js") == "0644 root root"
    assert host.serving == ""
    assert host.machine.asked_of_systemd() == []


def test_a_version_that_was_never_published_is_named_with_its_place(host: Host) -> None:
    why = host.release("stage", "9.9.9", fails=True)

    assert "404 NoSuchKey" in why
    assert "s3://artifacts/releases/notebook/9.9.9/api.tar.gz" in why


def test_an_artifact_that_is_not_what_its_digest_promises_is_refused(host: Host) -> None:
    host.publish("1.0.0")
    host.machine.write("/bucket/releases/notebook/1.0.0/api.tar.gz.sha256", "0" * 64)

    assert "not what its .sha256 promises" in host.release("stage", "1.0.0", fails=True)
    assert host.machine.shell("test -e /srv/notebook/releases/1.0.0/api").returncode != 0


def test_an_archive_cannot_write_outside_its_place(host: Host) -> None:
    host.publish("1.0.0")
    host.machine.ok(
        "cd /tmp && echo x >evil && cd /bucket/releases/notebook/1.0.0"
        " && tar -C /tmp -Pczf api.tar.gz ../tmp/evil && sha256sum api.tar.gz >api.tar.gz.sha256"
    )

    assert "cannot be unpacked" in host.release("stage", "1.0.0", fails=True)
    assert host.machine.shell("test -e /srv/notebook/releases/1.0.0/api").returncode != 0


@pytest.mark.parametrize("version", ["../../etc", "a/b", ".hidden", "a b", "-x"])
def test_a_version_that_could_leave_its_folder_is_refused(host: Host, version: str) -> None:
    done = host.machine.shell(f"/usr/local/lib/groundwork/release stage notebook -- {version!r}")

    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_the_first_release_starts_everything_and_is_confirmed(host: Host) -> None:
    host.publish("1.0.0")
    host.release("stage", "1.0.0")

    assert host.release("switch", "1.0.0") == "changed: notebook serves 1.0.0\n"
    assert host.release("confirm", "1.0.0") == "changed: notebook 1.0.0 confirmed\n"

    asked = host.machine.asked_of_systemd()
    assert f"restart {API}" in asked
    assert f"restart {WORKER}" in asked
    assert host.serving == "releases/1.0.0"
    assert host.record == {"pending": None, "confirmed": "1.0.0", "history": ["1.0.0"]}


def test_a_release_that_is_so_already_touches_nothing(host: Host) -> None:
    host.serve("1.0.0")

    assert host.release("switch", "1.0.0") == ""
    assert host.release("confirm", "1.0.0") == ""
    assert not [line for line in host.machine.asked_of_systemd() if "restart" in line]


def sees_restarts_out_of_rotation(host: Host) -> Callable[[], list[str]]:
    """What has been restarted while nothing new came to the host, since it was last asked."""
    machine, drained = host.machine, "/run/drained"
    program = machine.read("/usr/local/sbin/systemctl")
    machine.write("/usr/local/sbin/systemctl.real", program, "0755")
    machine.write(
        "/usr/local/sbin/systemctl",
        f'#!/bin/sh\n[ "$1" != restart ] || [ ! -e {DRAIN} ] || echo "$2" >>{drained}\n'
        'exec systemctl.real "$@"\n',
        "0755",
    )
    return lambda: machine.ok(f"touch {drained}; cat {drained}; : >{drained}").split()


def test_the_host_is_out_of_rotation_while_it_changes(host: Host) -> None:
    host.serve("1.0.0")
    host.publish("1.1.0")
    host.release("stage", "1.1.0")
    drained = sees_restarts_out_of_rotation(host)

    host.release("switch", "1.1.0")

    assert drained() == [API, WORKER]
    assert not host.out_of_rotation


def test_a_lone_host_stays_in_rotation(host: Host) -> None:
    host.told(drain_seconds=0)
    host.serve("1.0.0")
    host.publish("1.1.0")
    host.machine.ok(f"rm -rf {DRAIN} && chmod 0500 /run/groundwork/drain && touch /run/before")
    host.release("stage", "1.1.0")

    host.release("switch", "1.1.0")

    assert host.machine.ok("find /run/groundwork/drain -newer /run/before") == ""


def test_a_host_that_goes_down_is_out_of_rotation_first(host: Host) -> None:
    host.serve("1.0.0")

    host.machine.ok("/usr/local/lib/groundwork/release leave notebook")

    assert host.out_of_rotation
    assert host.serving.endswith("1.0.0")


def test_only_a_host_that_others_stand_in_for_takes_its_leave(host: Host) -> None:
    told = Releases(
        application="notebook",
        bucket="artifacts",
        artifacts={"api": "tar.gz"},
        services=(
            ReleasedService(name="api", unit=API, kind="restart"),
            ReleasedService(
                name="web", unit="notebook-web@.service", kind="colours", colours=(1, 2)
            ),
        ),
        drain_seconds=22,
        settle_seconds=12,
    )
    unit = "/etc/systemd/system/groundwork-leave-notebook.service"
    among = {getattr(step, "path", ""): step for step in releases(told).configure}
    leaving = among[unit]
    assert isinstance(leaving, File)
    # It ends first of all of these, and they wait for its end.
    assert (
        f"After=nginx.service {API} notebook-web@1.service notebook-web@2.service\n"
        in leaving.content
    )
    assert "TimeoutStopSec=37s" in leaving.content
    assert Running("groundwork-leave-notebook.service") in releases(told).activate

    alone = releases(replace(told, drain_seconds=0))
    assert Absent(unit) in alone.configure
    assert alone.activate == (Running("groundwork-resume-notebook.timer"),)


def test_a_bad_version_is_taken_back_and_the_old_one_serves(host: Host) -> None:
    host.serve("1.0.0")
    host.publish("1.1.0-bad")
    host.release("stage", "1.1.0-bad")

    why = host.release("switch", "1.1.0-bad", fails=True)

    assert "notebook 1.1.0-bad does not become healthy: /health of" in why
    assert "answers 500" in why
    assert "1.0.0 serves here as before" in why
    assert host.serving == "releases/1.0.0"
    assert not host.out_of_rotation
    assert host.record["confirmed"] == "1.0.0"


def test_the_next_good_version_goes_through_after_a_bad_one(host: Host) -> None:
    host.serve("1.0.0")
    host.publish("1.1.0-bad", "1.2.0")
    host.release("stage", "1.1.0-bad")
    host.release("switch", "1.1.0-bad", fails=True)
    host.release("stage", "1.2.0")

    host.release("switch", "1.2.0")

    assert host.serving == "releases/1.2.0"


def test_a_bad_first_version_leaves_nothing_serving(host: Host) -> None:
    host.publish("1.0.0-bad")
    host.release("stage", "1.0.0-bad")

    why = host.release("switch", "1.0.0-bad", fails=True)

    assert "answers 503 until a release succeeds" in why
    assert host.serving == ""


def test_a_unit_that_does_not_start_takes_the_version_back(host: Host) -> None:
    host.serve("1.0.0")
    host.publish("1.1.0")
    host.release("stage", "1.1.0")
    host.machine.write("/run/systemctl/broken", f"{WORKER}\n")

    why = host.release("switch", "1.1.0", fails=True)

    assert f"{WORKER} does not start" in why
    assert host.serving == "releases/1.0.0"
    # Here the old one does not start either, so the host keeps away from visitors.
    assert host.out_of_rotation


@contextmanager
def worker(host: Host, kind: Literal["restart", "exchange"], command: str) -> Iterator[None]:
    """What truly runs as the worker, while systemd's books say that its unit is active."""
    with subprocess.Popen(["sh", "-c", command]) as running:
        threading.Thread(target=running.wait).start()
        host.machine.write(f"/run/systemctl/main/{WORKER}", f"{running.pid}\n")
        watched = ReleasedService(
            name="worker", unit=WORKER, kind=kind, start_seconds=0, steady_seconds=4
        )
        host.told(services=(watched,))
        try:
            yield
        finally:
            running.kill()


@pytest.mark.parametrize(
    ("kind", "command", "what"),
    [
        pytest.param("restart", "exec sleep 3", "does not keep running for 4 s", id="it ends"),
        pytest.param(
            "exchange", "sleep 3; sleep 9 & wait", "does not keep running for 4 s", id="PM2's ends"
        ),
        pytest.param("exchange", "exec sleep 9", "does not come to rest", id="PM2 starts nothing"),
    ],
)
def test_a_worker_that_ends_while_it_is_watched_fails_the_release(
    host: Host, kind: Literal["restart", "exchange"], command: str, what: str
) -> None:
    host.publish("1.0.0")
    host.release("stage", "1.0.0")

    with worker(host, kind, command):
        why = host.release("switch", "1.0.0", fails=True)

    assert f"{WORKER} {what}" in why
    assert "The first release of notebook, 1.0.0, does not become healthy" in why
    assert host.serving == ""


@pytest.mark.parametrize("kind", ["restart", "exchange"])
def test_a_worker_that_keeps_its_processes_long_enough_is_well(
    host: Host, kind: Literal["restart", "exchange"]
) -> None:
    host.publish("1.0.0")
    host.release("stage", "1.0.0")

    with worker(host, kind, "sleep 9 & wait"):
        host.release("switch", "1.0.0")

    assert host.serving == "releases/1.0.0"


def test_an_unconfirmed_version_goes_back_by_itself(host: Host) -> None:
    host.serve("1.0.0")
    host.publish("1.1.0")
    host.release("stage", "1.1.0")
    host.release("switch", "1.1.0")
    assert "--on-active=60s" in host.machine.read("/run/systemd-run.log")
    assert "release return notebook 1.1.0" in host.machine.read("/run/systemd-run.log")

    assert host.release("return", "1.1.0") == "changed: notebook went back to 1.0.0\n"

    assert host.serving == "releases/1.0.0"
    assert not host.out_of_rotation


def test_a_confirmed_version_does_not_go_back(host: Host) -> None:
    host.serve("1.0.0")
    host.serve("1.1.0")

    assert host.release("return", "1.1.0") == ""
    assert host.serving == "releases/1.1.0"


def test_a_return_that_comes_late_leaves_a_newer_version_alone(host: Host) -> None:
    host.serve("1.0.0")
    host.publish("1.1.0", "1.2.0")
    for version in ("1.1.0", "1.2.0"):
        host.release("stage", version)
        host.release("switch", version)

    assert host.release("return", "1.1.0") == ""
    assert host.serving == "releases/1.2.0"
    host.release("return", "1.2.0")
    assert host.serving == "releases/1.0.0"


def test_back_on_the_confirmed_version_there_is_nothing_left_to_confirm(host: Host) -> None:
    """As where a release failed on another host, and `up` brings the version of before."""
    host.serve("1.0.0")
    host.publish("1.1.0")
    host.release("stage", "1.1.0")
    host.release("switch", "1.1.0")
    armed = host.machine.read("/run/systemd-run.log")

    assert host.release("switch", "1.0.0") == "changed: notebook serves 1.0.0\n"

    assert host.record == {"pending": None, "confirmed": "1.0.0", "history": ["1.0.0"]}
    assert host.machine.read("/run/systemd-run.log") == armed
    assert "stop groundwork-return-notebook.timer" in host.machine.asked_of_systemd()


def test_a_confirmation_changes_a_host_that_had_gone_back(host: Host) -> None:
    host.serve("1.0.0")
    host.publish("1.1.0")
    host.release("stage", "1.1.0")
    host.release("switch", "1.1.0")
    host.release("return", "1.1.0")

    host.release("confirm", "1.1.0")

    assert host.serving == "releases/1.1.0"
    assert host.record == {"pending": None, "confirmed": "1.1.0", "history": ["1.0.0", "1.1.0"]}


@pytest.mark.parametrize("kind", ["restart/notebook", "restart/host"])
def test_an_owed_restart_is_paid_once(host: Host, kind: str) -> None:
    host.serve("1.0.0")
    host.owe(kind)

    assert host.release("switch", "1.0.0") == "changed: notebook restarted\n"

    assert host.machine.asked_of_systemd().count(f"restart {API}") == 1
    assert host.debts == []
    assert host.release("switch", "1.0.0") == ""


def test_what_another_application_owes_is_left_to_it(host: Host) -> None:
    host.serve("1.0.0")
    host.owe("restart/other", "other-api.service")

    assert host.release("switch", "1.0.0") == ""
    assert host.debts == ["/var/lib/groundwork/owed/restart/other/other-api.service"]


def test_a_service_that_is_no_more_is_taken_away_out_of_rotation(host: Host) -> None:
    host.serve("1.0.0")
    program = f'#!/bin/sh\n[ -e {DRAIN} ] && echo "$@" >>/run/removed\n'
    host.machine.write("/usr/local/lib/groundwork/remove-units", program, "0755")
    host.owe("removal/notebook", "notebook-mail.service")

    assert host.release("switch", "1.0.0") == "changed: notebook restarted\n"

    assert host.machine.read("/run/removed").split() == ["notebook-mail.service"]
    assert host.machine.asked_of_systemd() == []
    assert host.debts == []


def test_a_configuration_that_fails_stops_here_and_stays_owed(host: Host) -> None:
    host.serve("1.0.0")
    host.owe("restart/notebook")
    host.machine.write("/run/sick", "bad")

    why = host.release("switch", "1.0.0", fails=True)

    assert "stays out of rotation" in why
    assert host.out_of_rotation
    assert host.debts != []

    host.machine.write("/run/sick", "")
    host.release("switch", "1.0.0")
    assert not host.out_of_rotation
    assert host.debts == []


def test_a_restart_that_a_person_asks_for_is_of_all_or_of_one_and_out_of_rotation(
    host: Host,
) -> None:
    drained = sees_restarts_out_of_rotation(host)
    host.serve("1.0.0")
    drained()

    assert host.release("restart") == "changed: notebook restarted\n"
    assert drained() == [API, WORKER]
    assert host.debts == []
    assert not host.out_of_rotation

    assert host.release("restart", "--service worker") == "changed: notebook restarted\n"
    assert drained() == [WORKER]

    # It runs on other hosts.
    host.machine.asked_of_systemd()
    assert host.release("restart", "--service mail") == ""
    assert host.machine.asked_of_systemd() == []


def test_where_nothing_is_released_nothing_is_restarted(host: Host) -> None:
    why = host.release("restart", fails=True)

    assert "Nothing of notebook is released" in why
    assert not host.out_of_rotation


def test_a_restart_that_fails_leaves_the_host_out_of_rotation(host: Host) -> None:
    host.serve("1.0.0")
    host.machine.write("/run/sick", "bad")

    assert "stays out of rotation" in host.release("restart", fails=True)
    assert host.out_of_rotation


def test_processes_of_pm2_take_over_from_each_other(host: Host) -> None:
    host.told(
        services=(
            ReleasedService(
                name="api",
                unit=API,
                kind="exchange",
                port=host.port,
                health="/health",
                start_seconds=1,
            ),
        ),
    )
    host.serve("1.0.0")
    host.owe("exchange/notebook")
    host.release("switch", "1.0.0")
    assert f"reload {API}" in host.machine.asked_of_systemd()

    host.owe("restart/notebook")
    host.release("switch", "1.0.0")
    assert f"restart {API}" in host.machine.asked_of_systemd()


def test_only_the_last_releases_stay_and_the_confirmed_one_always(host: Host) -> None:
    host.told(keep=2)
    for minor in range(4):
        host.serve(f"1.{minor}.0")

    kept = host.machine.ok("ls /srv/notebook/releases").split()
    assert kept == ["1.2.0", "1.3.0"]


def publish_site(host: Host, version: str, files: dict[str, bytes]) -> None:
    packed = tarball({f"./{name}": content for name, content in files.items()})
    digest = hashlib.sha256(packed).hexdigest().encode()
    key = f"bucket/releases/notebook/{version}/web.tar.gz"
    both = base64.b64encode(tarball({key: packed, f"{key}.sha256": digest})).decode()
    host.machine.ok("base64 --decode | tar --extract --gzip --directory /", both)


def test_a_site_s_fingerprinted_files_outlive_their_version_a_while(host: Host) -> None:
    host.told(artifacts={"web": "tar.gz"}, services=(), sites={"web": ("/assets/*",)}, keep=2)
    for number in range(3):
        page = f"page {number}".encode()
        files = {"index.html": page, f"assets/deep/app-{number}.js": page, "assets/same.css": b"."}
        publish_site(host, f"1.{number}.0", files)

    host.release("stage", "1.0.0")
    host.release("confirm", "1.0.0")
    host.release("stage", "1.1.0")
    kept = "/srv/notebook/assets/web"
    # Staged and not yet serving: a page of a host that is further on finds its files here.
    assert host.machine.read(f"{kept}/assets/deep/app-1.js") == "page 1"
    assert host.machine.read(f"{kept}/assets/deep/app-0.js") == "page 0"
    assert host.machine.shell(f"test -e {kept}/index.html").returncode == 1
    assert host.machine.ok(f"stat --format %a {kept}/assets/deep {kept}/assets/same.css") == (
        "755\n644\n"
    )
    host.release("confirm", "1.1.0")
    host.release("stage", "1.2.0")
    host.release("confirm", "1.2.0")

    assert host.machine.ok(f"cd {kept} && find . -type f | sort") == (
        "./assets/deep/app-1.js\n./assets/deep/app-2.js\n./assets/same.css\n"
    )
    assert host.serving == "releases/1.2.0"


def test_a_site_is_given_to_the_cdn_from_the_release_that_was_staged(host: Host) -> None:
    host.machine.write(
        "/usr/local/lib/groundwork/cloud",
        'case "$1" in publish-site) shift; printf "%s\\n" "$@" >/published ;;\n'
        '*) cp "/bucket/$3" "$4" ;; esac\n',
        "0755",
    )
    host.machine.ok("sed -i '1i #!/bin/sh' /usr/local/lib/groundwork/cloud")
    place = PublishedSite(bucket="pages", distribution="E123", immutable=("/assets/*",))
    host.told(artifacts={"web": "tar.gz"}, services=(), published={"web": place})
    publish_site(host, "1.0.0", {"index.html": b"page"})

    assert "notebook 1.0.0 published: web" in host.release("publish", "1.0.0")
    assert host.machine.read("/published").splitlines() == [
        "pages",
        "E123",
        "/srv/notebook/releases/1.0.0/web",
        "/assets/*",
    ]
    assert host.machine.read("/srv/notebook/releases/1.0.0/web/index.html") == "page"


def test_a_failed_migration_says_that_no_host_has_changed(host: Host) -> None:
    host.publish("1.0.0")
    host.machine.write("/run/systemctl/broken", "notebook-migrate@1.0.0.service\n")
    host.machine.ok("systemctl list")

    why = host.release("migrate", "1.0.0", fails=True)

    assert "no host has changed" in why
    assert "journalctl -u notebook-migrate@1.0.0.service" in why


def migrates(host: Host) -> None:
    """The application has a migration; its program says what it was asked."""
    host.machine.write(
        "/etc/groundwork/notebook-migrate/migration.json", json.dumps({"part": "api"})
    )
    host.machine.write(
        "/usr/local/lib/groundwork/migrations",
        '#!/bin/sh\necho "$* in $PWD to $MIGRATION_TARGET"\n'
        '[ "$MIGRATION_TARGET" != 009 ] || { echo nothing at 009 >&2; exit 1; }\n',
        mode="0755",
    )


def test_the_way_back_of_a_database_is_looked_at_without_a_step_on_it(host: Host) -> None:
    migrates(host)
    host.publish("2.0.0")

    said = host.release("down", "2.0.0 --target 005 --kept 1.0.0 --plan")

    assert said.splitlines()[-1] == (
        "plan /etc/groundwork/notebook-migrate/migration.json 2.0.0 "
        "in /srv/notebook/releases/2.0.0/api to 005"
    )
    assert host.machine.asked_of_systemd() == []
    why = host.release("down", "2.0.0 --target 009 --kept 1.0.0 --plan", fails=True)
    assert why == "nothing at 009\n"


def test_the_way_back_and_the_seed_are_units_of_the_version_that_has_the_files(
    host: Host,
) -> None:
    migrates(host)
    host.publish("2.0.0")

    host.release("down", "2.0.0 --target 005 --kept 1.0.0")
    host.release("seed", "2.0.0")

    started = [asked for asked in host.machine.asked_of_systemd() if asked.startswith("start ")]
    assert started == [
        "start notebook-migrate-down@2.0.0.service",
        "start notebook-migrate-seed@2.0.0.service",
    ]
    assert host.machine.ok("find /run/groundwork -type f") == ""


def test_what_a_person_asks_for_is_a_version_and_no_line_of_a_file(host: Host) -> None:
    migrates(host)
    host.publish("2.0.0")

    why = host.release("down", "2.0.0 --target '5;x' --kept 1.0.0", fails=True)

    assert "'5;x' is no version" in why


def test_an_application_without_a_migration_has_no_database_to_take_back(host: Host) -> None:
    host.publish("2.0.0")

    why = host.release("down", "2.0.0 --target 005 --kept 1.0.0", fails=True)

    assert "notebook has no migration" in why


LIVE = "/etc/nginx/live/notebook-api.conf"


class TwoColours(Host):
    """A service with two colours; each answers as the version that its own link names."""

    def __init__(self, machine: Machine, ports: tuple[int, int]) -> None:
        super().__init__(machine, ports[0])
        self.blue, self.green = ports
        self.told(
            artifacts={"api": "tar.gz"},
            services=(
                ReleasedService(
                    name="api",
                    unit="notebook-api@.service",
                    kind="colours",
                    health="/health",
                    start_seconds=1,
                    colours=ports,
                    hold_seconds=300,
                ),
            ),
        )
        machine.write(LIVE, f"server 127.0.0.1:{self.blue};\n")
        machine.ok("systemctl start nginx.service")

    def unit(self, port: int) -> str:
        return f"notebook-api@{port}.service"

    @property
    def live(self) -> int:
        return int(self.machine.read(LIVE).partition(":")[2].partition(";")[0])


@pytest.fixture
def two_colours(machine: Machine) -> Iterator[TwoColours]:
    class Service(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            port = int(str(self.headers["Host"]).partition(":")[2])
            link = machine.shell(f"readlink /srv/notebook/colours/api-{port}").stdout
            self.send_response(500 if "bad" in link else 200)
            self.end_headers()

    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    blue, green = (server.server_port for server in servers)
    yield TwoColours(machine, (blue, green))
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_other_colour_takes_over_once_it_is_healthy(two_colours: TwoColours) -> None:
    host = two_colours
    host.serve("1.0.0")
    assert host.live == host.blue

    host.serve_quietly("1.1.0")

    assert host.live == host.green
    asked = host.machine.asked_of_systemd()
    begun, changed = (
        asked.index(f"start {host.unit(host.green)}"),
        asked.index("reload nginx.service"),
    )
    assert begun < changed
    assert f"stop {host.unit(host.blue)}" not in asked
    assert f"disable {host.unit(host.blue)}" in asked
    later = host.machine.read("/run/systemd-run.log")
    assert "--on-active=300s" in later
    assert f"systemctl stop {host.unit(host.blue)}" in later


def test_the_service_s_user_reaches_the_version_of_its_colour(two_colours: TwoColours) -> None:
    two_colours.serve("1.0.0")

    modes = two_colours.machine.shell("stat -c %a /srv/notebook/colours").stdout
    assert modes.strip() == "755"


def test_a_bad_version_never_gets_a_request_in_the_other_colour(two_colours: TwoColours) -> None:
    host = two_colours
    host.serve("1.0.0")
    host.publish("1.1.0-bad", parts=("api",))
    host.release("stage", "1.1.0-bad")

    assert "1.0.0 serves here as before" in host.release("switch", "1.1.0-bad", fails=True)

    assert host.live == host.blue
    asked = host.machine.asked_of_systemd()
    assert "reload nginx.service" not in asked
    assert f"stop {host.unit(host.green)}" in asked
    assert f"stop {host.unit(host.blue)}" not in asked


def test_a_colour_that_nginx_refuses_is_not_taken(two_colours: TwoColours) -> None:
    host = two_colours
    host.serve("1.0.0")
    host.publish("1.1.0", parts=("api",))
    host.release("stage", "1.1.0")
    host.machine.ok("systemctl stop nginx.service")  # then a reload of it fails

    assert "nginx refuses the other colour" in host.release("switch", "1.1.0", fails=True)

    assert host.live == host.blue


def test_a_changed_variable_moves_to_the_other_colour(two_colours: TwoColours) -> None:
    host = two_colours
    host.serve("1.0.0")
    host.owe("restart/notebook", "notebook-api@.service")

    host.release("switch", "1.0.0")

    assert host.live == host.green
    assert host.debts == []
    assert host.release("switch", "1.0.0") == ""


def dumps(host: Host, status: int) -> None:
    """The database has dumps; the program notes what it was asked."""
    host.told(dump_first="notebook-main")
    host.machine.ok("id groundwork-dumps || useradd --system groundwork-dumps")
    host.machine.write(
        "/usr/local/lib/groundwork/dump",
        f'#!/bin/sh\necho "$(id -un) $*" >/tmp/dumped\necho no space >&2\nexit {status}\n',
        mode="0755",
    )
    host.publish("1.0.0")


def test_the_database_is_dumped_before_it_is_migrated(host: Host) -> None:
    dumps(host, 0)

    said = host.release("migrate", "1.0.0")

    assert "notebook-main dumped before the migration to notebook 1.0.0" in said
    assert host.machine.read("/tmp/dumped").strip() == (
        "groundwork-dumps dump notebook-main --reason before notebook 1.0.0"
    )
    assert "start notebook-migrate@1.0.0.service" in str(host.machine.asked_of_systemd())


def test_nothing_is_migrated_where_the_dump_failed(host: Host) -> None:
    dumps(host, 1)

    why = host.release("migrate", "1.0.0", fails=True)

    assert "nothing was migrated and no host has changed: no space" in why
    assert "notebook-migrate" not in str(host.machine.asked_of_systemd())


# -- a pause ------------------------------------------------------------------------------------

PAUSED, STOPPED = (f"/var/lib/groundwork/{word}/notebook" for word in ("paused", "stopped"))
RESUME = "groundwork-resume-notebook.timer"


def act(host: Host, *words: str, fails: bool = False) -> str:
    """An action that is about no version."""
    done = host.machine.shell(f"umask 077; /usr/local/lib/groundwork/release {' '.join(words)}")
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if fails else done.stdout


def is_there(host: Host, path: str) -> bool:
    return host.machine.shell(f"test -e {path}").returncode == 0


def test_a_pause_keeps_visitors_out_stops_everything_and_ends_by_itself(host: Host) -> None:
    host.told(clock=("notebook-worker-nightly",))
    host.serve("1.0.0")

    assert act(host, "pause notebook") == "changed: notebook paused\n"

    assert is_there(host, PAUSED)
    assert is_there(host, STOPPED)
    asked = host.machine.asked_of_systemd()
    stopped = f"stop notebook-worker-nightly.timer notebook-worker-nightly.service {API} {WORKER}"
    # Whoever dies in between has somebody that resumes.
    assert asked.index(f"restart {RESUME}") < asked.index(stopped)
    assert json.loads(act(host, "show notebook"))["paused"] is True
    assert act(host, "pause notebook") == ""
    assert f"restart {RESUME}" in host.machine.asked_of_systemd()


def test_what_answers_is_well_before_visitors_come_back_and_workers_after_it(host: Host) -> None:
    host.told(clock=("notebook-worker-nightly",))
    host.serve("1.0.0")
    act(host, "pause notebook")
    host.machine.asked_of_systemd()

    assert act(host, "start notebook") == ""
    asked = host.machine.asked_of_systemd()
    assert f"start {API}" in asked
    assert f"start {WORKER}" not in asked
    assert is_there(host, PAUSED)
    assert not is_there(host, STOPPED)

    assert act(host, "start notebook --all") == ""
    asked = host.machine.asked_of_systemd()
    assert f"start {WORKER}" in asked
    assert not [line for line in asked if "timer" in line]
    assert is_there(host, PAUSED)

    assert act(host, "resume notebook") == "changed: notebook resumed\n"
    asked = host.machine.asked_of_systemd()
    assert "start notebook-worker-nightly.timer" in asked
    assert f"restart {RESUME}" in asked
    assert not is_there(host, PAUSED)
    assert act(host, "resume notebook") == ""


def test_what_asks_its_stores_is_asked_before_visitors_come_back(host: Host) -> None:
    service = ReleasedService(
        name="api",
        unit=API,
        kind="restart",
        port=host.port,
        health="/health",
        deep="/sick",
        start_seconds=1,
    )
    host.told(services=(service,))
    host.serve("1.0.0")
    act(host, "pause notebook")

    assert f"/sick of {API} answers 500" in act(host, "start notebook", fails=True)
    assert is_there(host, PAUSED)


def test_what_a_service_says_of_its_stores_is_shown_where_it_is_asked_for(host: Host) -> None:
    service = ReleasedService(
        name="api", unit=API, kind="restart", port=host.port, health="/health", start_seconds=1
    )
    host.told(services=(replace(service, deep="/health"),))
    host.serve("1.0.0")

    assert json.loads(act(host, "show notebook --deep"))["stores"] == {"api": "well"}
    assert "stores" not in json.loads(act(host, "show notebook"))

    host.told(services=(replace(service, deep="/sick"),))
    shown = json.loads(act(host, "show notebook --deep"))
    assert shown["stores"] == {"api": "/sick answers 500"}


def test_a_resume_lets_in_even_where_something_is_unwell_and_says_so(host: Host) -> None:
    """The load balancer looks itself; kept out, visitors would be turned away by this host."""
    host.serve("1.0.0")
    act(host, "pause notebook")
    host.machine.write("/run/systemctl/broken", f"{WORKER}\n")

    assert f"{WORKER} does not start" in act(host, "resume notebook", fails=True)

    assert not is_there(host, PAUSED)
    assert not is_there(host, STOPPED)


def test_a_release_waits_for_a_pause_and_a_pause_for_a_release(host: Host) -> None:
    host.serve("1.0.0")
    host.publish("1.1.0")
    host.release("stage", "1.1.0")
    act(host, "pause notebook")

    assert "paused here while its database is restored" in host.release(
        "switch", "1.1.0", fails=True
    )
    assert host.serving == "releases/1.0.0"

    act(host, "resume notebook")
    host.release("switch", "1.1.0")
    assert "1.1.0 is not confirmed yet" in act(host, "pause notebook", fails=True)
    assert not is_there(host, PAUSED)


def test_without_somebody_that_ends_it_there_is_no_pause(host: Host) -> None:
    host.serve("1.0.0")
    host.machine.write("/run/systemctl/broken", f"{RESUME}\n")

    assert "Bring the stack up first" in act(host, "pause notebook", fails=True)

    assert not is_there(host, PAUSED)
    assert not is_there(host, STOPPED)


def test_before_the_first_release_a_pause_has_nothing_to_start(host: Host) -> None:
    act(host, "pause notebook")
    act(host, "start notebook --all")
    act(host, "resume notebook")

    assert f"start {API}" not in host.machine.asked_of_systemd()
    assert not is_there(host, PAUSED)


def test_the_colour_that_answered_comes_back_after_a_pause(two_colours: TwoColours) -> None:
    host = two_colours
    host.serve("1.0.0")
    host.serve("1.1.0")
    assert host.live == host.green

    act(host, "pause notebook")
    asked = host.machine.asked_of_systemd()
    assert f"stop {host.unit(host.blue)} {host.unit(host.green)}" in asked
    act(host, "resume notebook")

    asked = host.machine.asked_of_systemd()
    assert f"start {host.unit(host.green)}" in asked
    assert f"start {host.unit(host.blue)}" not in asked


def test_what_comes_from_a_dump_is_migrated_without_another_dump(host: Host) -> None:
    dumps(host, 1)

    host.machine.ok("/usr/local/lib/groundwork/release migrate notebook 1.0.0 --restored")

    assert "start notebook-migrate@1.0.0.service" in host.machine.asked_of_systemd()
