"""A steady load from a process of its own, which counts every request that somebody would miss.

    python -m tests.load --url https://api.3dgenerator.test --connect 10.30.0.20:443 --ca ca.pem \\
        --get /health --post "/models?name=load" --rate 8 --out load.json

It runs until it is told to stop (SIGTERM, SIGINT) or its time is up, and then writes what it saw:
requests, failed ones, those that met the rate limit, latencies, who answered and in which version.
Failed is every request that got no answer in time, or another one than 2xx, 3xx or 429.
"""

import argparse
import http.client
import itertools
import json
import math
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

MODEL = b"a model as small as one can be\n" * 32
FAILURES_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class Wanted:
    url: str
    """Scheme and host name: what the certificate, SNI and the Host header are about."""
    out: Path
    connect: str | None = None
    """ADDRESS[:PORT] to connect to in place of the name."""
    ca: Path | None = None
    gets: Sequence[str] = ("/health",)
    posts: Sequence[str] = ()
    post_every: int = 4
    """Every how manieth request is a POST, where there is anything to post."""
    read_back: bool = False
    """After a POST, its Location is read in the place of one GET."""
    then: tuple[str, str] | None = None
    """What is made at the first path is POSTed to once more, in the place of one GET: at its
    Location with the second behind it. An answer of 202 names a job."""
    rate: float = 8.0
    """Requests a second in all, evenly apart, and never more."""
    connections: int = 4
    """Every other one is kept open from request to request, the rest are opened anew each time."""
    sources: Sequence[str] = ()
    """Addresses of this machine to come from, one connection after the other."""
    timeout: float = 10.0
    patience: float = 1.0
    """Seconds after its time that a request is still sent."""
    seconds: float = 600.0


@dataclass
class Seen:
    """What all connections saw together."""

    requests: int = 0
    ok: int = 0
    failed: int = 0
    limited: int = 0
    """Answered with 429."""
    retried: int = 0
    """GETs sent again as a browser would: the kept connection was closed before any answer."""
    skipped: int = 0
    """Not sent, since their time was up before an earlier answer came: to hurry after them would
    be more than the rate."""
    statuses: Counter[str] = field(default_factory=Counter[str])
    versions: Counter[str] = field(default_factory=Counter[str])
    nodes: Counter[str] = field(default_factory=Counter[str])
    latencies: list[float] = field(default_factory=list[float])
    failures: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    acknowledged: list[str] = field(default_factory=list[str])
    """Location of everything that was posted and answered with 201."""
    jobs: list[str] = field(default_factory=list[str])
    """Location of everything that was posted and answered with 202: work for later."""


