"""The 3D generator truly serves: what a visitor sees through the front door of the local stack."""

import json
import os
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cloud import Cloud, wait_for

WEB, API = "3dgenerator.test", "api.3dgenerator.test"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, list[str]]
    body: str

    def header(self, name: str) -> str:
        """The only value of a header; two would be one too many."""
        (value,) = self.headers[name.lower()]
        return value


@dataclass(frozen=True)
class Visitor:
    """A browser without a screen, on this machine: the internet of the local cloud."""

    state: Path

    @property
    def address(self) -> str:
        found = json.loads((self.state / "load_balancer" / "status.json").read_text())
        (balancer,) = found["served"]
        return balancer["address"]

    def ask(self, url: str, *options: str) -> Answer:
        scheme, _, rest = url.partition("://")
        host, port = rest.partition("/")[0], 443 if scheme == "https" else 80
        done = subprocess.run(
            [
                *("curl", "-sS", "-i", "--max-time", "120"),
                *("--cacert", str(self.state / "network/authority/ca.pem")),
                *("--resolve", f"{host}:{port}:{self.address}", "-H", "Expect:", *options, url),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        # Text mode has made each end of a line one character.
        head, _, body = done.stdout.partition("\n\n")
        first, *lines = head.splitlines()
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers.setdefault(name.lower(), []).append(value)
        return Answer(int(first.split()[1]), headers, body)

    def told(self, url: str, *options: str) -> Any:
        answer = self.ask(url, *options)
        assert answer.status < 300, answer
        return json.loads(answer.body)


@pytest.fixture(scope="module")
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    found = Visitor(platform.home / "control_plane" / "state")
    assert wait_for(lambda: found.ask(f"https://{WEB}/health").status == 200, 60)
    return found


def test_pages_and_api_answer(visitor: Visitor) -> None:
    assert visitor.ask(f"https://{WEB}/").status == 200
    assert visitor.ask(f"https://{API}/health").status == 200


def test_the_deep_check_names_every_store(visitor: Visitor) -> None:
    assert wait_for(lambda: visitor.ask(f"https://{API}/health/db").status == 200, 60)
    found = json.dumps(visitor.told(f"https://{API}/health/db"))

    assert all(store in found for store in ("primary", "replica", "cache", "bucket"))


def test_without_tls_a_visitor_is_sent_to_where_there_is_some(visitor: Visitor) -> None:
    answer = visitor.ask(f"http://{API}/p?q=1")

    assert answer.status == 301
    assert answer.header("location").removesuffix("/").startswith(f"https://{API}")
    assert answer.header("location").endswith("/p?q=1")


def test_every_answer_carries_the_security_headers_once(visitor: Visitor) -> None:
    for url in (f"https://{WEB}/", f"https://{API}/health", f"https://{API}/nothing-here"):
        answer = visitor.ask(url)
        assert answer.header("x-frame-options") == "SAMEORIGIN"
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("referrer-policy") == "strict-origin-when-cross-origin"
        assert answer.header("strict-transport-security").startswith("max-age=31536000")
        assert "default-src 'self'" in answer.header("content-security-policy")


def test_a_body_above_the_limit_is_refused_and_one_below_is_not(
    visitor: Visitor, tmp_path: Path
) -> None:
    too_large = tmp_path / "too-large"
    too_large.write_bytes(b"\0" * 51 * 1024**2)

    answer = visitor.ask(f"https://{API}/models", "-X", "POST", "--data-binary", f"@{too_large}")
    assert answer.status == 413


def test_a_burst_is_limited_and_normal_traffic_is_not(visitor: Visitor) -> None:
    address = f"https://{API}/health-of-nothing"
    urls = [f"{address}?{number}" for number in range(60)]
    done = subprocess.run(
        [
            *("curl", "-sS", "--parallel", "--parallel-immediate", "--parallel-max", "60"),
            *("--cacert", str(visitor.state / "network/authority/ca.pem")),
            *("--resolve", f"{API}:443:{visitor.address}"),
            *("-o", os.devnull, "-w", "%{http_code}\n"),
            *urls,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "429" in done.stdout
    normal = {visitor.ask(f"https://{API}/{uuid.uuid4()}").status for _ in range(5)}
    assert 429 not in normal or wait_for(
        lambda: visitor.ask(f"https://{API}/{uuid.uuid4()}").status != 429, 10
    )
