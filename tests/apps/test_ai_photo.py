"""The small photo application does what the platform's tests later rely on: with real stores."""

import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.authority import Authority
from tests.apps import pack as packing
from tests.apps.running import Process, Releases, process
from tests.apps.stores import PASSWORD, PRIMARY, Mysql, Redis, eventually, free_port, mysql

pytestmark = pytest.mark.e2e

APPLICATION = "ai-photo"
DATABASE = "ai_photo"
LATER = packing.known(APPLICATION).folder / "later"


@dataclass
class Stores:
    authority: Authority
    database: Mysql
    redis: Redis

    def environment(self, user: str = "ai_photo", **more: str) -> dict[str, str]:
        """As the application file gives it."""
        return {
            "PATH": os.environ["PATH"],
            "NODE_ENV": "production",
            "DB_HOST": PRIMARY,
            "DB_PORT": str(self.database.port),
            "DB_USER": user,
            "DB_PASSWORD": PASSWORD,
            "DB_NAME": DATABASE,
            "DB_SSL": "true",
            "DB_POOL_MIN": "5",
            "DB_POOL_MAX": "20",
            "REDIS_HOST": "localhost",
            "REDIS_PORT": str(self.redis.port),
            "REDIS_PASSWORD": PASSWORD,
            "REDIS_TLS": "true",
            "JWT_SECRET": "the key that signs",
            "JWT_EXPIRES_IN": "7d",
            "INTERNAL_CALLBACK_SECRET": "known to us and to those we ask",
            "TENCENT_SECRET_ID": "AKIDOFOURS",
            "TENCENT_SECRET_KEY": "key at Tencent",
            "COS_BUCKET": "photos-1250000000",
            "COS_REGION": "ap-guangzhou",
            "HUNYUAN_API_KEY": "key at Hunyuan",
            "SSL_CERT_FILE": str(self.authority.path),
            **more,
        }


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    return Releases(APPLICATION, tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="module")
def stores(authority: Authority, redis: Redis, node: str, release: Releases) -> Iterator[Stores]:
    assert shutil.which("mariadbd"), "apt-get install mariadb-server"
    with mysql(authority) as database:
        database.create(DATABASE, owner="ai_photo_owner", user="ai_photo")
        made = Stores(authority, database, redis)
        done = run(node, "db:migrate", release("1.0.0", "api"), made)
        assert done.returncode == 0, done.stderr + done.stdout
        yield made


