"""Every shape of application serves: queue and worker, Java service, MySQL, a site of files.

Each test asks for one application of the local stack, through its front door, and is skipped where
the stack has none of that name.
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from settings.load import stack_configuration
from tests.e2e.cloud import Cloud, wait_for
from tests.e2e.served import PATIENCE
from tests.e2e.visitor import Answer, Visitor


@dataclass(frozen=True)
class Site:
    """One application as a visitor finds it."""

    visitor: Visitor
    domain: str
    folder: Path

    def host(self, label: str = "") -> str:
        return f"{label}.{self.domain}" if label else self.domain

    def ask(self, path: str, *options: str, label: str = "") -> Answer:
        return self.visitor.served(f"https://{self.host(label)}{path}", *options)

    def told(self, path: str, *options: str, label: str = "") -> Any:
        return self.visitor.told(f"https://{self.host(label)}{path}", *options)

    def post(self, path: str, content: bytes, kind: str, label: str = "") -> Answer:
        file = self.folder / "content"
        file.write_bytes(content)
        return self.ask(
            path, "--data-binary", f"@{file}", "-H", f"Content-Type: {kind}", label=label
        )

    def done(self, place: str, label: str = "") -> Any:
        """What has become of a job, once that is certain."""

        def over() -> bool:
            return self.told(place, label=label)["state"] in ("completed", "failed")

        assert wait_for(over, PATIENCE)
        return self.told(place, label=label)

    def object(self, bucket: str, key: str) -> bytes:
        """What lies in the one bucket whose name says so."""
        store = self.visitor.cloud.client("s3")
        (name,) = [one["Name"] for one in store.list_buckets()["Buckets"] if bucket in one["Name"]]
        return store.get_object(Bucket=name, Key=key)["Body"].read()


@pytest.fixture(scope="module")
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    return Visitor(platform)


def served(name: str, visitor: Visitor, folder: Path) -> Site:
    placed = json.loads(stack_configuration("local")["groundwork:applications"])
    return Site(visitor, placed[name]["domain"], folder)


def serves(name: str) -> pytest.MarkDecorator:
    placed = json.loads(stack_configuration("local")["groundwork:applications"])
    return pytest.mark.skipif(name not in placed, reason=f"the local stack has no {name}")


def pages_are_files(site: Site, label: str) -> None:
    """Fingerprinted ones for ever, the page asked for each time, at whatever path."""
    page = site.ask("/", label=label)
    assert page.status == 200
    assert "immutable" not in page.headers.get("cache-control", [""])[0]
    assert site.ask("/notes/of/mine", label=label).body == page.body
    assets = re.findall(r'="(/assets/[^"]+)"', page.body)
    assert assets
    for asset in assets:
        answer = site.ask(asset, label=label)
        assert answer.status == 200
        assert answer.header("cache-control") == "public, max-age=31536000, immutable"
    assert site.ask("/assets/there-is-none.js", label=label).status == 404


def its_health(site: Site, path: str, well: str, label: str = "") -> Any:
    """What a deep check says once all is well: it says so, too, when a store is slow."""
    said: list[Answer] = []

    def is_well() -> bool:
        said[:] = [site.ask(path, label=label)]
        return said[0].status == 200 and said[0].json()["status"] == well

    assert wait_for(is_well, PATIENCE), said
    return said[0].json()


def health_names(site: Site, path: str, stores: list[str], label: str = "") -> None:
    assert list(its_health(site, path, "ok", label)["checks"]) == stores


@serves("ai-notebook")
class TestNotebook:
    @pytest.fixture
    def site(self, visitor: Visitor, tmp_path: Path) -> Site:
        return served("ai-notebook", visitor, tmp_path)

    def test_its_pages_are_files(self, site: Site) -> None:
        pages_are_files(site, "app")

    def test_its_health_is_the_apis_and_not_the_page(self, site: Site) -> None:
        health_names(site, "/health", ["primary", "cache", "queue", "bucket"], "app")

    def test_a_job_is_done_by_the_worker_and_its_outcome_lies_in_the_bucket(
        self, site: Site
    ) -> None:
        article = site.post("/api/articles?title=e2e", b"First. Then more.", "text/plain", "app")
        assert article.status == 201
        asked = site.ask(f"/api/articles/{article.json()['id']}/process", "-X", "POST", label="app")
        assert asked.status == 202
        done = site.done(asked.header("location"), "app")
        assert (done["state"], done["result"]["summary"]) == ("completed", "First.")
        stored = json.loads(site.object("uploads", done["result"]["object_key"]))
        assert stored["words"] == 3

    def test_a_file_is_taken_and_given_back(self, site: Site) -> None:
        content = os.urandom(1_000_000)
        upload = site.post("/api/uploads?name=e2e", content, "image/png", "app")
        assert upload.status == 201
        found = upload.json()
        assert found["sha256"] == hashlib.sha256(content).hexdigest()
        assert site.object("uploads", found["object_key"]) == content

    def test_a_websocket_echoes(self, site: Site) -> None:
        assert site.visitor.echo(site.host("app"), "/ws", "hello")["echo"] == "hello"


@serves("aixsss")
class TestAixsss:
    @pytest.fixture
    def site(self, visitor: Visitor, tmp_path: Path) -> Site:
        return served("aixsss", visitor, tmp_path)

    def test_its_pages_are_files(self, site: Site) -> None:
        pages_are_files(site, "app")

    def test_its_stores_are_well(self, site: Site) -> None:
        health_names(site, "/api/health/deep", ["primary", "queue", "bucket"], "app")

    def test_a_job_is_done_by_the_worker_and_its_outcome_is_exported(self, site: Site) -> None:
        project = site.post("/api/projects?title=e2e", b"Once.\n\nThen.", "text/plain", "app")
        assert project.status == 201
        path = f"/api/projects/{project.json()['id']}"
        asked = site.ask(f"{path}/outline", "-X", "POST", label="app")
        assert asked.status == 202
        assert site.done(asked.header("location"), "app")["state"] == "completed"
        assert site.ask(f"{path}/export", label="app").body == "# e2e\n\n- Once.\n- Then.\n"


@serves("ingenio")
class TestIngenio:
    @pytest.fixture
    def site(self, visitor: Visitor, tmp_path: Path) -> Site:
        return served("ingenio", visitor, tmp_path)

    def test_its_health_is_open_and_the_rest_of_its_actuator_closed(self, site: Site) -> None:
        assert its_health(site, "/api/actuator/health", "UP", "api")
        for path in ("loggers", "metrics", "prometheus"):
            assert site.ask(f"/api/actuator/{path}", label="api").status in (403, 404)

    def test_a_project_is_stored_and_given_back(self, site: Site) -> None:
        content = os.urandom(100_000)
        answer = site.post("/api/projects?name=e2e", content, "application/zip", "api")
        assert answer.status == 201
        project = answer.json()
        assert project["sha256"] == hashlib.sha256(content).hexdigest()
        assert site.object("objects", project["objectKey"]) == content
        path = f"/api/projects/{project['id']}"

        def store() -> str:
            fresh = site.ask(path, "-H", "Cache-Control: no-cache", label="api")
            assert fresh.json() == project
            return fresh.header("x-store")

        assert store() in ("replica", "primary")
        # Where the cache is slow nobody waits for it: whoever reads next puts it there.
        assert wait_for(lambda: site.ask(path, label="api").header("x-store") == "cache", PATIENCE)


@serves("ai-photo")
class TestPhoto:
    @pytest.fixture
    def site(self, visitor: Visitor, tmp_path: Path) -> Site:
        return served("ai-photo", visitor, tmp_path)

    @pytest.mark.parametrize("label", ["", "www"])
    def test_its_pages_and_its_api_answer(self, site: Site, label: str) -> None:
        assert "AI photo" in site.ask("/", label=label).body
        assert site.told("/health", label=label)["env"] == "production"

    def test_its_stores_are_well(self, site: Site) -> None:
        health_names(site, "/api/health/deep", ["primary", "cache"])

    def test_a_photo_is_stored_in_mysql_and_given_back(self, site: Site) -> None:
        answer = site.post("/api/photos?name=e2e", b"a cat", "image/png")
        assert answer.status == 201
        path = f"/api/photos/{answer.json()['id']}"
        assert site.ask(f"{path}/file").body == "a cat"
        fresh = site.ask(path, "-H", "Cache-Control: no-cache")
        assert (fresh.json(), fresh.header("x-store")) == (answer.json(), "primary")
