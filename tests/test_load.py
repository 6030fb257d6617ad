"""A load that missed a failed request would prove nothing: each kind, against a server."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from localcloud import ports
from localcloud.authority import Authority
from tests.load import Load, Wanted, main, percentile, start


class Service(BaseHTTPRequestHandler):
    """Answers each path with the status that it names; notes who asked and how."""

    protocol_version = "HTTP/1.1"
    heard: list[tuple[str, str, str, str]]
    late = threading.Event()
    hold_up = 60.0
    """Seconds that `/late` takes to answer, unless it is let go before."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def _answer(self) -> None:
        self.heard.append(
            (self.command, self.path, self.headers["Host"], str(self.client_address[0]))
        )
        if self.path == "/silence":
            self.close_connection = True
            return
        if self.path == "/late":
            self.late.wait(self.hold_up)
        status = int(self.path[1:]) if self.path[1:].isdigit() else 200
        self.send_response(status)
        if self.path == "/201":
            self.send_header("Location", "/models/1")
        if self.path == "/202":
            self.send_header("Location", "/jobs/1")
        self.send_header("X-Version", "1.2.3")
        self.send_header("X-Node", "web-a1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        # Who gave up waiting is gone.
        with suppress(ConnectionError):
            self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def served(tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, type[Service]]]:
    handler = type("Handler", (Service,), {"heard": [], "late": threading.Event()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], handler
    finally:
        handler.late.set()
        server.shutdown()
        server.server_close()
        thread.join()


def run(port: int, tmp_path: Path, requests: int = 12, **facts: Any) -> dict[str, Any]:
    """So many requests at least, over http, however long this machine takes for them."""
    wanted: dict[str, Any] = {
        "url": f"http://127.0.0.1:{port}",
        "rate": 200.0,
        "seconds": 60.0,
        **facts,
    }
    load = Load(Wanted(out=tmp_path / "load.json", **wanted))
    ended = threading.Event()

    def stop_once_counted() -> None:
        while load.seen.requests < requests and not ended.wait(0.005):
            pass
        load.stop()

    threading.Thread(target=stop_once_counted, daemon=True).start()
    try:
        return load.run()
    finally:
        ended.set()


def test_answered_requests_are_ok_and_say_who_answered(tmp_path: Path) -> None:
    with served() as (port, service):
        seen = run(port, tmp_path, gets=["/health", "/"])

    assert seen["failed"] == 0
    assert seen["ok"] == seen["requests"] == len(service.heard) > 4
    assert seen["versions"] == {"1.2.3": seen["requests"]}
    assert seen["nodes"] == {"web-a1": seen["requests"]}
    assert {path for _, path, _, _ in service.heard} == {"/health", "/"}
    assert seen["latency_ms"]["p50"] <= seen["latency_ms"]["max"]


@pytest.mark.parametrize("status", ["500", "502", "503", "404"])
def test_an_answer_that_is_an_error_is_failed(status: str, tmp_path: Path) -> None:
    with served() as (port, _):
        seen = run(port, tmp_path, gets=[f"/{status}"])

    assert seen["failed"] == seen["requests"] > 0
    assert seen["statuses"] == {status: seen["requests"]}
    assert seen["failures"][0]["request"] == f"GET /{status}"


def test_the_rate_limit_is_counted_apart(tmp_path: Path) -> None:
    with served() as (port, _):
        seen = run(port, tmp_path, gets=["/429"])

    assert seen["failed"] == seen["ok"] == 0
    assert seen["limited"] == seen["requests"] > 0


def test_a_connection_closed_without_an_answer_is_failed(tmp_path: Path) -> None:
    with served() as (port, _):
        seen = run(port, tmp_path, gets=["/silence"])

    assert seen["failed"] == seen["requests"] > 0
    assert "RemoteDisconnected" in seen["failures"][0]["reason"]


def test_nobody_at_the_address_is_failed(tmp_path: Path) -> None:
    seen = run(ports.any_free(), tmp_path)

    assert seen["failed"] == seen["requests"] > 0
    assert "ConnectionRefused" in seen["failures"][0]["reason"]


def test_an_answer_that_comes_too_late_is_failed(tmp_path: Path) -> None:
    with served() as (port, _):
        seen = run(port, tmp_path, requests=4, gets=["/late"], timeout=0.1)

    assert seen["failed"] == seen["requests"] > 0
    assert "timed out" in seen["failures"][0]["reason"]


def test_a_get_on_a_kept_connection_that_was_closed_is_sent_again(tmp_path: Path) -> None:
    with served() as (port, _):
        seen = run(port, tmp_path, gets=["/health", "/silence"], connections=1)

    assert seen["retried"] > 0
    assert seen["failed"] == sum(each["request"] == "GET /silence" for each in seen["failures"])


def test_a_post_is_never_sent_again(tmp_path: Path) -> None:
    with served() as (port, service):
        seen = run(port, tmp_path, posts=["/silence"], post_every=2, connections=1)

    posted = sum(method == "POST" for method, *_ in service.heard)
    assert seen["failed"] == posted > 1
    assert seen["retried"] == 0


def test_posts_are_mixed_in_and_what_was_acknowledged_is_kept_and_read_back(
    tmp_path: Path,
) -> None:
    with served() as (port, service):
        seen = run(port, tmp_path, requests=40, posts=["/201"], post_every=4, read_back=True)

    posted = sum(method == "POST" for method, *_ in service.heard)
    assert len(seen["acknowledged"]) == posted > 1
    assert ("GET", "/models/1") in {(method, path) for method, path, _, _ in service.heard}


def test_of_what_was_made_at_one_path_more_is_asked_and_the_jobs_are_kept(tmp_path: Path) -> None:
    with served() as (port, service):
        seen = run(
            port,
            tmp_path,
            requests=40,
            posts=["/201", "/202"],
            post_every=4,
            then=("/201", "?more"),
            # One after the other, none skipped: others might all be late when the time is up.
            connections=1,
            patience=60.0,
        )

    posted = [path for method, path, _, _ in service.heard if method == "POST"]
    # The last one may come when the time is up.
    assert posted.count("/201") - posted.count("/models/1?more") in (0, 1)
    assert posted.count("/models/1?more") > 0
    assert seen["jobs"] == ["/jobs/1"] * posted.count("/202")


def test_each_get_has_its_turn_whatever_else_takes_the_place_of_one(tmp_path: Path) -> None:
    with served() as (port, service):
        run(
            port,
            tmp_path,
            requests=40,
            gets=["/", "/health"],
            posts=["/201"],
            then=("/201", "?more"),
            read_back=True,
        )

    heard = [path for method, path, _, _ in service.heard if method == "GET"]
    assert {"/", "/health"} <= set(heard)
    assert abs(heard.count("/") - heard.count("/health")) <= 1


def test_the_rate_is_kept(tmp_path: Path) -> None:
    with served() as (port, _):
        seen = run(port, tmp_path, requests=1000, rate=20.0, seconds=0.5)

    assert seen["requests"] <= 20.0 * seen["seconds"] + 2


def test_what_an_answer_held_up_is_skipped_and_not_hurried_after(tmp_path: Path) -> None:
    with served() as (port, service):
        service.hold_up = 0.4
        seen = run(
            port, tmp_path, gets=["/late"], requests=2, rate=80.0, connections=1, patience=0.1
        )

    assert seen["failed"] == 0
    assert seen["skipped"] > 5 * seen["requests"]


def test_it_comes_from_the_addresses_that_it_was_given(tmp_path: Path) -> None:
    with served() as (port, service):
        run(port, tmp_path, sources=["127.0.0.2", "127.0.0.3"])

    assert {client for *_, client in service.heard} == {"127.0.0.2", "127.0.0.3"}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def context(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    issued = authority.issue(["api.3dgenerator.test"])
    files = tmp_path / "server.pem", tmp_path / "server.key"
    files[0].write_text(issued.certificate)
    files[1].write_text(issued.key)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*files)
    return made


def test_the_name_is_asked_for_at_another_address_and_its_certificate_is_checked(
    authority: Authority, tmp_path: Path
) -> None:
    def over(port: int, name: str, ca: Path | None) -> dict[str, Any]:
        return run(port, tmp_path, url=f"https://{name}", connect=f"127.0.0.1:{port}", ca=ca)

    with served(context(authority, tmp_path)) as (port, service):
        good = over(port, "api.3dgenerator.test", authority.path)
        assert good["failed"] == 0 < good["ok"]
        assert {host for _, _, host, _ in service.heard} == {"api.3dgenerator.test"}

        for name, ca in (("other.test", authority.path), ("api.3dgenerator.test", None)):
            bad = over(port, name, ca)
            assert bad["failed"] == bad["requests"] > 0
            assert "CERTIFICATE_VERIFY_FAILED" in bad["failures"][0]["reason"]


def test_a_process_of_its_own_writes_what_it_saw_when_it_is_told_to_stop(tmp_path: Path) -> None:
    out = tmp_path / "load.json"
    with served() as (port, service):
        wanted = Wanted(url=f"http://127.0.0.1:{port}", out=out, gets=["/200"], rate=50.0)
        with start(wanted) as running:
            for _ in range(200):
                if len(service.heard) > 5:
                    break
                threading.Event().wait(0.05)
            seen = running.stop()

    assert seen["failed"] == 0
    assert seen["requests"] == len(service.heard)


def test_the_exit_status_tells_whether_a_request_failed(tmp_path: Path) -> None:
    out = tmp_path / "load.json"
    with served() as (port, _):
        common = ["--url", f"http://127.0.0.1:{port}", "--out", str(out), "--seconds", "1"]
        assert main([*common, "--get", "/200"]) == 0
        assert main([*common, "--get", "/500"]) == 1
    assert json.loads(out.read_text())["failed"] > 0


def test_an_address_that_is_none_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--url", "api.example.com", "--out", str(tmp_path / "load.json")]) == 2
    assert "'api.example.com' is no address" in capsys.readouterr().err


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (50, 95, 99, 100)] == [50, 95, 99, 100]
    assert percentile([7.0], 99) == 7.0
    assert percentile([], 50) is None
