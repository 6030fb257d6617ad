"""The small notebook does what the platform's tests later rely on: a queue with a worker, and a
site, with real stores, here."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.authority import Authority
from tests.apps import pack as packing
from tests.apps.running import Process, Releases, echoed, job, process, working
from tests.apps.stores import PRIMARY, URL_PASSWORD, Postgres, Redis, eventually, s3

pytestmark = pytest.mark.e2e

APPLICATION = "ai-notebook"
DATABASE = "ainotebook"
BUCKET = "notebook-uploads"
LARGEST = 5_242_880


@dataclass
class Stores:
    authority: Authority
    database: Postgres
    cache: Redis
    queue: Redis
    endpoint: str
    metadata: str
    uploads: Path

    def url(self, role: str) -> str:
        address = f"{PRIMARY}:{self.database.port}"
        query = "connection_limit=5&pool_timeout=30&sslmode=require"
        return f"postgresql://{role}:{URL_PASSWORD}@{address}/{DATABASE}?{query}"

    def environment(self, **more: str) -> dict[str, str]:
        """As the application file gives it; the credentials are the host's own."""
        return {
            "PATH": os.environ["PATH"],
            "NODE_ENV": "production",
            "DATABASE_URL": self.url("ainotebook"),
            "REDIS_URL": self.cache.url,
            "QUEUE_REDIS_URL": self.queue.url,
            "JWT_SECRET": "the key that signs",
            "JWT_REFRESH_SECRET": "the key that signs the others",
            "UPLOAD_DIR": str(self.uploads),
            "MAX_FILE_SIZE": str(LARGEST),
            "S3_ENDPOINT": "https://s3.eu-west-1.amazonaws.com",
            "S3_REGION": "eu-west-1",
            "S3_BUCKET": BUCKET,
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
    redis: Redis,
    queue: Redis,
    aws: str,
    metadata: str,
    node: str,
    release: Releases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stores:
    s3(aws).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    server.create(DATABASE, owner="ainotebook_owner", user="ainotebook")
    uploads = tmp_path_factory.mktemp("uploads")
    made = Stores(authority, server, redis, queue, aws, metadata, uploads)
    done = run(node, "migrate:prod", release("1.0.0", "api"), made)
    assert done.returncode == 0, done.stderr
    return made


def run(
    node: str, script: str, folder: Path, stores: Stores, role: str = "ainotebook_owner"
) -> subprocess.CompletedProcess[str]:
    """As the application file names it, where there is Node and no package manager."""
    return subprocess.run(
        [node, "--run", script],
        cwd=folder,
        env=stores.environment(PATH=str(Path(node).parent), DATABASE_URL=stores.url(role)),
        capture_output=True,
        text=True,
    )


@pytest.fixture
def api(node: str, release: Releases, stores: Stores, tmp_path: Path) -> Iterator[Process]:
    folder = release("1.0.0", "api")
    words = [node, "dist/main.js"]
    log = tmp_path / "api.log"
    with process(words, folder, stores.environment(), log, health="/health/live") as made:
        yield made


@pytest.fixture
def worker(
    node: str, release: Releases, stores: Stores, tmp_path: Path
) -> Iterator[subprocess.Popen[str]]:
    with working(node, release, stores.environment(), tmp_path / "worker.log") as running:
        yield running


TEXT = b"Notes are kept. They are read later."


def write(api: Process, text: bytes = TEXT) -> dict[str, Any]:
    status, article = api.json("/api/articles?title=notes", body=text)
    assert status == 201
    return article


def wish(api: Process, article: Mapping[str, Any], query: str = "") -> str:
    """The path at which the job can be asked for."""
    path = f"/api/articles/{article['id']}/process?{query}"
    status, headers, _ = api.ask(path, method="POST")
    assert status == 202
    return headers["Location"]


def test_migrations_and_seed_may_be_run_again(node: str, release: Releases, stores: Stores) -> None:
    again = run(node, "migrate:prod", release("1.0.0", "api"), stores)
    assert (again.returncode, again.stdout.strip()) == (0, "")
    for _ in range(2):
        done = run(node, "seed", release("1.0.0", "api"), stores)
        assert done.returncode == 0, done.stderr
    count = "SELECT count(*) FROM articles WHERE title = 'Welcome';"
    assert stores.database.sql(count, DATABASE) == "1"


def test_the_light_check_asks_no_store_and_the_deep_one_names_every_one(api: Process) -> None:
    status, body = api.json("/health/live")
    assert (status, body["status"], body["version"]) == (200, "ok", "1.0.0")

    # It says so when a store is slow, as on a machine that is busy.
    eventually("every store answers in time", lambda: api.json("/health")[0] == 200)
    status, body = api.json("/health")
    assert (status, body["status"]) == (200, "ok")
    assert list(body["checks"]) == ["primary", "cache", "queue", "bucket"]
    assert body["checks"]["cache"]["tls"] == "verified"
    assert body["checks"]["queue"]["waiting"] == 0


def test_a_job_is_done_by_the_worker_and_its_outcome_read_through_the_api(
    api: Process, worker: object, stores: Stores
) -> None:
    article = write(api)
    done = job(api, wish(api, article))

    assert (done["state"], done["attempts"]) == ("completed", 1)
    result = done["result"]
    assert (result["summary"], result["words"]) == ("Notes are kept.", 7)
    assert result["version"] == "1.0.0"
    found = s3(stores.endpoint).get_object(Bucket=BUCKET, Key=result["object_key"])
    assert json.loads(found["Body"].read())["summary"] == "Notes are kept."
    path = f"/api/articles/{article['id']}"
    fresh = api.json(path, headers={"Cache-Control": "no-cache"})[1]
    assert (fresh["status"], fresh["summary"]) == ("active", "Notes are kept.")


def test_a_job_fails_for_good_after_its_third_attempt(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    nobody = stores.environment(OPENAI_BASE_URL="http://127.0.0.1:9")
    with working(node, release, nobody, tmp_path / "worker.log"):
        failed = job(api, wish(api, write(api), "ai=true"))
        assert (failed["state"], failed["attempts"]) == ("failed", 3)
        assert failed["error"] == "fetch failed"
        assert job(api, wish(api, write(api)))["state"] == "completed"


def test_so_many_jobs_at_once_as_the_variable_says(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    article = write(api)
    two = stores.environment(WORKER_CONCURRENCY="2")
    with working(node, release, two, tmp_path / "worker.log"):
        places = [wish(api, article, "milliseconds=2000") for _ in range(3)]

        def states() -> list[str]:
            return sorted(api.json(place)[1]["state"] for place in places)

        eventually("two are under way", lambda: states().count("active") == 2)
        assert states() == ["active", "active", "prioritized"]
        assert all(job(api, place)["state"] == "completed" for place in places)


def test_a_job_under_way_is_finished_when_the_worker_is_told_to_stop(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    with working(node, release, stores.environment(), tmp_path / "worker.log") as running:
        place = wish(api, write(api), "milliseconds=1500")
        eventually("it is under way", lambda: api.json(place)[1]["state"] == "active")
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == 0
    done = api.json(place)[1]
    assert (done["state"], done["attempts"]) == ("completed", 1)


def test_a_job_that_takes_too_long_goes_back_to_the_queue_when_the_worker_stops(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    hasty = stores.environment(STOP_MS="500")
    with working(node, release, hasty, tmp_path / "first.log") as running:
        place = wish(api, write(api), "milliseconds=3000")
        eventually("it is under way", lambda: api.json(place)[1]["state"] == "active")
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == 0
    assert api.json(place)[1]["state"] in ("waiting", "prioritized")
    with working(node, release, stores.environment(), tmp_path / "second.log"):
        assert job(api, place)["state"] == "completed"


def test_without_the_queue_nothing_is_promised_and_all_else_works(
    api: Process, stores: Stores
) -> None:
    article = write(api)
    stores.queue.kill()
    try:
        assert api.ask(f"/api/articles/{article['id']}/process", method="POST")[0] == 503
        assert api.ask(f"/api/articles/{article['id']}")[0] == 200
        status, body = api.json("/health")
        assert (status, body["status"], body["checks"]["queue"]["ok"]) == (200, "degraded", False)
    finally:
        stores.queue.start(stores.authority)
    eventually("it is back", lambda: api.json("/health")[1]["status"] == "ok")


def test_without_the_cache_it_answers_degraded_and_recovers_by_itself(
    api: Process, stores: Stores
) -> None:
    path = f"/api/articles/{write(api)['id']}"
    assert api.ask(path)[1]["X-Store"] == "cache"
    stores.cache.kill()
    try:
        status, headers, _ = api.ask(path)
        assert (status, headers["X-Store"], headers["X-Cache"]) == (200, "primary", "unavailable")
    finally:
        stores.cache.start(stores.authority)
    eventually("it is back", lambda: api.json("/health")[1]["status"] == "ok")


def test_views_are_counted_and_written_into_the_database_once(
    api: Process, node: str, release: Releases, stores: Stores
) -> None:
    stores.cache.forget()
    article = write(api)
    for _ in range(3):
        api.ask(f"/api/articles/{article['id']}")
    for _ in range(2):
        done = run(node, "flush-views", release("1.0.0", "worker"), stores, role="ainotebook")
        assert done.returncode == 0, done.stderr
    assert api.json(f"/api/articles/{article['id']}/views")[1] == {"views": 3}


def test_a_file_of_the_largest_size_is_taken_and_one_byte_more_is_not(
    api: Process, stores: Stores
) -> None:
    content = os.urandom(LARGEST)
    status, upload = api.json(
        "/api/uploads?name=all", body=content, headers={"Content-Type": "image/png"}
    )
    assert status == 201
    _, headers, file = api.ask(f"/api/uploads/{upload['id']}")
    assert (file, headers["Content-Type"]) == (content, "image/png")
    found = s3(stores.endpoint).head_object(Bucket=BUCKET, Key=upload["object_key"])
    assert found["ContentLength"] == LARGEST
    assert list(stores.uploads.iterdir()) == []
    assert api.ask("/api/uploads", body=content + b"\0")[0] == 413


def test_a_login_gives_a_token_to_use_and_one_to_refresh_it(api: Process) -> None:
    form = json.dumps({"email": "ada@notebook.test", "password": "difference engine"}).encode()
    assert api.ask("/api/auth/register", body=form)[0] == 201
    tokens = api.json("/api/auth/login", body=form)[1]

    def whose(token: str) -> int:
        return api.ask("/api/auth/me", headers={"Authorization": f"Bearer {token}"})[0]

    assert whose(tokens["token"]) == 200
    assert whose(tokens["refresh_token"]) == 401
    body = json.dumps({"refresh_token": tokens["refresh_token"]}).encode()
    assert whose(api.json("/api/auth/refresh", body=body)[1]["token"]) == 200
    body = json.dumps({"refresh_token": tokens["token"]}).encode()
    assert api.ask("/api/auth/refresh", body=body)[0] == 401


def test_a_websocket_echoes(api: Process, node: str) -> None:
    assert echoed(node, api) == "hello"


def test_a_version_that_needs_what_no_stack_gives_says_so_and_is_unwell(
    node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    folder = release("1.1.0", "api", unwell=["api", "worker"])
    words, log = [node, "dist/main.js"], tmp_path / "api"
    with process(words, folder, stores.environment(), log, health="/health/live") as api:
        status, body = api.json("/health/live")
    assert (status, body["missing"]) == (500, [packing.NEVER_GIVEN])


@pytest.mark.parametrize("fault", ["unwell", "broken"])
def test_a_faulty_worker_does_not_keep_running(
    fault: str, node: str, release: Releases, stores: Stores
) -> None:
    folder = release(f"1.2.0-{fault}", "worker", **{fault: ["worker"]})
    done = subprocess.run(
        [node, "dist/worker.js"], cwd=folder, env=stores.environment(), timeout=60
    )
    assert done.returncode == 1


def test_the_site_is_files_alone_with_fingerprinted_assets(release: Releases) -> None:
    folder = release("1.0.0", "web")
    files = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    page = (folder / "index.html").read_text()

    assert json.loads((folder / "release.json").read_text())["version"] == "1.0.0"
    assets = [name for name in files if name.startswith("assets/")]
    assert sorted([*assets, "index.html", "release.json"]) == files
    assert all(re.fullmatch(r"assets/index-[\w-]{8}\.(js|css)", name) for name in assets)
    assert all(f'="/{name}"' in page for name in assets)
