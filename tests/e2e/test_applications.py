"""The 3D generator truly serves: what a visitor sees through the front door of the local stack."""

import hashlib
import json
import os
import re
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.e2e.cloud import Cloud, wait_for
from tests.e2e.served import PATIENCE, SERVED, Served, on_each, well
from tests.e2e.visitor import Visitor

WEB, API = "3dgenerator.test", "api.3dgenerator.test"
# Each of two hosts lets 21 through at once and ten more a second; so many take a busy machine
# seconds.
BURST = 200


@pytest.fixture(scope="module")
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    return Visitor(platform)


def stands(cloud: Cloud, kind: str) -> dict[str, str]:
    """What is wrong with each of a kind; nothing, as a rule."""
    return {served["name"]: served["problem"] for served in cloud.served(kind)}


@on_each(*SERVED)
def test_after_up_everything_is_healthy(visitor: Visitor, served: Served) -> None:
    well(visitor, served)
    for one in ("machines", "services", "load_balancer"):
        # What had no time for a busy machine is looked at again in a moment.
        is_well = wait_for(lambda one=one: not any(stands(visitor.cloud, one).values()), PATIENCE)
        assert is_well, stands(visitor.cloud, one)
        assert stands(visitor.cloud, one)
    for traffic in served.traffic:
        for path in traffic.gets:
            assert visitor.served(f"https://{traffic.host}{path}").status == 200, path


def test_pages_and_api_answer(visitor: Visitor) -> None:
    assert visitor.served(f"https://{WEB}/").status == 200
    assert visitor.served(f"https://{API}/health").status == 200


def test_the_deep_check_names_every_store(visitor: Visitor) -> None:
    assert wait_for(lambda: visitor.served(f"https://{API}/health/db").status == 200, PATIENCE)
    found = json.dumps(visitor.served(f"https://{API}/health/db").json())

    assert all(store in found for store in ("primary", "replica", "cache", "bucket"))


def test_without_tls_a_visitor_is_sent_to_where_there_is_some(visitor: Visitor) -> None:
    answer = visitor.served(f"http://{API}/p?q=1")

    assert answer.status == 301
    assert answer.header("location").removesuffix("/").startswith(f"https://{API}")
    assert answer.header("location").endswith("/p?q=1")


def test_every_answer_carries_the_security_headers_once(visitor: Visitor) -> None:
    for url in (f"https://{WEB}/", f"https://{API}/health", f"https://{API}/nothing-here"):
        answer = visitor.served(url)
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

    answer = visitor.served(f"https://{API}/models", "-X", "POST", "--data-binary", f"@{too_large}")
    assert answer.status == 413


def posted(visitor: Visitor, content: bytes, folder: Path) -> tuple[dict[str, str], str]:
    """What was said of a new model, and by which node."""
    file = folder / "model"
    file.write_bytes(content)
    address = f"https://{API}/models?name=chair&format=obj"
    answer = visitor.served(address, "--data-binary", f"@{file}", "-H", "Content-Type: model/obj")
    assert answer.status == 201, answer
    return answer.json(), answer.header("x-node")


def test_a_model_posted_through_one_node_is_read_through_the_other_and_lies_in_the_bucket(
    visitor: Visitor, tmp_path: Path
) -> None:
    content = os.urandom(100_000)
    model, node = posted(visitor, content, tmp_path)
    assert model["sha256"] == hashlib.sha256(content).hexdigest()
    address = f"https://{API}/models/{model['id']}"

    def read_elsewhere() -> bool:
        answer = visitor.served(address)
        assert answer.json() == model
        return answer.header("x-node") != node

    assert wait_for(read_elsewhere, PATIENCE)
    store = visitor.cloud.client("s3")
    names = [one["Name"] for one in store.list_buckets()["Buckets"]]
    (bucket,) = [name for name in names if name.startswith("threed-generator-models-")]
    lies = store.get_object(Bucket=bucket, Key=model["object_key"])
    assert lies["Body"].read() == content


def test_what_the_replica_answers_is_what_was_posted(visitor: Visitor, tmp_path: Path) -> None:
    model, _ = posted(visitor, b"seen by both", tmp_path)

    def stores() -> bool:
        answer = visitor.served(
            f"https://{API}/models/{model['id']}", "-H", "Cache-Control: no-cache"
        )
        assert answer.json() == model
        return answer.header("x-store") == "replica"

    assert wait_for(stores, PATIENCE)


def test_a_websocket_echoes(visitor: Visitor) -> None:
    assert visitor.echo(API, "/ws", "hello")["echo"] == "hello"


def test_static_files_are_immutable_and_pages_are_not(visitor: Visitor) -> None:
    page = visitor.served(f"https://{WEB}/")
    (style,) = set(re.findall(r'href="(/_next/static/[^"]+\.css)"', page.body))

    lasting = visitor.served(f"https://{WEB}{style}")
    assert lasting.status == 200
    assert lasting.header("cache-control") == "public, max-age=31536000, immutable"
    assert "immutable" not in page.headers.get("cache-control", [""])[0]


def is_limited(visitor: Visitor, asked: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Some are turned away; where a machine is so busy that so many are never there at once, it is
    tried again."""
    requests = [(f"https://{API}/{path}?{n}", words) for n, (path, words) in enumerate(asked)]
    return wait_for(lambda: 429 in visitor.burst(requests), PATIENCE)


def test_a_burst_is_limited_and_normal_traffic_is_not(visitor: Visitor) -> None:
    assert is_limited(visitor, [("health-of-nothing", ())] * BURST)
    assert wait_for(lambda: visitor.served(f"https://{API}/{uuid.uuid4()}").status != 429, PATIENCE)
    # Somewhat slower than the ten a second that are allowed for ever: the burst is still used up.
    for _ in range(10):
        time.sleep(0.15)
        assert visitor.served(f"https://{API}/{uuid.uuid4()}").status == 404


def test_a_forged_client_address_changes_nothing(visitor: Visitor) -> None:
    answer = visitor.served(f"https://{API}/health", "-H", "X-Forwarded-For: 6.6.6.6")
    assert answer.header("x-visitor") == visitor.cloud.outside

    # Whoever claims to be another each time is limited as one.
    forged = [("-H", f"X-Forwarded-For: 6.6.{n}.6") for n in range(BURST)]
    assert is_limited(visitor, [("nothing", words) for words in forged])
    assert wait_for(lambda: visitor.served(f"https://{API}/health").status == 200, PATIENCE)