class Load:
    """Connections that share one clock and one count."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        parts = urlsplit(wanted.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{wanted.url!r} is no address: https://NAME[:PORT]")
        self._name = parts.hostname
        self._host = parts.netloc
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address, _, other = (wanted.connect or "").partition(":")
        self._address = (address or self._name, int(other) if other else port)
        self._tls = (
            ssl.create_default_context(cafile=wanted.ca) if parts.scheme == "https" else None
        )
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._unread: list[str] = []
        self._unasked: list[str] = []
        self._gets = itertools.cycle(wanted.gets)
        self._began = 0.0
        self.seen = Seen()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> dict[str, Any]:
        """Until stopped or the time is up; what is under way is finished."""
        self._began = time.monotonic()
        workers = [
            threading.Thread(target=self._work, args=(index,), daemon=True)
            for index in range(self._wanted.connections)
        ]
        for worker in workers:
            worker.start()
        self._stop.wait(self._wanted.seconds)
        self._stop.set()
        for worker in workers:
            worker.join(self._wanted.timeout + 5)
        return self.summary()

    def summary(self) -> dict[str, Any]:
        with self._lock:
            seen = self.seen
            return {
                "url": self._wanted.url,
                "seconds": round(time.monotonic() - self._began, 3),
                "requests": seen.requests,
                "ok": seen.ok,
                "failed": seen.failed,
                "limited": seen.limited,
                "retried": seen.retried,
                "skipped": seen.skipped,
                "statuses": dict(sorted(seen.statuses.items())),
                "versions": dict(sorted(seen.versions.items())),
                "nodes": dict(sorted(seen.nodes.items())),
                "latency_ms": {
                    name: percentile(seen.latencies, share)
                    for name, share in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
                },
                "failures": list(seen.failures),
                "acknowledged": list(seen.acknowledged),
                "jobs": list(seen.jobs),
            }

    # -- one connection -------------------------------------------------------------------------

    def _work(self, index: int) -> None:
        kept: http.client.HTTPConnection | None = None
        apart = 1 / self._wanted.rate
        tick = index
        while not self._stop.wait(max(0.0, self._began + tick * apart - time.monotonic())):
            kept = self._request(tick, kept, source=self._source(index))
            if kept is not None and index % 2:
                kept.close()
                kept = None
            tick += self._wanted.connections
            while self._began + tick * apart < time.monotonic() - self._wanted.patience:
                tick += self._wanted.connections
                with self._lock:
                    self.seen.skipped += 1
        if kept is not None:
            kept.close()

    def _source(self, index: int) -> str | None:
        sources = self._wanted.sources
        return sources[index % len(sources)] if sources else None

    def _next(self, tick: int) -> tuple[str, str]:
        wanted = self._wanted
        if wanted.posts and tick % wanted.post_every == 0:
            return "POST", wanted.posts[(tick // wanted.post_every) % len(wanted.posts)]
        with self._lock:
            if self._unasked:
                return "POST", self._unasked.pop()
            if self._unread:
                return "GET", self._unread.pop()
            return "GET", next(self._gets)

    def _request(
        self, tick: int, kept: http.client.HTTPConnection | None, *, source: str | None
    ) -> http.client.HTTPConnection | None:
        """The connection, if it can be used again."""
        method, path = self._next(tick)
        begun = time.monotonic()
        while True:
            connection = kept or self._open(source)
            try:
                connection.request(
                    method,
                    path,
                    body=MODEL if method == "POST" else None,
                    headers={"Host": self._host, "User-Agent": "groundwork load"},
                )
                answer = connection.getresponse()
                content_of = answer.read()
                self._answered(method, path, answer, len(content_of), time.monotonic() - begun)
                return None if answer.will_close else connection
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                connection.close()
                if kept is not None and method == "GET":
                    kept = None
                    with self._lock:
                        self.seen.retried += 1
                    continue
                self._failed(method, path, repr(error))
                return None
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._failed(method, path, repr(error))
                return None

    def _open(self, source: str | None) -> http.client.HTTPConnection:
        return _Connection(
            self._name, self._address, self._tls, source=source, timeout=self._wanted.timeout
        )

    # -- the count ------------------------------------------------------------------------------

    def _answered(
        self, method: str, path: str, answer: http.client.HTTPResponse, length: int, took: float
    ) -> None:
        with self._lock:
            seen = self.seen
            seen.requests += 1
            seen.statuses[str(answer.status)] += 1
            seen.latencies.append(took * 1000)
            seen.versions[answer.headers.get("X-Version", "unknown")] += 1
            seen.nodes[answer.headers.get("X-Node", "unknown")] += 1
            if answer.status == 429:
                seen.limited += 1
            elif answer.status < 400:
                seen.ok += 1
            else:
                self._note(method, path, f"answered {answer.status} ({length} bytes)")
            location = answer.headers.get("Location")
            if answer.status == 201 and location:
                seen.acknowledged.append(location)
                if self._wanted.read_back:
                    self._unread.append(location)
                if self._wanted.then and path.partition("?")[0] == self._wanted.then[0]:
                    self._unasked.append(location + self._wanted.then[1])
            if answer.status == 202 and location:
                seen.jobs.append(location)

    def _failed(self, method: str, path: str, reason: str) -> None:
        with self._lock:
            self.seen.requests += 1
            self._note(method, path, reason)

    def _note(self, method: str, path: str, reason: str) -> None:
        self.seen.failed += 1
        if len(self.seen.failures) < FAILURES_SHOWN:
            self.seen.failures.append(
                {
                    "second": round(time.monotonic() - self._began, 2),
                    "request": f"{method} {path}",
                    "reason": reason,
                }
            )


class _Connection(http.client.HTTPConnection):
    """To an address that need not be the name's, whose certificate must be."""

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        tls: ssl.SSLContext | None,
        *,
        source: str | None,
        timeout: float,
    ) -> None:
        super().__init__(name, address[1], timeout=timeout)
        self._address = address
        self._tls = tls
        self._source = (source, 0) if source else None
        self._name = name

    def connect(self) -> None:
        plain = socket.create_connection(self._address, self.timeout, self._source)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is None:
            self.sock = plain
            return
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self._name)
        except BaseException:
            plain.close()
            raise


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of all do not exceed."""
    if not values:
        return None
    rank = max(1, math.ceil(len(values) * share / 100))
    return round(sorted(values)[rank - 1], 1)


# -- from a test --------------------------------------------------------------------------------


class Running:
    """A load in a process of its own, from `start` until `stop` says what it saw."""

    def __init__(self, process: subprocess.Popen[str], out: Path) -> None:
        self._process = process
        self._out = out

    def stop(self) -> dict[str, Any]:
        self._process.send_signal(signal.SIGTERM)
        # What is under way is finished first.
        self._process.wait(timeout=300)
        return json.loads(self._out.read_text())

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def start(wanted: Wanted) -> Running:
    """Returns once the load runs."""
    words = ["--url", wanted.url, "--out", str(wanted.out)]
    words += ["--connect", wanted.connect] if wanted.connect else []
    words += ["--ca", str(wanted.ca)] if wanted.ca else []
    words += [word for path in wanted.gets for word in ("--get", path)]
    words += [word for path in wanted.posts for word in ("--post", path)]
    words += [word for source in wanted.sources for word in ("--from", source)]
    words += ["--read-back"] if wanted.read_back else []
    words += ["--then", *wanted.then] if wanted.then else []
    words += ["--post-every", str(wanted.post_every), "--rate", str(wanted.rate)]
    words += ["--connections", str(wanted.connections), "--timeout", str(wanted.timeout)]
    words += ["--seconds", str(wanted.seconds)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load", *words],
        cwd=Path(__file__).resolve().parent.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    if not process.stdout.readline():
        raise RuntimeError(f"the load did not start: status {process.wait()}")
    return Running(process, wanted.out)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tests.load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", required=True, metavar="https://NAME[:PORT]")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="for the result")
    parser.add_argument("--connect", metavar="ADDRESS[:PORT]", help="in place of the name")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="authorities to trust")
    parser.add_argument("--get", action="append", metavar="PATH", help="default: /health")
    parser.add_argument("--post", action="append", default=[], metavar="PATH")
    parser.add_argument("--post-every", type=int, default=4, metavar="N")
    parser.add_argument("--read-back", action="store_true", help="read what was posted")
    parser.add_argument(
        "--then", nargs=2, metavar=("PATH", "MORE"), help="POST MORE to what was made at PATH"
    )
    parser.add_argument("--rate", type=float, default=8.0, help="requests a second in all")
    parser.add_argument("--connections", type=int, default=4, metavar="N")
    parser.add_argument("--from", action="append", default=[], metavar="ADDRESS", dest="sources")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--seconds", type=float, default=600.0, help="at most")
    given = parser.parse_args(arguments)
    if given.rate <= 0 or given.connections < 1 or given.post_every < 1:
        parser.error("--rate, --connections and --post-every must be more than nothing")
    try:
        load = Load(
            Wanted(
                url=given.url,
                out=given.out,
                connect=given.connect,
                ca=given.ca,
                gets=given.get or ["/health"],
                posts=given.post,
                post_every=given.post_every,
                read_back=given.read_back,
                then=tuple(given.then) if given.then else None,
                rate=given.rate,
                connections=given.connections,
                sources=given.sources,
                timeout=given.timeout,
                seconds=given.seconds,
            )
        )
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2

    def stop(_number: int, _frame: FrameType | None) -> None:
        load.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print("running", flush=True)
    result = load.run()
    partial = given.out.with_name(f".{given.out.name}.partial")
    partial.write_text(json.dumps(result, indent=2) + "\n")
    partial.replace(given.out)
    shown = {key: result[key] for key in ("requests", "ok", "failed", "limited", "latency_ms")}
    print(json.dumps(shown), flush=True)
    return 1 if result["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
