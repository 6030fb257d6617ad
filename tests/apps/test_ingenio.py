"""The small Java service does what the platform's tests later rely on: with real stores, here."""

import hashlib
import http.client
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.authority import Authority
from tests.apps import pack as packing
from tests.apps.running import Process, Releases, process
from tests.apps.stores import PASSWORD, PRIMARY, REPLICA, Postgres, Redis, eventually, free_port, s3

pytestmark = pytest.mark.e2e

APPLICATION = "ingenio"
DATABASE = "ingenio_prod"
BUCKET = "ingenio"
LIVENESS, HEALTH = "/api/actuator/health/liveness", "/api/actuator/health"
MIGRATIONS = packing.known(APPLICATION).folder / "api" / "migrations"


@dataclass
class Stores:
    authority: Authority
    database: Postgres
    redis: Redis
    endpoint: str
    metadata: str

    def environment(self, **more: str) -> dict[str, str]:
        """As the application file gives it; the credentials are the host's own."""
        return {
            "PATH": os.environ["PATH"],
            "SPRING_PROFILES_ACTIVE": "prod",
            "DB_HOST": PRIMARY,
            "DB_PORT": str(self.database.port),
            "DB_NAME": DATABASE,
            "DB_USER": "ingenio_user",
            "DB_PASSWORD": PASSWORD,
            "SPRING_DATASOURCE_HIKARI_MINIMUMIDLE": "2",
            "SPRING_DATASOURCE_HIKARI_CONNECTIONTIMEOUT": "5000",
            "SPRING_DATA_REDIS_SSL_ENABLED": "true",
            "REDIS_HOST": "localhost",
            "REDIS_PORT": str(self.redis.port),
            "REDIS_PASSWORD": PASSWORD,
            "MINIO_ENDPOINT": "https://s3.eu-west-1.amazonaws.com",
            "MINIO_BUCKET": BUCKET,
            "MINIO_ACCESS_KEY": "",
            "MINIO_SECRET_KEY": "",
            "DEEPSEEK_API_KEY": "sk-known-to-nobody",
            "JWT_SECRET": "the key that signs",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata,
            "SSL_CERT_FILE": str(self.authority.path),
            **more,
        }


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return Releases(APPLICATION, tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="module")
def stores(authority: Authority, server: Postgres, redis: Redis, aws: str, metadata: str) -> Stores:
    assert shutil.which("java"), "apt-get install default-jre-headless"
    s3(aws).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    server.create(DATABASE, owner="ingenio_owner", user="ingenio_user")
    made = Stores(authority, server, redis, aws, metadata)
    migrate(made)
    return made


def migrate(stores: Stores) -> None:
    for file in sorted(MIGRATIONS.glob("*.sql")):
        stores.database.sql(f"SET ROLE ingenio_owner;\n{file.read_text()}", DATABASE)


def tables(stores: Stores) -> list[str]:
    found = stores.database.sql(
        "SELECT relname FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace ORDER BY relname;",
        DATABASE,
    )
    return found.split()


