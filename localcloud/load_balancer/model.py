"""What a load balancer is asked to do, in plain values and AWS's words."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One test of a rule: any of its values will do."""

    field: Literal[
        "host-header",
        "path-pattern",
        "http-header",
        "http-request-method",
        "query-string",
        "source-ip",
    ]
    values: tuple[str, ...]
    header: str = ""


@dataclass(frozen=True, kw_only=True)
class Forward:
    """To one of these target groups, by weight."""

    weights: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Redirect:
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"
    status: int = 302


@dataclass(frozen=True, kw_only=True)
class Respond:
    status: int
    content_type: str = "text/plain"
    body: str = ""


Action = Forward | Redirect | Respond


@dataclass(frozen=True, kw_only=True)
class Rule:
    conditions: tuple[Condition, ...]
    action: Action


@dataclass(frozen=True, kw_only=True)
class Listener:
    port: int
    # Empty where the listener speaks plain HTTP; the first is for a client that names no host.
    certificates: tuple[str, ...] = ()
    oldest_tls: str = "TLSv1.2"
    # In the order of their priorities.
    rules: tuple[Rule, ...] = ()
    default: Action = Respond(status=503)


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    path: str = "/"
    port: int | None = None
    tls: bool = False
    statuses: str = "200"
    interval: int = 30
    timeout: int = 5
    healthy: int = 5
    unhealthy: int = 2


@dataclass(frozen=True, kw_only=True)
class TargetGroup:
    name: str
    health: HealthCheck
    tls: bool = False
    algorithm: str = "round_robin"
    # Seconds that a client stays with its target; None: with none.
    sticky: int | None = None
    deregistration_delay: int = 300
    slow_start: int = 0


@dataclass(frozen=True, kw_only=True)
class Target:
    """A registered target, by the name it has in the proxy."""

    group: str
    id: str
    address: str
    port: int

    @property
    def name(self) -> str:
        return f"{self.id}_{self.port}"


@dataclass(frozen=True, kw_only=True)
class Balancer:
    """Everything about one load balancer except its targets, which come and go."""

    listeners: tuple[Listener, ...]
    groups: Mapping[str, TargetGroup] = field(default_factory=dict[str, TargetGroup])
    idle_timeout: int = 60
    http2: bool = True
    # What becomes of a client's own X-Forwarded-For.
    forwarded_for: Literal["append", "preserve", "remove"] = "append"


def still_draining(
    asked: Mapping[str, float], leaving: Collection[str], read_at: float
) -> dict[str, float]:
    """Of the targets that are to leave, each with when that was asked for (seconds since 1970),
    those that the proxy has not let go of: it holds those leaving, and what was asked for after
    the records were read it has not been told yet."""
    return {target: at for target, at in asked.items() if target in leaving or at > read_at}


def lost(
    leaving: Iterable[tuple[str, str]],
    groups: Collection[str],
    servers: Collection[tuple[str, str]],
) -> list[tuple[str, str]]:
    """Of the servers that leave, by group and name, those of a balancer's groups that its proxy has
    no more: a reload, and a start after a crash, take over only those that are wanted."""
    return [one for one in leaving if one[0] in groups and one not in servers]
