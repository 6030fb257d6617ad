"""What one address may ask of the stack, before any host or task counts for itself."""

from dataclasses import dataclass
from typing import Self

from settings.tree import Settings

# What one address may ask in a minute where no application says more.
REQUESTS_A_MINUTE = 2000


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Where large bodies are taken."""

    host: str
    path: str  # what it starts with


@dataclass(frozen=True, kw_only=True)
class LogIn:
    """Where passwords are tried: one address may ask less often."""

    host: str
    path: str  # what it starts with
    requests_a_minute: int


@dataclass(frozen=True, kw_only=True)
class Allowance:
    requests_a_minute: int | None  # from one address; None where that is the edge's own
    log_ins: tuple[LogIn, ...] = ()
    uploads: tuple[Upload, ...] = ()

    @classmethod
    def of(cls, settings: Settings, *, counted: bool = True) -> Self:
        """Of all applications together: never below what the hosts' own limits let through.

        counted: whether it is visitors who ask; behind the edge all come from its few addresses,
        and it has counted them.
        """
        if not counted:
            return cls(requests_a_minute=None, uploads=_uploads(settings))
        shapes = [service.shape for service in settings.routed]
        limits = [
            shape.proxy.rate_limit.requests_per_second * 60
            for shape in shapes
            if shape.proxy.rate_limit
        ]
        return cls(
            requests_a_minute=max([REQUESTS_A_MINUTE, *limits]),
            log_ins=_log_ins(settings),
            uploads=_uploads(settings),
        )


def _log_ins(settings: Settings) -> tuple[LogIn, ...]:
    return tuple(
        LogIn(
            host=settings.host_name(service.application.name, host),
            path=path,
            requests_a_minute=limit,
        )
        for service in settings.routed
        if service.shape.proxy.rate_limit
        for path, limit in service.shape.proxy.rate_limit.log_in.items()
        for host in dict.fromkeys(
            route.host for route in service.shape.routes if route.covers(path)
        )
    )


def _uploads(settings: Settings) -> tuple[Upload, ...]:
    uploads = (
        Upload(
            host=settings.host_name(service.application.name, route.host),
            path=route.path.partition("*")[0],
        )
        for service in settings.routed
        for route in service.shape.routes
        if route.upload
    )
    return tuple(dict.fromkeys(uploads))
