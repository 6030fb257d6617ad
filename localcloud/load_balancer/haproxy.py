"""A load balancer's wishes as HAProxy's configuration."""

import re
from collections.abc import Iterable, Iterator

from localcloud.load_balancer.model import (
    Action,
    Balancer,
    Condition,
    Forward,
    HealthCheck,
    Listener,
    Redirect,
    Respond,
    Target,
    TargetGroup,
)
from localcloud.services.node import CONFIG, DATA

RUN = "/run/store"
WORKER_SOCKET = f"{RUN}/worker.sock"
MASTER_SOCKET = f"{RUN}/master.sock"
STATE = f"{DATA}/state"

# Elastic Load Balancing guide: how long it tries to connect to a target, in seconds.
CONNECT_TIMEOUT = 10
ALGORITHMS = {
    "round_robin": "roundrobin",
    "least_outstanding_requests": "leastconn",
    "weighted_random": "random",
}
COOKIE = "AWSALB"
FETCHES = {
    "host-header": "req.hdr(host),field(1,:)",
    "path-pattern": "path",
    "http-request-method": "method",
    "source-ip": "src",
}
DEFAULT_PORTS = {"HTTP": "80", "HTTPS": "443"}


def configuration(balancer: Balancer, targets: Iterable[Target]) -> str:
    """The whole file; the targets are those that run already."""
    by_group: dict[str, list[Target]] = {name: [] for name in balancer.groups}
    for target in targets:
        if target.group in by_group:
            by_group[target.group].append(target)
    sections = [
        _global(balancer),
        *(_frontend(balancer, listener) for listener in balancer.listeners),
        *(_backend(group, by_group[name]) for name, group in sorted(balancer.groups.items())),
    ]
    return "\n".join(sections)


def server_options(group: TargetGroup, target: Target) -> str:
    """All that is said of one server, in the file and at run time alike."""
    health = group.health
    words = [
        f"{target.address}:{target.port}",
        "check",
        f"inter {health.interval}s",
        f"fall {health.unhealthy}",
        f"rise {health.healthy}",
    ]
    if health.port:
        words.append(f"port {health.port}")
    if group.tls:
        # A load balancer does not look at a target's certificate.
        words.append("ssl verify none")
    if health.tls:
        words.append("check-ssl verify none")
    if group.sticky is not None:
        words.append(f"cookie {target.name}")
    if group.slow_start:
        words.append(f"slowstart {group.slow_start}s")
    return " ".join(words)


def _global(balancer: Balancer) -> str:
    idle = balancer.idle_timeout
    return f"""global
  user haproxy
  group haproxy
  log stdout format raw local0 info
  stats socket {WORKER_SOCKET} mode 600 level admin expose-fd listeners
  stats timeout 1m
  server-state-file {STATE}
  # Old workers end at last, even if a client never does.
  hard-stop-after 1h
  tune.ssl.default-dh-param 2048

defaults
  mode http
  log global
  option httplog
  # Only what went wrong.
  option dontlog-normal
  # A client's idle connection is closed with its next answer, never while it asks.
  option idle-close-on-response
  load-server-state-from-file global
  timeout connect {CONNECT_TIMEOUT}s
  timeout client {idle}s
  timeout server {idle}s
  timeout tunnel {idle}s
  timeout http-request {idle}s
  timeout http-keep-alive {idle}s
  # Whoever is not reached is not asked again, and nobody else in its place.
  retries 0
"""


def _frontend(balancer: Balancer, listener: Listener) -> str:
    bind = f"bind :{listener.port}"
    if listener.certificates:
        files = " ".join(f"crt {CONFIG}/{name}" for name in listener.certificates)
        protocols = "h2,http/1.1" if balancer.http2 else "http/1.1"
        bind += f" ssl {files} ssl-min-ver {listener.oldest_tls} alpn {protocols}"
    scheme = "https" if listener.certificates else "http"
    lines = [
        bind,
        *_forwarded_for(balancer.forwarded_for),
        f"http-request set-header X-Forwarded-Proto {scheme}",
        f"http-request set-header X-Forwarded-Port {listener.port}",
        'http-request set-header X-Amzn-Trace-Id "Root=1-%[uuid()]"'
        " unless { req.hdr(X-Amzn-Trace-Id) -m found }",
        "http-request set-var(txn.bare) path,regsub(^/,)",
    ]
    decided: list[str] = []
    for number, rule in enumerate(listener.rules, start=1):
        names: list[str] = []
        for place, condition in enumerate(rule.conditions, start=1):
            name = f"rule{number}_{place}"
            lines += [f"acl {name} {test}" for test in _tests(condition)]
            names.append(name)
        undecided = "!{ var(txn.rule) -m found }"
        tests = " ".join([undecided, *names])
        lines.append(f"http-request set-var(txn.rule) int({number}) if {tests}")
        decided += _act(rule.action, f"{{ var(txn.rule) -m int {number} }}", listener)
    decided += _act(listener.default, "!{ var(txn.rule) -m found }", listener)
    # Answers come before forwards in the file, as HAProxy runs them in that order anyway.
    lines += [line for line in decided if not line.startswith("use_backend")]
    lines += [line for line in decided if line.startswith("use_backend")]
    body = "\n".join(f"  {line}" for line in lines)
    return f"frontend port{listener.port}\n{body}\n"


