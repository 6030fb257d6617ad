"""The small application does what the platform's tests later rely on: with real stores, here."""

import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hosts.programs import source
from hosts.roles.node_runtime import NodeRuntime, PinnedArchive, Pm2Runtime
from hosts.roles.pm2_service import Pm2Service, ecosystem
from hosts.roles.service import Service
from localcloud.authority import Authority
from tests.apps import pack as packing
from tests.apps.running import NODE, PM2, Process, Releases, echoed, process
from tests.apps.stores import (
    PRIMARY,
    REPLICA,
    URL_PASSWORD,
    Postgres,
    Redis,
    eventually,
    free_port,
    metadata_service,
    s3,
)
from tests.load import Wanted, start

pytestmark = pytest.mark.e2e


APPLICATION = "threed-generator"
DATABASE = "3dgenerator"
BUCKET = "models"


# -- stores ---------------------------------------------------------------------------------------


@dataclass
class Stores:
    authority: Authority
    database: Postgres
    redis: Redis
    endpoint: str
    metadata: str

    def url(self, role: str) -> str:
        address = f"{PRIMARY}:{self.database.port}"
        return f"postgresql://{role}:{URL_PASSWORD}@{address}/{DATABASE}?sslmode=require"

    def environment(self, **more: str) -> dict[str, str]:
        """As the application file gives it; the credentials are the host's own."""
        return {
            "PATH": os.environ["PATH"],
            "NODE_ENV": "production",
            "DATABASE_URL": self.url("prod_user"),
            "REDIS_URL": self.redis.url,
            "JWT_SECRET": "the key that signs",
            "S3_BUCKET_NAME": BUCKET,
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata,
            "SSL_CERT_FILE": str(self.authority.path),
            **more,
        }


@pytest.fixture(scope="session")
def stores(authority: Authority, server: Postgres, redis: Redis, aws: str, metadata: str) -> Stores:
    made = Stores(authority, server, redis, aws, metadata)
    bucket(made).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    server.create(DATABASE, owner="generator_owner", user="prod_user")
    return made


def bucket(stores: Stores) -> Any:
    return s3(stores.endpoint)


# -- processes ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return Releases(APPLICATION, tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="session")
def migrated(node: str, release: Releases, stores: Stores) -> None:
    done = migrate(node, release("1.0.0", "api"), stores)
    assert done.returncode == 0, done.stderr


