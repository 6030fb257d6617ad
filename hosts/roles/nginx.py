"""nginx in front of what runs on a host: limits, headers, compression, files, and who may ask.

The whole configuration is one file, so that nginx itself can judge it before it takes effect.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from hosts.steps import Absent, Directory, Ensure, File, Packages, Role, Running, reload

MAIN = "/etc/nginx/nginx.conf"
LIVE = "/etc/nginx/live"
"""One file an upstream with two colours: which of the two answers. The release writes it."""
DRAIN = "/run/groundwork/drain"
"""While DRAIN/APPLICATION exists, the load balancer is told that the host is unwell for it."""
PAUSED = "/var/lib/groundwork/paused"
"""While PAUSED/APPLICATION exists, visitors are told to come again later. On disk: a host that is
rebooted meanwhile is still paused."""
CHECKER = "ELB-HealthChecker/"
"""How a load balancer's checks call themselves (ELB user guide, target group health checks)."""
UNIT = "nginx.service"
SITE_HEALTH = "/site-health"
"""The light check of files, as the load balancer asks for it; a service has a path of its own."""

LOG_IN_BURST = 3
"""Slips of the hand that are no guessing."""

# A reload leaves old workers behind for as long as their longest connection lives.
LONGEST_GOODBYE = "300s"


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One process that answers: on this host, or under `edge: host` on another."""

    port: int
    address: str = "127.0.0.1"
    weight: int = 1
    backup: bool = False
    """Gets requests only while all others are down."""
    max_fails: int = 3
    fail_seconds: int = 30


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """The processes behind one service, and how requests are spread over them."""

    name: str
    backends: tuple[Backend, ...]
    balance: Literal["round-robin", "least-connections", "client-address"] = "round-robin"
    keepalive: int = 64
    colours: tuple[int, int] | None = None
    """Two ports on this host of which one answers; instead of backends."""


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """What one client address may ask; more is answered 429."""

    requests_per_second: int
    burst: int
    connections: int | None = None
    log_in: tuple[tuple[str, int], ...] = ()
    """Beginnings of paths where passwords are tried, and requests a minute."""


@dataclass(frozen=True, kw_only=True)
class Proxied:
    """Requests under a path go to an upstream, path unchanged."""

    path: str
    """As in the load balancer: /api/* is everything below, /ws is that path alone."""
    upstream: str
    websocket: bool = False
    limit: RateLimit | None = None
    """Of the upstream: all paths to it are counted together."""
    body_limit: str = "1M"
    body_timeout_seconds: int = 60
    read_timeout_seconds: int = 60
    immutable_extensions: tuple[str, ...] = ()
    """Fingerprinted files that the service hands out itself."""


@dataclass(frozen=True, kw_only=True)
class Files:
    """Requests under a path are answered from a folder of the release."""

    path: str
    directory: str
    single_page: bool = False
    """Paths without a file extension that are no file get index.html."""
    immutable: tuple[str, ...] = ()
    """Paths of fingerprinted files: /assets/*."""
    immutable_directory: str | None = None
    """Where they lie together with those of the versions before and after: a page of one version
    asks for its own, whichever host it reaches. Else they come from the directory."""


@dataclass(frozen=True, kw_only=True)
class Tls:
    """Certificate and key of a host that answers the world itself."""

    certificate: str
    key: str
    ciphers: tuple[str, ...] = (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
    )
    """Of TLS 1.2; the ones of 1.3 are all good. Key exchange is by curves: no DH file is needed."""
    only_1_3: bool = False


@dataclass(frozen=True, kw_only=True)
class Health:
    """The light check of a service, as the load balancer asks for it."""

    path: str
    upstream: str | None
    """None: files alone are served, and all is well once their entry page is there."""


@dataclass(frozen=True, kw_only=True)
class Compression:
    min_bytes: int = 1024
    level: int = 6
    types: tuple[str, ...] = (
        "text/plain",
        "text/css",
        "text/xml",
        "text/javascript",
        "application/json",
        "application/javascript",
        "application/xml",
        "application/xml+rss",
        "image/svg+xml",
    )


@dataclass(frozen=True, kw_only=True)
class Server:
    """What is answered on one port, for one application."""

    application: str
    port: int
    host_names: tuple[str, ...] = ()
    """Others are answered 404 on this port; none given: any name will do."""
    locations: tuple[Proxied | Files, ...]
    health: Health | None = None
    headers: tuple[tuple[str, str], ...] = ()
    denied: tuple[str, ...] = ()
    """Paths that nobody outside may ask for, with everything below them."""
    tls: Tls | None = None
    compression: Compression = Compression()


@dataclass(frozen=True, kw_only=True)
class Nginx:
    servers: tuple[Server, ...]
    upstreams: tuple[Upstream, ...]
    trusted_proxies: tuple[str, ...] = ()
    """Subnets of the load balancer (and of what stands before it): only their word about the
    client's address is taken. None: clients connect to this host themselves."""
    idle_seconds: int = 75
    """Longer than the load balancer keeps a quiet connection, or it is cut under a request."""
    challenge_directory: str | None = None
    """Where ACME challenges are answered from; port 80 then redirects everything else."""


def security_headers(
    *,
    frame_options: str = "SAMEORIGIN",
    referrer_policy: str = "strict-origin-when-cross-origin",
    content_security_policy: str | None = None,
    hsts_seconds: int = 31_536_000,
    legacy_xss_filter: bool = False,
) -> tuple[tuple[str, str], ...]:
    """The headers of every answer, errors and static files included."""
    optional = {
        "Strict-Transport-Security": f"max-age={hsts_seconds}; includeSubDomains"
        if hsts_seconds
        else None,
        "Content-Security-Policy": content_security_policy,
        "X-XSS-Protection": "1; mode=block" if legacy_xss_filter else None,
    }
    return (
        ("X-Frame-Options", frame_options),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", referrer_policy),
        *((name, value) for name, value in optional.items() if value is not None),
    )


def current(application: str) -> str:
    """The release of an application that serves."""
    return f"/srv/{application}/current"


def kept_assets(application: str, site: str) -> str:
    """Fingerprinted files of all versions at hand; the release program links them there."""
    return f"/srv/{application}/assets/{site}"


def nginx(wanted: Nginx) -> Role:
    """Installed, judged by nginx before every change, and reloaded without losing a request."""
    return Role(
        name="nginx",
        install=(Packages(("nginx",)),),
        configure=(
            Directory(LIVE),
            *(
                Ensure(
                    f"first colour of {upstream.name}",
                    f"test -s {LIVE}/{upstream.name}.conf",
                    f"echo {shlex.quote(live_server(upstream.colours[0]))}"
                    f" | put {LIVE}/{upstream.name}.conf 0644 root root",
                )
                for upstream in wanted.upstreams
                if upstream.colours
            ),
            File(
                "/etc/tmpfiles.d/groundwork-drain.conf",
                f"d {DRAIN} 0755 root root -\n",
            ),
            Directory(DRAIN),
            Directory(PAUSED),
            File(
                MAIN,
                configuration(wanted),
                validate="nginx -t -q -c %s",
                owes=(reload(UNIT),),
            ),
            Absent("/etc/nginx/sites-enabled/default"),
        ),
        activate=(Running(UNIT),),
    )


def live_server(port: int) -> str:
    """The one line of a LIVE file."""
    return f"server 127.0.0.1:{port};"


# -- the file ---------------------------------------------------------------------------------


def configuration(wanted: Nginx) -> str:
    """The text of nginx.conf."""
    lines = [
        "# Written by groundwork; a change by hand is undone at the next run.",
        "user www-data;",
        "worker_processes auto;",
        "worker_rlimit_nofile 16384;",
        f"worker_shutdown_timeout {LONGEST_GOODBYE};",
        "pid /run/nginx.pid;",
        "error_log /var/log/nginx/error.log warn;",
        *block("events", ["worker_connections 4096;"]),
        *block("http", _http(wanted)),
    ]
    return "\n".join(lines) + "\n"


def block(head: str, body: Iterable[str]) -> Iterator[str]:
    yield f"{head} {{"
    for line in body:
        yield f"  {line}" if line else ""
    yield "}"


def _http(wanted: Nginx) -> Iterator[str]:
    yield "include /etc/nginx/mime.types;"
    yield "default_type application/octet-stream;"
    yield "sendfile on;"
    yield "tcp_nopush on;"
    yield "server_tokens off;"
    yield f"keepalive_timeout {wanted.idle_seconds}s;"
    yield "keepalive_requests 10000;"
    yield "client_header_timeout 15s;"
    yield "send_timeout 60s;"
    yield "reset_timedout_connection on;"
    yield ""
    # One line an answer: nginx joins the pieces as they stand.
    yield "log_format json escape=json"
    yield '  \'{"at":"$time_iso8601","client":"$remote_addr",\''
    yield '  \'"host":"$host","method":"$request_method","uri":"$uri","status":$status,\''
    yield '  \'"bytes":$body_bytes_sent,"seconds":$request_time,"upstream":"$upstream_addr",\''
    yield '  \'"upstream_seconds":"$upstream_response_time","request":"$request_id"}\';'
    yield "access_log /var/log/nginx/access.log json;"
    yield ""
    yield from _client_address(wanted.trusted_proxies)
    yield ""
    # Plain requests get an empty header, or their connections to the service are never reused.
    yield from block("map $http_upgrade $connection_upgrade", ["default upgrade;", "'' '';"])
    yield ""
    yield from block(
        "map $http_user_agent $asked_by", ["default visitor;", f"~^{CHECKER} load-balancer;"]
    )
    yield ""
    yield from _limits(wanted.servers)
    yield "gzip on;"
    yield "gzip_vary on;"
    yield "gzip_proxied any;"
    for upstream in wanted.upstreams:
        yield ""
        yield from block(f"upstream {upstream.name}", _upstream(upstream))
    for port in sorted({server.port for server in wanted.servers}):
        same = [server for server in wanted.servers if server.port == port]
        for server in same:
            yield ""
            yield from block("server", _server(server, alone=len(same) == 1))
        if len(same) > 1 or same[0].host_names:
            yield ""
            yield from block("server", _anyone_else(same))
    if wanted.challenge_directory is not None:
        yield ""
        yield from block("server", _port_80(wanted.challenge_directory))


def _client_address(trusted: Sequence[str]) -> Iterator[str]:
    if not trusted:
        yield from block("map $scheme $client_scheme", ["default $scheme;"])
        return
    for subnet in trusted:
        yield f"set_real_ip_from {subnet};"
    yield "real_ip_header X-Forwarded-For;"
    # From the right, the first address that is not one of ours: what stands left of it is
    # whatever the client liked to claim.
    yield "real_ip_recursive on;"
    yield from block(
        "map $http_x_forwarded_proto $client_scheme", ["https https;", "default $scheme;"]
    )


def _limits(servers: Sequence[Server]) -> Iterator[str]:
    limits = {
        _zone(location): location.limit
        for server in servers
        for location in server.locations
        if isinstance(location, Proxied) and location.limit
    }
    for zone, limit in limits.items():
        rate = f"{limit.requests_per_second}r/s"
        yield f"limit_req_zone $binary_remote_addr zone={zone}:10m rate={rate};"
        if limit.connections is not None:
            yield f"limit_conn_zone $binary_remote_addr zone={zone}_connections:10m;"
        for log_in, (path, per_minute) in _log_ins(zone, limit):
            # Whatever leaves the variable empty is not counted.
            whom = [f'"~^{re.escape(path)}" $binary_remote_addr;', "default '';"]
            yield from block(f"map $uri ${log_in}", whom)
            yield f"limit_req_zone ${log_in} zone={log_in}:10m rate={per_minute}r/m;"
    if limits:
        yield "limit_req_status 429;"
        yield "limit_conn_status 429;"
        yield ""


def _log_ins(zone: str, limit: RateLimit) -> Iterator[tuple[str, tuple[str, int]]]:
    for number, guarded in enumerate(limit.log_in):
        yield f"{zone}_log_in_{number}", guarded


def _zone(location: Proxied) -> str:
    return location.upstream.replace("-", "_")


def _compression(wanted: Compression) -> Iterator[str]:
    yield f"gzip_min_length {wanted.min_bytes};"
    yield f"gzip_comp_level {wanted.level};"
    # text/html is always compressed, and naming it is a warning.
    yield f"gzip_types {' '.join(kind for kind in wanted.types if kind != 'text/html')};"


def _upstream(upstream: Upstream) -> Iterator[str]:
    if upstream.balance == "least-connections":
        yield "least_conn;"
    if upstream.balance == "client-address":
        yield "ip_hash;"
    if upstream.colours:
        yield f"include {LIVE}/{upstream.name}.conf;"
    for backend in upstream.backends:
        facts = [f"max_fails={backend.max_fails}", f"fail_timeout={backend.fail_seconds}s"]
        if backend.weight != 1:
            facts.append(f"weight={backend.weight}")
        if backend.backup:
            facts.append("backup")
        yield f"server {backend.address}:{backend.port} {' '.join(facts)};"
    if upstream.keepalive:
        yield f"keepalive {upstream.keepalive};"


def _server(server: Server, *, alone: bool) -> Iterator[str]:
    default = alone and not server.host_names
    facts = [*(["ssl"] if server.tls else []), *(["default_server"] if default else [])]
    yield f"listen {' '.join([str(server.port), *facts])};"
    if server.tls:
        yield from _tls(server.tls)
    yield f"server_name {' '.join(server.host_names) or '_'};"
    yield from _compression(server.compression)
    yield from _unavailable(server)
    yield from _headers(server)
    if default:
        yield from _nginx_health()
    if server.health:
        yield from _health(server, server.health)
    for path in server.denied:
        yield from block(f"location ^~ {path.rstrip('/*')}", [*_headers(server), "return 403;"])
    for location in server.locations:
        if server.health and location.path == server.health.path:
            continue  # answered above, and nginx takes no path twice
        body = (
            _proxied(server, location)
            if isinstance(location, Proxied)
            else _files(server, location)
        )
        yield from block(f"location {_match(location.path)}", body)
    if not any(location.path in ("/", "/*") for location in server.locations):
        yield from block("location /", [*_headers(server), "return 404;"])


def _anyone_else(servers: Sequence[Server]) -> Iterator[str]:
    """Whoever asks by no known name: the load balancer's checks, which use the address."""
    tls = next((server.tls for server in servers if server.tls), None)
    yield f"listen {servers[0].port}{' ssl' if tls else ''} default_server;"
    if tls:
        yield from _tls(tls)
    yield "server_name _;"
    yield from _nginx_health()
    seen: set[str] = set()
    for server in servers:
        if server.health and server.health.path not in seen:
            seen.add(server.health.path)
            yield from _health(server, server.health)
    yield from block("location /", [*_headers(servers[0]), "return 404;"])


def _needs_release(server: Server) -> Iterator[str]:
    """In every block that answers for the application; nginx itself is well without a release."""
    yield from block(f"if (!-e {current(server.application)})", ["return 503;"])


def _is_open(server: Server) -> Iterator[str]:
    """In every block for visitors."""
    yield from _needs_release(server)
    yield from block(f"if (-e {PAUSED}/{server.application})", ["return 503;"])


def _unavailable(server: Server) -> Iterator[str]:
    yield "error_page 503 @unavailable;"
    yield from block(
        "location @unavailable",
        [
            *_headers(server),
            "add_header Retry-After 60 always;",
            "default_type text/plain;",
            'return 503 "Not available at the moment.\\n";',
        ],
    )


def _tls(tls: Tls) -> Iterator[str]:
    yield "http2 on;"
    yield f"ssl_certificate {tls.certificate};"
    yield f"ssl_certificate_key {tls.key};"
    yield f"ssl_protocols {'TLSv1.3' if tls.only_1_3 else 'TLSv1.2 TLSv1.3'};"
    yield f"ssl_ciphers {':'.join(tls.ciphers)};"
    yield "ssl_prefer_server_ciphers off;"
    yield "ssl_session_cache shared:SSL:10m;"
    yield "ssl_session_timeout 10m;"
    yield "ssl_session_tickets off;"


def _headers(server: Server, *, besides: Iterable[str] = ()) -> Iterator[str]:
    """In every block again: one header of its own makes a block forget all inherited ones."""
    for name, value in server.headers:
        yield f'add_header {name} "{_quoted(value)}" always;'
    yield from besides


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _nginx_health() -> Iterator[str]:
    yield from block(
        "location = /nginx-health",
        ["access_log off;", "default_type text/plain;", 'return 200 "ok\\n";'],
    )


def _health(server: Server, health: Health) -> Iterator[str]:
    answer = (
        _entry_page(server)
        if health.upstream is None
        else _pass(server, health.upstream, websocket=False, read_timeout=10)
    )
    yield from block(
        f"location = {health.path}",
        [
            "access_log off;",
            *_needs_release(server),
            *_leaving(server),
            *_paused(server),
            *_headers(server),
            *answer,
        ],
    )


def _leaving(server: Server) -> Iterator[str]:
    """For the load balancer alone: a visitor who asks is answered for as long as it can be."""
    yield "set $rotation $asked_by;"
    yield from block(f"if (-e {DRAIN}/{server.application})", ['set $rotation "$asked_by leaves";'])
    yield from block('if ($rotation = "load-balancer leaves")', ["return 503;"])


def _paused(server: Server) -> Iterator[str]:
    """The load balancer goes on sending: what tells visitors when to come again is this host."""
    yield 'set $pause "";'
    yield from block(f"if (-e {PAUSED}/{server.application})", ["set $pause $asked_by;"])
    yield from block("if ($pause = load-balancer)", ['return 200 "paused\\n";'])
    yield from block("if ($pause = visitor)", ["return 503;"])


def _entry_page(server: Server) -> Iterator[str]:
    for location in server.locations:
        if isinstance(location, Files):
            yield from block(f"if (!-f {location.directory}/index.html)", ["return 503;"])
    yield "default_type text/plain;"
    yield 'return 200 "ok\\n";'


def _match(path: str) -> str:
    """The load balancer's pattern in nginx's words: only a trailing star means "and below"."""
    if path.endswith("*"):
        return path[:-1]
    return path if path == "/" else f"= {path}"


def _proxied(server: Server, location: Proxied) -> Iterator[str]:
    yield from _is_open(server)
    yield f"client_max_body_size {location.body_limit.lower()};"
    yield f"client_body_timeout {location.body_timeout_seconds}s;"
    if location.limit:
        yield f"limit_req zone={_zone(location)} burst={location.limit.burst} nodelay;"
        if location.limit.connections is not None:
            yield f"limit_conn {_zone(location)}_connections {location.limit.connections};"
        for log_in, _ in _log_ins(_zone(location), location.limit):
            yield f"limit_req zone={log_in} burst={LOG_IN_BURST} nodelay;"
    yield from _headers(server)
    yield from _pass(
        server,
        location.upstream,
        websocket=location.websocket,
        read_timeout=location.read_timeout_seconds,
    )
    if location.immutable_extensions and location.path.endswith("*"):
        extensions = "|".join(location.immutable_extensions)
        yield from block(
            f"location ~* \\.({extensions})$",
            [
                *_is_open(server),
                "proxy_hide_header Cache-Control;",
                "proxy_hide_header Expires;",
                *_headers(server, besides=[IMMUTABLE]),
                *_pass(
                    server,
                    location.upstream,
                    websocket=False,
                    read_timeout=location.read_timeout_seconds,
                ),
            ],
        )


# Without "always": an error must not be kept for a year.
IMMUTABLE = 'add_header Cache-Control "public, max-age=31536000, immutable";'


def _pass(server: Server, upstream: str, *, websocket: bool, read_timeout: int) -> Iterator[str]:
    for name, _ in server.headers:
        yield f"proxy_hide_header {name};"
    yield "proxy_http_version 1.1;"
    yield "proxy_set_header Host $host;"
    yield "proxy_set_header X-Real-IP $remote_addr;"
    # Not appended to what came in: the service reads one address, and it is the true one.
    yield "proxy_set_header X-Forwarded-For $remote_addr;"
    yield "proxy_set_header X-Forwarded-Proto $client_scheme;"
    yield "proxy_set_header X-Request-Id $request_id;"
    if websocket:
        yield "proxy_set_header Upgrade $http_upgrade;"
        yield "proxy_set_header Connection $connection_upgrade;"
    else:
        yield 'proxy_set_header Connection "";'
    yield "proxy_connect_timeout 5s;"
    yield "proxy_send_timeout 60s;"
    yield f"proxy_read_timeout {read_timeout}s;"
    yield "proxy_next_upstream error timeout http_502 http_503 http_504;"
    yield "proxy_next_upstream_tries 2;"
    yield f"proxy_pass http://{upstream};"


def _files(server: Server, location: Files) -> Iterator[str]:
    yield from _is_open(server)
    yield f"root {location.directory};"
    yield "index index.html;"
    # The page itself is asked for each time; what it names is fingerprinted.
    yield from _headers(server, besides=['add_header Cache-Control "no-cache";'])
    fallback = "/index.html" if location.single_page else "=404"
    if location.single_page:
        # A missing picture or script is an error, not the page.
        yield from block(
            "location ~* \\.[a-z0-9]+$",
            [
                *_is_open(server),
                *_headers(server, besides=['add_header Cache-Control "no-cache";']),
                "try_files $uri =404;",
            ],
        )
    for pattern in location.immutable:
        yield from block(
            f"location ^~ {_match(pattern)}",
            [
                *_is_open(server),
                *([f"root {location.immutable_directory};"] * bool(location.immutable_directory)),
                *_headers(server, besides=[IMMUTABLE]),
                "try_files $uri =404;",
            ],
        )
    yield f"try_files $uri $uri/ {fallback};"


def _port_80(directory: str) -> Iterator[str]:
    yield "listen 80 default_server;"
    yield "server_name _;"
    yield from block(
        "location ^~ /.well-known/acme-challenge/",
        [f"root {directory};", "default_type text/plain;"],
    )
    yield from block("location /", ["return 301 https://$host$request_uri;"])