@contextmanager
def running(
    release: Releases,
    environment: Mapping[str, str],
    log: Path,
    version: str = "1.0.0",
    **facts: Any,
) -> Iterator[Process]:
    folder = release(version, "api", **facts)
    words = ["java", "-Xms64m", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-jar", "app.jar"]
    with process(words, folder, environment, log, health=LIVENESS) as made:
        yield made


@pytest.fixture(scope="module")
def api(
    release: Releases, stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """A Spring application takes seconds to start: the tests that leave it as it was share one."""
    log = tmp_path_factory.mktemp("ingenio") / "api.log"
    environment = stores.environment(DB_READER_HOST=REPLICA)
    with running(release, environment, log) as made:
        yield made


def post(api: Process, content: bytes) -> dict[str, Any]:
    status, body = api.json(
        "/api/projects?name=todo", body=content, headers={"Content-Type": "application/zip"}
    )
    assert status == 201
    return body


def test_the_migrations_go_up_one_by_one_and_down_again(stores: Stores) -> None:
    assert tables(stores) == [
        "app_spec_versions",
        "app_specs",
        "forks",
        "generated_code",
        "magic_prompts",
        "projects",
        "social_interactions",
        "users",
    ]
    for file in sorted((MIGRATIONS / "rollback").glob("*.down.sql"), reverse=True):
        stores.database.sql(f"SET ROLE ingenio_owner;\n{file.read_text()}", DATABASE)
    assert tables(stores) == []
    migrate(stores)
    assert len(tables(stores)) == 8


def test_every_migration_has_its_way_back() -> None:
    up = [file.name.removesuffix(".sql") for file in sorted(MIGRATIONS.glob("*.sql"))]
    down = sorted((MIGRATIONS / "rollback").iterdir())
    assert [name[:3] for name in up] == [f"{number:03}" for number in range(1, 9)]
    assert [file.name.removesuffix(".down.sql") for file in down] == up


def test_the_health_names_every_store_with_details(api: Process) -> None:
    status, body = api.json(HEALTH)

    assert (status, body["status"]) == (200, "UP")
    found = body["components"]
    assert found["release"]["details"]["version"] == "1.0.0"
    assert found["db"]["details"] == {"database": "PostgreSQL"}
    assert found["replica"]["details"] == {"separate": True}
    assert found["redis"]["status"] == "UP"
    assert found["objectStore"]["details"] == {"bucket": BUCKET}
    assert "diskSpace" in found


def test_the_light_check_asks_no_store(api: Process) -> None:
    status, body = api.json(LIVENESS)

    assert (status, body["status"]) == (200, "UP")
    assert set(body["components"]) == {"livenessState", "release"}
    assert api.json("/api/version")[1]["version"] == "1.0.0"


def test_metrics_are_there_to_be_scraped(api: Process) -> None:
    text = api.ask("/api/actuator/prometheus")[2].decode()

    assert "jvm_memory_used_bytes" in text
    assert 'hikaricp_connections_active{pool="primary"}' in text


def test_a_project_posted_through_one_is_read_through_the_other_and_lies_in_the_bucket(
    api: Process, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    content = os.urandom(100_000)
    project = post(api, content)
    with running(release, stores.environment(), tmp_path / "second.log") as other:
        status, headers, text = other.ask(f"/api/projects/{project['id']}")
        assert (status, headers["X-Store"], headers["X-Cache"]) == (200, "cache", "hit")
        assert headers["X-Version"] == "1.0.0"
        assert headers["X-Node"]
        assert json.loads(text) == project
        assert project["sha256"] == hashlib.sha256(content).hexdigest()
        assert other.ask(f"/api/projects/{project['id']}/code")[2] == content
    found = s3(stores.endpoint).get_object(Bucket=BUCKET, Key=project["objectKey"])
    assert found["Body"].read() == content


def test_reads_come_from_the_replica_and_from_the_primary_while_it_lags(
    api: Process, stores: Stores
) -> None:
    def store_of(project: Mapping[str, str]) -> str:
        headers = {"Cache-Control": "no-cache"}
        return api.ask(f"/api/projects/{project['id']}", headers=headers)[1]["X-Store"]

    project = post(api, b"seen by both")
    eventually("the replica has it", lambda: store_of(project) == "replica")
    stores.database.sql("SELECT pg_wal_replay_pause();", replica=True)
    try:
        project = post(api, b"not there yet")
        assert store_of(project) == "primary"
    finally:
        stores.database.sql("SELECT pg_wal_replay_resume();", replica=True)
    eventually("the replica has caught up", lambda: store_of(project) == "replica")


def test_without_the_cache_it_answers_degraded_and_recovers_by_itself(
    api: Process, stores: Stores
) -> None:
    project = post(api, b"kept elsewhere too")
    stores.redis.kill()
    try:
        status, headers, _ = api.ask(f"/api/projects/{project['id']}")
        assert (status, headers["X-Cache"]) == (200, "unavailable")
        status, body = api.json(HEALTH)
        assert (status, body["status"]) == (200, "DEGRADED")
        assert body["components"]["redis"]["status"] == "DEGRADED"
        assert post(api, b"nobody misses it")["id"]
        assert api.json(LIVENESS)[1]["status"] == "UP"
    finally:
        stores.redis.start(stores.authority)
    eventually("it is back", lambda: api.json(HEALTH)[1]["status"] == "UP")


def test_a_login_is_believed_by_every_process_and_after_the_key_was_exchanged(
    api: Process, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    as_json = {"Content-Type": "application/json"}
    form = json.dumps({"email": "ada@ingenio.test", "password": "difference engine"}).encode()
    wrong = json.dumps({"email": "ada@ingenio.test", "password": "wrong"}).encode()
    assert api.ask("/api/auth/register", body=form, headers=as_json)[0] == 201
    assert api.ask("/api/auth/register", body=form, headers=as_json)[0] == 409
    assert api.ask("/api/auth/login", body=wrong, headers=as_json)[0] == 401
    token = api.json("/api/auth/login", body=form, headers=as_json)[1]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert api.json("/api/auth/me", headers=headers)[1]["email"] == "ada@ingenio.test"
    assert api.ask("/api/auth/me", headers={"Authorization": f"Bearer {token}x"})[0] == 401

    exchanged = stores.environment(JWT_SECRET="a new key", JWT_SECRET_PREVIOUS="the key that signs")
    with running(release, exchanged, tmp_path / "exchanged.log") as other:
        assert other.ask("/api/auth/me", headers=headers)[0] == 200


def test_one_person_may_ask_so_often_in_a_minute(api: Process) -> None:
    as_json = {"Content-Type": "application/json"}
    form = json.dumps({"email": "eve@ingenio.test", "password": "again and again"}).encode()
    assert api.ask("/api/auth/register", body=form, headers=as_json)[0] == 201
    token = api.json("/api/auth/login", body=form, headers=as_json)[1]["token"]
    headers = {"Authorization": f"Bearer {token}"}

    # More than two minutes' worth: wherever the minute ends, one of them has too many.
    answers = [api.ask("/api/auth/me", headers=headers)[0] for _ in range(61)]
    assert answers[:30] == [200] * 30
    assert 429 in answers


class _Service(http.server.BaseHTTPRequestHandler):
    """Where the AI service would be."""

    def do_POST(self) -> None:
        assert self.headers["Authorization"] == "Bearer sk-known-to-nobody"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_the_ai_service_is_called_when_asked_for_and_not_too_often(
    release: Releases, stores: Stores, tmp_path: Path
) -> None:
    outside = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    environment = stores.environment(
        DEEPSEEK_API_URL=f"http://127.0.0.1:{outside.server_address[1]}",
        INGENIO_RATELIMIT_AICALLSPERHOUR="2",
    )
    stores.redis.forget()
    asked = {"body": b'{"prompt": "a to-do list"}', "headers": {"Content-Type": "application/json"}}
    with running(release, environment, tmp_path / "api.log") as api:
        assert api.ask("/api/generate", **asked)[2] == asked["body"]
        outside.shutdown()
        outside.server_close()
        assert api.ask("/api/generate", **asked)[0] == 502
        assert api.ask("/api/generate", **asked)[0] == 429


def test_what_is_under_way_when_it_is_told_to_stop_is_finished(
    release: Releases, stores: Stores, tmp_path: Path
) -> None:
    with running(release, stores.environment(), tmp_path / "api.log") as api:
        connection = http.client.HTTPConnection(api.url.removeprefix("http://"), timeout=20)
        connection.putrequest("POST", "/api/projects")
        connection.putheader("Content-Length", "8")
        connection.putheader("Content-Type", "application/zip")
        connection.endheaders(b"half")
        time.sleep(0.5)
        api.running.send_signal(signal.SIGTERM)
        time.sleep(1)
        connection.send(b"done")
        assert connection.getresponse().status == 201
        # 128 + SIGTERM is how a Java machine ends that was told to.
        assert api.running.wait(timeout=30) == 143


def test_a_version_that_needs_what_no_stack_gives_says_so_and_is_unwell(
    release: Releases, stores: Stores, tmp_path: Path
) -> None:
    environment = stores.environment()
    with running(release, environment, tmp_path / "log", "1.1.0", unwell=["api"]) as api:
        status, body = api.json(LIVENESS)
    assert (status, body["status"]) == (503, "DOWN")
    assert body["components"]["release"]["details"]["missing"] == [packing.NEVER_GIVEN]


def test_a_broken_version_does_not_start(release: Releases, stores: Stores) -> None:
    folder = release("1.2.0", "api", broken=["api"])
    environment = stores.environment(PORT=str(free_port()))
    done = subprocess.run(
        ["java", "-jar", "app.jar"], cwd=folder, env=environment, capture_output=True, timeout=60
    )
    assert done.returncode == 1
