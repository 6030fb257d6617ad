"""The small AIXSSS does what the platform's tests later rely on: with real stores, here."""

import http.server
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.authority import Authority
from tests.apps import pack as packing
from tests.apps.running import Process, Releases, job, process, working
from tests.apps.stores import PRIMARY, URL_PASSWORD, Postgres, Redis, eventually, s3

pytestmark = pytest.mark.e2e

APPLICATION = "aixsss"
DATABASE = "aixsss"
BUCKET = "aixsss-assets"
ORIGIN = "https://app.aixsss.test"
SUPPLIERS_KEY = "sk-of-a-supplier"


@dataclass
class Stores:
    authority: Authority
    database: Postgres
    queue: Redis
    endpoint: str
    metadata: str

    def url(self, role: str) -> str:
        address = f"{PRIMARY}:{self.database.port}"
        query = "connection_limit=10&pool_timeout=30&sslmode=require"
        return f"postgresql://{role}:{URL_PASSWORD}@{address}/{DATABASE}?{query}"

    def environment(self, **more: str) -> dict[str, str]:
        """As the application file gives it; the credentials are the host's own."""
        return {
            "PATH": os.environ["PATH"],
            "NODE_ENV": "production",
            "DATABASE_URL": self.url("aixsss"),
            "REDIS_URL": self.queue.url,
            "AI_QUEUE_NAME": "ai-jobs",
            "JWT_SECRET": "the key that signs",
            "API_KEY_ENCRYPTION_KEY": "the key that seals, and is long enough",
            "CORS_ORIGIN": ORIGIN,
            "S3_ENDPOINT": "https://s3.eu-west-1.amazonaws.com",
            "S3_REGION": "eu-west-1",
            "S3_BUCKET": BUCKET,
            "WORKER_CONCURRENCY": "4",
            "JOB_BACKOFF_MS": "50",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata,
            "SSL_CERT_FILE": str(self.authority.path),
            **more,
        }


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return Releases(APPLICATION, tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="module")
def stores(
    authority: Authority,
    server: Postgres,
    queue: Redis,
    aws: str,
    metadata: str,
    node: str,
    release: Releases,
) -> Stores:
    s3(aws).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    server.create(DATABASE, owner="aixsss_owner", user="aixsss")
    made = Stores(authority, server, queue, aws, metadata)
    done = subprocess.run(
        [node, "--run", "migrate:prod"],
        cwd=release("1.0.0", "api"),
        env={"PATH": str(Path(node).parent), "DATABASE_URL": made.url("aixsss_owner")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def api(node: str, release: Releases, stores: Stores, tmp_path: Path) -> Iterator[Process]:
    folder = release("1.0.0", "api")
    words, log = [node, "dist/main.js"], tmp_path / "api.log"
    with process(words, folder, stores.environment(), log, health="/api/health") as made:
        yield made


@pytest.fixture
def worker(
    node: str, release: Releases, stores: Stores, tmp_path: Path
) -> Iterator[subprocess.Popen[str]]:
    with working(node, release, stores.environment(), tmp_path / "worker.log") as running:
        yield running


def begin(api: Process) -> dict[str, Any]:
    text = b"Once there was a machine.\n\nIt served."
    status, project = api.json("/api/projects?title=story", body=text)
    assert status == 201
    return project


def wish(api: Process, project: Mapping[str, Any], query: str = "", **facts: Any) -> str:
    path = f"/api/projects/{project['id']}/outline?{query}"
    status, headers, _ = api.ask(path, method="POST", **facts)
    assert status == 202
    return headers["Location"]


def test_the_light_check_asks_no_store_and_the_deep_one_names_every_one(api: Process) -> None:
    status, body = api.json("/api/health")
    assert (status, body["status"], body["version"]) == (200, "ok", "1.0.0")

    status, body = api.json("/api/health/deep")
    assert (status, body["status"]) == (200, "ok")
    assert list(body["checks"]) == ["primary", "queue", "bucket"]


def test_a_job_is_done_by_the_worker_and_its_outcome_lies_in_the_bucket(
    api: Process, worker: object, stores: Stores
) -> None:
    project = begin(api)
    assert api.ask(f"/api/projects/{project['id']}/export")[0] == 404
    done = job(api, wish(api, project))

    outline = "- Once there was a machine.\n- It served."
    assert (done["state"], done["result"]["outline"]) == ("completed", outline)
    assert api.json(f"/api/projects/{project['id']}")[1]["outline"] == outline
    written = api.ask(f"/api/projects/{project['id']}/export")[2].decode()
    assert written == f"# story\n\n{outline}\n"
    found = s3(stores.endpoint).get_object(Bucket=BUCKET, Key=done["result"]["object_key"])
    assert found["Body"].read().decode() == written


class _Supplier(http.server.BaseHTTPRequestHandler):
    """Where an AI supplier would be."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        known = self.headers["Authorization"] == f"Bearer {SUPPLIERS_KEY}"
        text = json.dumps({"choices": [{"message": {"content": "- as the supplier says"}}]})
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_a_suppliers_key_is_stored_sealed_and_opened_by_the_worker_alone(
    api: Process, worker: object, stores: Stores
) -> None:
    form = json.dumps({"email": "ada@aixsss.test", "password": "difference engine"}).encode()
    assert api.ask("/api/auth/register", body=form)[0] == 201
    token = api.json("/api/auth/login", body=form)[1]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    outside = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Supplier)
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{outside.server_address[1]}"
        told = json.dumps({"base_url": address, "key": SUPPLIERS_KEY}).encode()
        assert api.ask("/api/profiles", body=told)[0] == 401
        status, profile = api.json("/api/profiles", body=told, headers=headers)
        assert status == 201
        stored = stores.database.sql("SELECT sealed_key FROM profiles;", DATABASE)
        assert SUPPLIERS_KEY not in stored
        place = wish(api, begin(api), f"profile={profile['id']}", headers=headers)
        assert job(api, place)["result"]["outline"] == "- as the supplier says"
        path = f"/api/projects/{begin(api)['id']}/outline?profile={profile['id']}"
        assert api.ask(path, method="POST")[0] == 404
    finally:
        outside.shutdown()
        outside.server_close()


def test_a_job_fails_for_good_after_its_second_attempt(
    api: Process, worker: object, stores: Stores
) -> None:
    project = begin(api)
    stores.database.sql("TRUNCATE projects;", DATABASE)
    assert api.ask(f"/api/projects/{project['id']}/outline", method="POST")[0] == 404

    project = begin(api)
    place = wish(api, project, "milliseconds=500")
    stores.database.sql("TRUNCATE projects;", DATABASE)
    failed = job(api, place)
    assert (failed["state"], failed["attempts"]) == ("failed", 2)
    assert failed["error"] == f"there is no project {project['id']}"


def test_a_job_under_way_is_finished_when_the_worker_is_told_to_stop(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    with working(node, release, stores.environment(), tmp_path / "worker.log") as running:
        place = wish(api, begin(api), "milliseconds=1500")
        eventually("it is under way", lambda: api.json(place)[1]["state"] == "active")
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == 0
    assert api.json(place)[1]["state"] == "completed"


def test_pages_of_one_origin_alone_may_read_what_it_answers(api: Process) -> None:
    headers = api.ask("/api/health", headers={"Origin": "https://elsewhere.test"})[1]
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (ORIGIN, "Origin")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CORS_ORIGIN", "*", "CORS_ORIGIN must name the origin"),
        ("API_KEY_ENCRYPTION_KEY", "short", "at least 32 characters"),
        ("AI_QUEUE_NAME", "", "not set: AI_QUEUE_NAME"),
    ],
)
def test_with_a_variable_that_cannot_be_it_does_not_start(
    name: str, value: str, said: str, node: str, release: Releases, stores: Stores
) -> None:
    done = subprocess.run(
        [node, "dist/main.js"],
        cwd=release("1.0.0", "api"),
        env=stores.environment(**{name: value}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert said in done.stderr


def test_a_version_that_needs_what_no_stack_gives_says_so_and_is_unwell(
    node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    folder = release("1.1.0", "api", unwell=["api"])
    words, log = [node, "dist/main.js"], tmp_path / "api"
    with process(words, folder, stores.environment(), log, health="/api/health") as api:
        status, body = api.json("/api/health")
    assert (status, body["missing"]) == (500, [packing.NEVER_GIVEN])


@pytest.mark.parametrize("part", ["api", "worker"])
def test_a_broken_version_does_not_start(
    part: str, node: str, release: Releases, stores: Stores
) -> None:
    folder = release(f"1.2.0-{part}", part, broken=[part])
    entry = {"api": "dist/main.js", "worker": "dist/worker.js"}[part]
    done = subprocess.run([node, entry], cwd=folder, env=stores.environment(), timeout=60)
    assert done.returncode == 1


def test_the_site_is_built_for_an_api_at_its_path(release: Releases) -> None:
    folder = release("1.0.0", "web")
    (script,) = (folder / "assets").glob("*.js")

    assert f'="/assets/{script.name}"' in (folder / "index.html").read_text()
    assert "/api" in script.read_text()
    assert json.loads((folder / "release.json").read_text())["version"] == "1.0.0"