def _forwarded_for(mode: str) -> list[str]:
    given = "{ req.hdr(X-Forwarded-For) -m found }"
    if mode == "remove":
        return ["http-request del-header X-Forwarded-For"]
    if mode == "preserve":
        return []
    return [
        "http-request set-var(txn.through) req.fhdr(X-Forwarded-For)",
        "http-request set-header X-Forwarded-For %[src] unless " + given,
        'http-request set-header X-Forwarded-For "%[var(txn.through)], %[src]" if '
        "{ var(txn.through) -m found }",
    ]


def _tests(condition: Condition) -> Iterator[str]:
    """ACL lines of one name: any of them is enough."""
    if condition.field == "query-string":
        for value in condition.values:
            key, equals, text = value.partition("=")
            fetch = f"url_param({key})" if equals and key else "query"
            wanted = text if equals and key else f"*{value.removeprefix('=')}*"
            yield f"{fetch} {_pattern(wanted, ignore_case=True)}"
        return
    if condition.field == "source-ip":
        yield f"src {' '.join(condition.values)}"
        return
    if condition.field == "http-header":
        fetch = f"req.hdr({condition.header})"
    else:
        fetch = FETCHES[condition.field]
    # Only paths and methods tell capitals from small letters (Elastic Load Balancing guide).
    ignore_case = condition.field in ("host-header", "http-header")
    for value in condition.values:
        yield f"{fetch} {_pattern(value, ignore_case=ignore_case)}"


def _pattern(value: str, *, ignore_case: bool) -> str:
    """AWS's wildcards: * is any number of characters, ? is one."""
    flag = "-i " if ignore_case else ""
    if "*" not in value and "?" not in value:
        return f"-m str {flag}-- {quote(value)}"
    expression = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in value)
    return f"-m reg {flag}-- {quote(f'^{expression}$')}"


def _act(action: Action, when: str, listener: Listener) -> list[str]:
    if isinstance(action, Respond):
        body = f" content-type {quote(action.content_type)} string {quote(action.body)}"
        body = body if action.body else ""
        return [f"http-request return status {action.status}{body} if {when}"]
    if isinstance(action, Redirect):
        where = location(action, listener)
        return [f'http-request redirect code {action.status} location "{where}" if {when}']
    return list(_forward(action, when))


def _forward(action: Forward, when: str) -> Iterator[str]:
    weights = [(group, weight) for group, weight in action.weights if weight > 0]
    if len(weights) == 1:
        yield f"use_backend {weights[0][0]} if {when}"
        return
    total = sum(weight for _, weight in weights)
    if not total:
        yield f"http-request return status 503 if {when}"
        return
    yield f"http-request set-var(txn.share) rand({total}) if {when}"
    reached = 0
    for group, weight in weights:
        reached += weight
        yield f"use_backend {group} if {when} {{ var(txn.share) -m int lt {reached} }}"


def location(redirect: Redirect, listener: Listener) -> str:
    """Where a redirect leads, in HAProxy's own format; a protocol's usual port is left out."""
    spoken = "HTTPS" if listener.certificates else "HTTP"
    protocol = redirect.protocol.replace("#{protocol}", spoken)
    port = redirect.port.replace("#{port}", str(listener.port))
    shown = "" if DEFAULT_PORTS.get(protocol) == port else f":{port}"
    host = redirect.host.replace("#{host}", "%[req.hdr(host),field(1,:)]")
    if redirect.path == "/#{path}" and redirect.query == "#{query}":
        rest = "%[pathq]"
    else:
        rest = redirect.path.replace("#{path}", "%[var(txn.bare)]")
        if redirect.query:
            rest += "?" + redirect.query.replace("#{query}", "%[query]")
    return f"{protocol.lower()}://{host}{shown}{rest}"


def _backend(group: TargetGroup, targets: Iterable[Target]) -> str:
    lines = [
        f"balance {ALGORITHMS.get(group.algorithm, 'roundrobin')}",
        *_health(group.health),
    ]
    if group.sticky is not None:
        lines.append(f"cookie {COOKIE} insert indirect nocache maxidle {group.sticky}s")
    lines += [
        f"server {target.name} {server_options(group, target)}"
        for target in sorted(targets, key=lambda target: target.name)
    ]
    body = "\n".join(f"  {line}" for line in lines)
    return f"backend {group.name}\n{body}\n"


def _health(health: HealthCheck) -> list[str]:
    return [
        "option httpchk",
        f"http-check send meth GET uri {quote(health.path)} ver HTTP/1.1"
        " hdr Host health hdr User-Agent ELB-HealthChecker/2.0",
        f"http-check expect status {health.statuses}",
        f"timeout check {health.timeout}s",
    ]


def quote(text: str) -> str:
    """A word as HAProxy's configuration takes any: nothing in it means anything else."""
    flat = text.replace("\r", " ").replace("\n", " ")
    return "'" + flat.replace("'", "'\\''") + "'"