def run(node: str, script: str, folder: Path, stores: Stores) -> subprocess.CompletedProcess[str]:
    """As the application file names it, where there is Node and no package manager."""
    environment = stores.environment("ai_photo_owner")
    return subprocess.run(
        [node, "--run", script],
        cwd=folder,
        env={**environment, "PATH": f"{Path(node).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


@contextmanager
def running(
    node: str, release: Releases, environment: Mapping[str, str], log: Path
) -> Iterator[Process]:
    with process([node, "src/server.js"], release("1.0.0", "api"), environment, log) as made:
        yield made


@pytest.fixture
def api(node: str, release: Releases, stores: Stores, tmp_path: Path) -> Iterator[Process]:
    with running(node, release, stores.environment(), tmp_path / "api.log") as made:
        yield made


def post(api: Process, content: bytes) -> dict[str, Any]:
    status, photo = api.json(
        "/api/photos?name=cat", body=content, headers={"Content-Type": "image/png"}
    )
    assert status == 201
    return photo


def test_the_schema_goes_one_version_on_and_back_again(
    node: str, release: Releases, stores: Stores
) -> None:
    columns = (
        "SELECT COUNT(*) FROM information_schema.columns "
        "WHERE table_name = 'photos' AND column_name = 'views';"
    )
    again = run(node, "db:migrate", release("1.0.0", "api"), stores)
    assert "Already up to date" in again.stdout
    later = release("2.0.0", "api", migration=LATER / "20260101000001_photos_views.js")
    done = run(node, "db:migrate", later, stores)
    assert done.returncode == 0, done.stderr
    assert stores.database.sql(columns) == "1"
    done = run(node, "db:rollback", later, stores)
    assert done.returncode == 0, done.stderr
    assert stores.database.sql(columns) == "0"


def test_a_migration_that_fails_says_so(node: str, release: Releases, stores: Stores) -> None:
    fails = release("2.1.0", "api", migration=LATER / "20260101000001_fails.js")
    done = run(node, "db:migrate", fails, stores)
    assert done.returncode == 1
    assert "no_such_table" in done.stderr + done.stdout
    assert run(node, "db:migrate", release("1.0.0", "api"), stores).returncode == 0


def test_the_light_check_says_when_and_where_it_runs(api: Process) -> None:
    status, body = api.json("/health")

    assert (status, body["status"], body["env"], body["version"]) == (
        200,
        "ok",
        "production",
        "1.0.0",
    )
    assert re.match(r"\d{4}-\d\d-\d\dT", body["timestamp"])


def test_the_deep_check_names_every_store(api: Process) -> None:
    status, body = api.json("/api/health/deep")

    assert (status, body["status"]) == (200, "ok")
    assert body["checks"]["primary"]["tls"] == "on"
    assert body["checks"]["cache"]["tls"] == "verified"


def test_a_photo_posted_through_one_is_read_through_the_other(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    content = os.urandom(100_000)
    photo = post(api, content)
    assert photo["sha256"] == hashlib.sha256(content).hexdigest()
    with running(node, release, stores.environment(), tmp_path / "second.log") as other:
        path = f"/api/photos/{photo['id']}"
        status, headers, text = other.ask(path)
        assert (status, headers["X-Store"], json.loads(text)) == (200, "cache", photo)
        headers, text = other.ask(path, headers={"Cache-Control": "no-cache"})[1:]
        assert (headers["X-Store"], json.loads(text)) == ("primary", photo)
        assert other.ask(f"{path}/file")[2] == content


def test_without_the_cache_it_answers_degraded_and_recovers_by_itself(
    api: Process, stores: Stores
) -> None:
    path = f"/api/photos/{post(api, b'kept elsewhere too')['id']}"
    stores.redis.kill()
    try:
        status, headers, _ = api.ask(path)
        assert (status, headers["X-Store"], headers["X-Cache"]) == (200, "primary", "unavailable")
        status, body = api.json("/api/health/deep")
        assert (status, body["status"]) == (200, "degraded")
    finally:
        stores.redis.start(stores.authority)
    eventually("it is back", lambda: api.json("/api/health/deep")[1]["status"] == "ok")


class _Outside(http.server.BaseHTTPRequestHandler):
    """Where Tencent and the AI service would be; it remembers what it was asked."""

    asked: list[tuple[str, str, str, bytes]]

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = self.headers["Authorization"]
        self.asked.append((self.command, self.path, told, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_PUT(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_services_outside_are_called_when_used_and_at_no_other_time(
    node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    _Outside.asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Outside)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    environment = stores.environment(COS_ENDPOINT=address, HUNYUAN_API_URL=address)
    with running(node, release, environment, tmp_path / "api.log") as api:
        photo = post(api, b"a cat")
        path = f"/api/photos/{photo['id']}"
        assert api.json(f"{path}/publish", method="POST")[1] == {
            "object_key": f"photos/{photo['id']}"
        }
        assert api.ask(f"{path}/style", method="POST")[0] == 202
        put, asked = _Outside.asked
        assert (put[0], put[1], put[3]) == ("PUT", f"/photos/{photo['id']}", b"a cat")
        assert put[2].startswith("q-sign-algorithm=sha1&q-ak=AKIDOFOURS&")
        assert (asked[0], asked[2]) == ("POST", "Bearer key at Hunyuan")
        assert api.ask(f"{path}/file")[0] == 410

        told = json.dumps({"id": photo["id"]}).encode()
        assert api.ask("/api/internal/styled", body=told)[0] == 401
        known = {"X-Callback-Secret": "known to us and to those we ask"}
        assert api.ask("/api/internal/styled", body=told, headers=known)[0] == 200
        assert api.json(path)[1]["status"] == "styled"

        server.shutdown()
        server.server_close()
        assert api.ask(f"{path}/style", method="POST")[0] == 502


def test_a_login_is_believed_after_the_key_was_exchanged(
    api: Process, node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    form = json.dumps({"email": "ada@photo.test", "password": "difference engine"}).encode()
    assert api.ask("/api/auth/register", body=form)[0] == 201
    assert api.ask("/api/auth/register", body=form)[0] == 409
    token = api.json("/api/auth/login", body=form)[1]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert api.json("/api/auth/me", headers=headers)[1]["email"] == "ada@photo.test"
    exchanged = stores.environment(JWT_SECRET="a new key", JWT_SECRET_PREVIOUS="the key that signs")
    with running(node, release, exchanged, tmp_path / "exchanged.log") as other:
        assert other.ask("/api/auth/me", headers=headers)[0] == 200


def test_a_version_that_needs_what_no_stack_gives_says_so_and_is_unwell(
    node: str, release: Releases, stores: Stores, tmp_path: Path
) -> None:
    folder = release("1.1.0", "api", unwell=["api"])
    words, log = [node, "src/server.js"], tmp_path / "log"
    with process(words, folder, stores.environment(), log) as api:
        status, body = api.json("/health")
    assert (status, body["missing"]) == (500, [packing.NEVER_GIVEN])


WEB = ["node_modules/next/dist/bin/next", "start", "--keepAliveTimeout", "75000"]


@pytest.mark.parametrize("part", ["api", "web"])
def test_a_broken_version_does_not_start(
    part: str, node: str, release: Releases, stores: Stores
) -> None:
    folder = release(f"1.2.0-{part}", part, broken=[part])
    words = {"api": ["src/server.js"], "web": WEB}[part]
    environment = stores.environment(PORT=str(free_port()))
    done = subprocess.run(
        [node, *words], cwd=folder, env=environment, capture_output=True, timeout=60
    )
    assert done.returncode == 1


def test_the_pages_show_the_version_and_know_the_api(
    node: str, release: Releases, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "NODE_ENV": "production"}
    with process([node, *WEB], release("1.0.0", "web"), environment, tmp_path / "web") as web:
        assert web.json("/health")[1]["version"] == "1.0.0"
        status, _, page = web.ask("/")
    assert status == 200
    assert b'<dd id="version">1.0.0</dd>' in page
