"""The instance metadata service, version 2, answering each machine by its address."""

import hashlib
import hmac
import json
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any

TOKEN_PATH = "/latest/api/token"  # noqa: S105 - a path, not a secret
TOKEN_HEADER = "x-aws-ec2-metadata-token"  # noqa: S105 - a header's name
TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"
# EC2 user guide, "Use IMDSv2": from one second to six hours.
LONGEST_TTL = 21600
VERSIONS = ("latest", "2021-07-15", "2016-09-02")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What one machine may ask about itself."""

    enabled: bool
    token_required: bool
    # Path below /latest/ → value.
    values: Mapping[str, str]
    user_data: bytes = b""
    # Role name → its credentials, made when asked for.
    credentials: Mapping[str, Callable[[], Mapping[str, str]]] = field(
        default_factory=dict[str, Callable[[], Mapping[str, str]]]
    )


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Metadata:
    """What the service answers; knows no sockets, and headers by their names in small letters."""

    def __init__(self, facts: Callable[[str], Facts | None]) -> None:
        self._facts = facts
        self._key = secrets.token_bytes(32)

    def answer(self, method: str, path: str, headers: Mapping[str, str], client: str) -> Answer:
        facts = self._facts(client)
        if facts is None:
            return Answer(404)
        if not facts.enabled:
            return Answer(403)
        path = "/" + path.strip("/")
        if path == TOKEN_PATH:
            return self._token(method, headers, client)
        token = headers.get(TOKEN_HEADER)
        if (token is None and facts.token_required) or (
            token is not None and not self._valid(token, client)
        ):
            return Answer(401)
        if method not in ("GET", "HEAD"):
            return Answer(405)
        return _look_up(path, facts)

    def _token(self, method: str, headers: Mapping[str, str], client: str) -> Answer:
        if method != "PUT":
            return Answer(405)
        # A request that came through a proxy is not the machine's own.
        if "x-forwarded-for" in headers:
            return Answer(403)
        try:
            ttl = int(headers.get(TTL_HEADER, ""))
        except ValueError:
            return Answer(400)
        if not 1 <= ttl <= LONGEST_TTL:
            return Answer(400)
        ends = str(int(time.time()) + ttl)
        token = f"{ends}-{self._signature(ends, client)}"
        return Answer(200, token.encode(), {TTL_HEADER: str(ttl)})

    def _valid(self, token: str, client: str) -> bool:
        ends, _, signature = token.partition("-")
        return (
            hmac.compare_digest(signature, self._signature(ends, client))
            and int(ends) > time.time()
        )

    def _signature(self, ends: str, client: str) -> str:
        return hmac.new(self._key, f"{ends} {client}".encode(), hashlib.sha256).hexdigest()


def _look_up(path: str, facts: Facts) -> Answer:
    version, _, wanted = path.strip("/").partition("/")
    if version not in VERSIONS:
        return Answer(200, "\n".join(VERSIONS).encode()) if not version else Answer(404)
    if wanted == "user-data":
        return Answer(200, facts.user_data) if facts.user_data else Answer(404)
    role = wanted.removeprefix("meta-data/iam/security-credentials/")
    if role != wanted and role in facts.credentials:
        return Answer(200, json.dumps(facts.credentials[role](), indent=2).encode())
    places = {
        **facts.values,
        **{f"meta-data/iam/security-credentials/{name}": "" for name in facts.credentials},
    }
    if wanted in facts.values:
        return Answer(200, facts.values[wanted].encode())
    below = f"{wanted}/" if wanted else ""
    names = {name.removeprefix(below) for name in places if name.startswith(below)}
    entries = sorted({name.split("/")[0] + ("/" if "/" in name else "") for name in names})
    return Answer(200, "\n".join(entries).encode()) if entries else Answer(404)


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True


class MetadataServer:
    """Answers on a socket that somebody else has opened in the right network."""

    def __init__(self, metadata: Metadata, listener: socket.socket) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "EC2ws"
            sys_version = ""

            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                given = {name.lower(): value for name, value in self.headers.items()}
                answer = metadata.answer(self.command, self.path, given, self.client_address[0])
                self.send_response(answer.status)
                headers = {"Content-Type": "text/plain", **answer.headers}
                headers["Content-Length"] = str(len(answer.body))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            do_GET = do_HEAD = do_PUT = do_POST = handle_any  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: every credential is fetched here."""

        self._server = _Server(("", 0), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listener
        Thread(target=self._server.serve_forever, name="metadata", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