def migrate(node: str, folder: Path, stores: Stores) -> subprocess.CompletedProcess[str]:
    """As the application file names it, where there is Node and no package manager."""
    return subprocess.run(
        [node, "--run", "migrate:prod"],
        cwd=folder,
        env={"PATH": str(Path(node).parent), "DATABASE_URL": stores.url("generator_owner")},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def api(
    node: str, release: Releases, stores: Stores, migrated: None, tmp_path: Path
) -> Iterator[Process]:
    folder = release("1.0.0", "api")
    with process([node, "dist/app.js"], folder, stores.environment(), tmp_path / "api") as made:
        yield made


# -- the API --------------------------------------------------------------------------------------


def test_migrations_run_once_each_and_all_or_nothing(
    node: str, release: Releases, stores: Stores, migrated: None
) -> None:
    again = migrate(node, release("1.0.0", "api"), stores)
    assert (again.returncode, again.stdout.strip()) == (0, "")
    tables = "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relkind = 'r'"
    public = f"{tables} AND relnamespace = 'public'::regnamespace;"
    before = stores.database.sql(public, DATABASE)
    assert before == "generation_tasks,models,schema_migrations,users"

    later = packing.known(APPLICATION).folder / "later"
    failed = migrate(node, release("2.0.0", "api", migration=later / "0004_fails.sql"), stores)
    assert failed.returncode == 1
    assert failed.stderr.strip() == '0004_fails.sql: relation "no_such_table" does not exist'
    assert stores.database.sql(public, DATABASE) == before

    good = migrate(node, release("2.0.1", "api", migration=later / "0004_models_views.sql"), stores)
    assert (good.returncode, good.stdout) == (0, "applied 0004_models_views.sql\n")


def test_a_host_that_is_late_to_say_which_role_it_has_is_asked_again(
    node: str, release: Releases, stores: Stores, migrated: None, tmp_path: Path
) -> None:
    words, folder = [node, "dist/app.js"], release("1.0.0", "api")
    with metadata_service(1.5, 1.5) as address:
        environment = stores.environment(AWS_EC2_METADATA_SERVICE_ENDPOINT=address)
        with process(words, folder, environment, tmp_path / "api") as late:
            assert post(late, b"of a busy host")


def test_the_light_check_asks_no_store(api: Process) -> None:
    status, body = api.json("/health")

    assert (status, body["status"], body["version"]) == (200, "ok", "1.0.0")
    assert body["node"]


def test_the_deep_check_names_every_store(api: Process) -> None:
    status, body = api.json("/health/db")

    assert (status, body["status"]) == (200, "ok")
    assert list(body["checks"]) == ["primary", "replica", "cache", "bucket"]
    assert all(check["ok"] and check["milliseconds"] > 0 for check in body["checks"].values())
    assert body["checks"]["primary"]["tls"] == "unverified"
    assert "certificate is not checked" in api.log.read_text()
    assert body["checks"]["cache"]["tls"] == "verified"


def post(api: Process, content: bytes) -> dict[str, Any]:
    status, body = api.json(
        "/models?name=chair&format=obj", body=content, headers={"Content-Type": "model/obj"}
    )
    assert status == 201
    return body


@contextmanager
def beside(
    api: Process, node: str, release: Releases, environment: Mapping[str, str], tmp_path: Path
) -> Iterator[Process]:
    """A second process, as on another host."""
    folder = release("1.0.0", "api")
    with process([node, "dist/app.js"], folder, environment, tmp_path / "second") as made:
        yield made


def test_a_model_posted_through_one_is_read_through_the_other_and_lies_in_the_bucket(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    content = os.urandom(100_000)
    model = post(api, content)
    with beside(api, node, release, stores.environment(), tmp_path) as other:
        status, headers, text = other.ask(f"/models/{model['id']}")
        assert (status, headers["X-Store"], headers["X-Cache"]) == (200, "cache", "hit")
        assert json.loads(text) == model
        assert model["sha256"] == hashlib.sha256(content).hexdigest()
        assert headers["X-Node"]

        _, headers, file = other.ask(f"/models/{model['id']}/file")
        assert (file, headers["Content-Type"]) == (content, "model/obj")
    found = bucket(stores).get_object(Bucket=BUCKET, Key=model["object_key"])
    assert found["Body"].read() == content


def test_reads_come_from_the_replica_and_from_the_primary_while_it_lags(
    node: str, release: Releases, stores: Stores, migrated: None, tmp_path: Path
) -> None:
    database = stores.database
    folder = release("1.0.0", "api")
    environment = stores.environment(DATABASE_READER_HOST=REPLICA)
    with process([node, "dist/app.js"], folder, environment, tmp_path / "api") as api:

        def store_of(model: Mapping[str, str]) -> str:
            path, headers = f"/models/{model['id']}", {"Cache-Control": "no-cache"}
            return api.ask(path, headers=headers)[1]["X-Store"]

        _, body = api.json("/health/db")
        assert body["checks"]["replica"]["separate"] is True
        model = post(api, b"seen by both")
        eventually("the replica has it", lambda: store_of(model) == "replica")

        database.sql("SELECT pg_wal_replay_pause();", replica=True)
        try:
            model = post(api, b"not there yet")
            assert store_of(model) == "primary"
        finally:
            database.sql("SELECT pg_wal_replay_resume();", replica=True)
        eventually("the replica has caught up", lambda: store_of(model) == "replica")


def test_without_the_cache_it_answers_degraded_and_recovers_by_itself(
    api: Process, stores: Stores
) -> None:
    model = post(api, b"kept elsewhere too")
    stores.redis.kill()
    try:
        status, headers, _ = api.ask(f"/models/{model['id']}")
        assert (status, headers["X-Store"], headers["X-Cache"]) == (200, "primary", "unavailable")
        status, body = api.json("/health/db")
        assert (status, body["status"], body["checks"]["cache"]["ok"]) == (200, "degraded", False)
        assert post(api, b"nobody misses it")["id"]
        assert api.ask("/health")[0] == 200
    finally:
        stores.redis.start(stores.authority)
    eventually("it is back", lambda: api.json("/health/db")[1]["status"] == "ok")


def test_a_login_is_believed_by_every_process_and_after_the_key_was_exchanged(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    form = json.dumps({"email": "ada@3dgenerator.test", "password": "difference engine"}).encode()
    wrong = json.dumps({"email": "ada@3dgenerator.test", "password": "wrong"}).encode()
    assert api.ask("/auth/register", body=form)[0] == 201
    assert api.ask("/auth/register", body=form)[0] == 409
    assert api.ask("/auth/login", body=wrong)[0] == 401
    token = api.json("/auth/login", body=form)[1]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert api.json("/auth/me", headers=headers)[1]["email"] == "ada@3dgenerator.test"
    assert api.ask("/auth/me", headers={"Authorization": f"Bearer {token}x"})[0] == 401

    exchanged = stores.environment(JWT_SECRET="a new key", JWT_SECRET_PREVIOUS="the key that signs")
    with beside(api, node, release, exchanged, tmp_path) as other:
        assert other.ask("/auth/me", headers=headers)[0] == 200
    forgotten = stores.environment(JWT_SECRET="a new key")
    with beside(api, node, release, forgotten, tmp_path) as other:
        assert other.ask("/auth/me", headers=headers)[0] == 401


def test_a_websocket_echoes(api: Process, node: str) -> None:
    assert echoed(node, api) == "hello"


def test_a_model_of_50_mb_is_taken_and_one_byte_more_is_not(api: Process) -> None:
    largest = b"\0" * (50 * 1024 * 1024)
    assert api.ask("/models", body=largest)[0] == 201
    assert api.ask("/models", body=largest + b"\0")[0] == 413


def test_what_is_under_way_when_it_is_told_to_stop_is_finished(
    api: Process, stores: Stores
) -> None:
    connection = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=20)
    connection.putrequest("POST", "/models")
    connection.putheader("Content-Length", "8")
    connection.endheaders(b"half")
    kept = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=20)
    kept.request("GET", "/health")
    assert kept.getresponse().read()

    api.running.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    kept.request("GET", "/health")
    answer = kept.getresponse()
    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    time.sleep(3)
    connection.send(b"done")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Connection"]) == (201, "close")
    assert api.running.wait(timeout=20) == 0


def test_a_checked_certificate_that_is_not_ours_is_refused(
    node: str, release: Releases, stores: Stores, migrated: None, tmp_path: Path
) -> None:
    folder = release("1.0.0", "api")
    right = stores.environment(PGSSLROOTCERT=str(stores.authority.path))
    with process([node, "dist/app.js"], folder, right, tmp_path / "right") as api:
        assert api.json("/health/db")[1]["checks"]["primary"]["tls"] == "verified"
    other = Authority(tmp_path / "other")
    wrong = stores.environment(PGSSLROOTCERT=str(other.path), SSL_CERT_FILE=str(other.path))
    with process([node, "dist/app.js"], folder, wrong, tmp_path / "wrong") as api:
        status, body = api.json("/health/db")
        assert (status, body["status"]) == (503, "failed")
        assert not body["checks"]["primary"]["ok"]
        assert not body["checks"]["cache"]["ok"]


def test_a_version_that_needs_what_no_stack_gives_says_so_and_is_unwell(
    node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    folder = release("1.1.0", "api", unwell=["api"])
    with process([node, "dist/app.js"], folder, stores.environment(), tmp_path / "api") as api:
        status, body = api.json("/health")
    assert (status, body["missing"]) == (500, [packing.NEVER_GIVEN])


def test_a_broken_version_does_not_start(node: str, release: Releases, stores: Stores) -> None:
    for part, words in (("api", ["dist/app.js"]), ("web", WEB)):
        folder = release(f"1.2.0-{part}", part, broken=[part])
        environment = stores.environment(PORT=str(free_port()))
        done = subprocess.run(
            [node, *words], cwd=folder, env=environment, capture_output=True, timeout=60
        )
        assert done.returncode == 1, part


# -- the pages ------------------------------------------------------------------------------------

WEB = ["node_modules/next/dist/bin/next", "start", "--keepAliveTimeout", "75000"]


def test_the_pages_show_the_version_and_bring_static_files_by_fingerprint(
    node: str, release: Releases, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "NEXTAUTH_URL": "https://3dgenerator.test",
        "NEXTAUTH_SECRET": "what signs the sessions",
    }
    folder = release("1.0.0", "web")
    with process([node, *WEB], folder, environment, tmp_path / "web") as web:
        status, body = web.json("/health")
        assert (status, body["version"]) == (200, "1.0.0")

        status, _, page = web.ask("/")
        assert status == 200
        assert b'<dd id="version">1.0.0</dd>' in page
        assert b'data-url="https://api.3dgenerator.test"' in page
        (style,) = set(re.findall(rb'href="(/_next/static/[^"]+\.css)"', page))
        status, headers, text = web.ask(style.decode())
        assert (status, headers["Content-Type"]) == (200, "text/css; charset=UTF-8")
        assert b"system-ui" in text

        status, headers, text = web.ask("/api/auth/csrf")
        assert (status, list(json.loads(text))) == (200, ["csrfToken"])
        assert headers["set-cookie"].startswith("__Host-next-auth.csrf-token=")


# -- under PM2 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["api", "web"])
def test_an_exchange_of_all_processes_under_pm2_loses_no_request(
    part: str,
    runtimes: Path,
    node: str,
    release: Releases,
    stores: Stores,
    migrated: None,
    tmp_path: Path,
) -> None:
    port = str(free_port())
    words = {"api": ["dist/app.js"], "web": WEB}[part]
    secret = {"api": "JWT_SECRET", "web": "NEXTAUTH_SECRET"}[part]
    secrets = tmp_path / "secrets.json"
    environment = stores.environment(PORT=port, NEXTAUTH_URL="https://3dgenerator.test")
    secrets.write_text(json.dumps({secret: "known to the service alone"}))
    environment.pop("JWT_SECRET")

    def archive(name: str, version: str) -> PinnedArchive:
        return PinnedArchive(bucket="b", key=name, sha256="0", version=version)

    wanted = ecosystem(
        Pm2Service(
            service=Service(application="threed-generator", name=part, environment=environment),
            node=NodeRuntime(major=24, archive=archive("node", NODE)),
            pm2=Pm2Runtime(archive=archive("pm2", PM2)),
            script=words[0],
            arguments=tuple(words[1:]),
            instances=2,
        )
    )
    # The places of a host, here.
    (tmp_path / "start.cjs").write_text(source("start.cjs"))
    current = tmp_path / "current"
    current.symlink_to(release("1.0.0", part))
    (app,) = wanted["apps"]  # pyright: ignore[reportGeneralTypeIssues]
    app |= {
        "script": str(tmp_path / "start.cjs"),
        "cwd": str(current),
        "interpreter": node,
        "out_file": str(tmp_path / "out.log"),
        "error_file": str(tmp_path / "out.log"),
    }
    app["env"]["GROUNDWORK_SECRETS"] = str(secrets)
    configuration = tmp_path / "ecosystem.config.json"
    configuration.write_text(json.dumps(wanted))
    around = {
        "PATH": f"{Path(node).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PM2_HOME": str(tmp_path / "pm2"),
        "PM2_DISABLE_VERSION_CHECK": "true",
    }
    pm2 = str(runtimes / "node_modules" / "pm2" / "bin")
    with (tmp_path / "pm2.log").open("w") as log:
        running = subprocess.Popen(
            [node, f"{pm2}/pm2-runtime", "start", str(configuration)],
            env=around,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
        )
    service = Process(f"http://127.0.0.1:{port}", running, tmp_path / "pm2.log")
    try:
        eventually("it answers", service.answers)
        load = start(
            Wanted(
                url=service.url,
                out=tmp_path / "load.json",
                gets=["/health"] if part == "web" else ["/health", "/health/db"],
                posts=["/models?name=load"] if part == "api" else [],
                read_back=True,
                rate=20,
                connections=6,
            )
        )
        with load:
            current.unlink()
            current.symlink_to(release("1.0.1", part))
            reloaded = subprocess.run(
                [node, f"{pm2}/pm2", "reload", str(configuration), "--update-env"],
                env=around,
                capture_output=True,
                text=True,
            )
            assert reloaded.returncode == 0, reloaded.stdout
            eventually("all are new", lambda: service.json("/health")[1]["version"] == "1.0.1")
            seen = load.stop()
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=60)
    assert seen["failed"] == 0, seen["failures"]
    assert seen["ok"] == seen["requests"] > 20
    assert set(seen["versions"]) == {"1.0.0", "1.0.1"}
    if part == "api":
        assert seen["acknowledged"]
    assert "known to the service alone" not in (tmp_path / "pm2.log").read_text()
