"""A browser without a screen, on this machine: the internet of the local cloud."""

import base64
import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.cloud import Cloud

# A machine of two cores that does something else meanwhile; whoever is well answers at once.
PATIENCE = 480.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, list[str]]
    body: str

    def header(self, name: str) -> str:
        """The only value of a header; two would be one too many."""
        (value,) = self.headers[name.lower()]
        return value

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Visitor:
    """Comes to the one load balancer, by whatever name."""

    cloud: Cloud

    @property
    def address(self) -> str:
        (balancer,) = self.cloud.served("load_balancer")
        return balancer["address"]

    @property
    def authority(self) -> Path:
        return self.cloud.state / "network" / "authority" / "ca.pem"

    def ask(self, url: str, *options: str) -> Answer:
        """What comes of one request."""
        done = self._curl(url, *options)
        assert done.returncode == 0, done.stderr
        return _read(done.stdout)

    def served(self, url: str, *options: str) -> Answer:
        """The first answer of a machine that is not too busy for one, which is what 5xx says here;
        the last one, where all say so."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            done = self._curl(url, *options)
            if done.returncode == 0 and _read(done.stdout).status < 500:
                return _read(done.stdout)
            time.sleep(0.5)
        return self.ask(url, *options)

    def told(self, url: str, *options: str) -> Any:
        answer = self.served(url, *options)
        assert answer.status < 300, answer
        return answer.json()

    def burst(self, requests: Sequence[tuple[str, Sequence[str]]]) -> list[int]:
        """The statuses of requests, each with options of its own, that are sent all at once."""
        parts: list[str] = []
        for url, options in requests:
            every = ("--cacert", str(self.authority), "--max-time", "120", *self._way(url))
            parts += ["--next"] if parts else []
            parts += ["-s", *every, *options, "-o", os.devnull, "-w", "%{http_code}\n", url]
        most = str(len(requests))
        together = ("curl", "--parallel", "--parallel-immediate", "--parallel-max", most)
        done = subprocess.run([*together, *parts], capture_output=True, text=True, check=False)
        # 0 where there was no answer.
        return [int(line) for line in done.stdout.split()]

    def echo(self, host: str, path: str, text: str) -> Any:
        """What a websocket says when it is told something short (RFC 6455)."""
        context = ssl.create_default_context(cafile=self.authority)
        plain = socket.create_connection((self.address, 443), timeout=60)
        with context.wrap_socket(plain, server_hostname=host) as connection:
            key = base64.b64encode(os.urandom(16)).decode()
            lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: Upgrade"]
            lines += [
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                f"Sec-WebSocket-Key: {key}",
            ]
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            stream = connection.makefile("rb")
            assert stream.readline().startswith(b"HTTP/1.1 101")
            while stream.readline().strip():
                pass
            mask, said = os.urandom(4), text.encode()
            masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(said))
            connection.sendall(bytes([0x81, 0x80 | len(said)]) + mask + masked)
            _, length = stream.read(2)
            assert length < 126, "longer than this reads"
            return json.loads(stream.read(length))

    def _curl(self, url: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *("curl", "-sS", "-i", "--max-time", "120", "--cacert", str(self.authority)),
                *(*self._way(url), "-H", "Expect:", *options, url),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def _way(self, url: str) -> tuple[str, ...]:
        scheme, _, rest = url.partition("://")
        port = 443 if scheme == "https" else 80
        return ("--resolve", f"{rest.partition('/')[0]}:{port}:{self.address}")


def _read(said: str) -> Answer:
    """Head and body; text mode has made each end of a line one character."""
    head, _, body = said.partition("\n\n")
    first, *lines = head.splitlines()
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    return Answer(int(first.split()[1]), headers, body)
