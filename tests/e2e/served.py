"""The applications that the local stack serves, each with the load that its tests put on it."""

import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from localcloud.artifacts import Artifact, Artifacts, upload
from settings.load import stack_configuration
from tests import load
from tests.apps.pack import pack
from tests.e2e.cloud import STACK_FILE, Cloud, Host, wait_for
from tests.e2e.visitor import PATIENCE, Visitor


@dataclass(frozen=True)
class Traffic:
    """A steady stream of requests to one host name; together they stay below every limit."""

    host: str
    gets: tuple[str, ...]
    posts: tuple[str, ...] = ()
    post_every: int = 4
    """Every how manieth request is a POST."""
    rate: float = 4.0
    then: tuple[str, str] | None = None
    """What is made at the first path is asked for once more with the second: it names a job."""


@dataclass(frozen=True)
class Served:
    """One application of the local stack."""

    name: str
    traffic: tuple[Traffic, ...]
    version_at: str
    """Address of a page that says in JSON which version answers."""
    deep_at: str
    """Address of one that asks every store."""
    accounts_at: str
    """Below which people register, log in and are told who they are."""
    unwell: Collection[str]
    """The parts of it whose health check fails in a bad release."""
    pool: str
    """Where the service runs that is changed, stopped and replaced."""
    service: str
    variable: tuple[str, str]
    """One of that service's, and another value of it that harms nobody."""
    pages_version_at: str | None = None
    """Address of the same, where the pages are files and say nothing of themselves."""
    worker: tuple[str, str] | None = None
    """Pool and name of the service that does its jobs."""
    stop_seconds: int = 27
    """Another limit for the end of the service than its file has, and long enough."""


THREED = Served(
    name="threed-generator",
    traffic=(
        Traffic("3dgenerator.test", ("/", "/health"), rate=3.0),
        # Models go through every store. The deep check would not do: it says so when one is slow.
        Traffic("api.3dgenerator.test", ("/health",), ("/models?name=load",), rate=6.0),
    ),
    version_at="https://api.3dgenerator.test/health",
    deep_at="https://api.3dgenerator.test/health/db",
    accounts_at="https://api.3dgenerator.test/auth",
    unwell=("api",),
    pool="api",
    service="api",
    variable=("HUNYUAN_API_URL", "https://api.hunyuan.com/v2"),
)

# Jobs take so long that some are under way when the worker is told to go.
SECONDS_OF_WORK = 3

NOTEBOOK = Served(
    name="ai-notebook",
    traffic=(
        Traffic(
            "app.ainotebook.test",
            ("/", "/api/version"),
            ("/api/articles?title=load", "/api/uploads?name=load"),
            then=("/api/articles", f"/process?milliseconds={SECONDS_OF_WORK * 1000}"),
        ),
    ),
    version_at="https://app.ainotebook.test/api/version",
    deep_at="https://app.ainotebook.test/health",
    accounts_at="https://app.ainotebook.test/api/auth",
    pages_version_at="https://app.ainotebook.test/release.json",
    unwell=("api",),
    pool="api",
    service="api",
    variable=("LOG_LEVEL", "warn"),
    worker=("api", "worker"),
)

AIXSSS = Served(
    name="aixsss",
    traffic=(
        Traffic(
            "app.aixsss.test",
            ("/", "/api/health"),
            ("/api/projects?title=load",),
            post_every=8,
            then=("/api/projects", f"/outline?milliseconds={SECONDS_OF_WORK * 1000}"),
        ),
    ),
    version_at="https://app.aixsss.test/api/health",
    deep_at="https://app.aixsss.test/api/health/deep",
    accounts_at="https://app.aixsss.test/api/auth",
    pages_version_at="https://app.aixsss.test/release.json",
    # What nobody can ask for its health: it ends as soon as it has begun.
    unwell=("worker",),
    pool="back",
    service="worker",
    variable=("WORKER_CONCURRENCY", "5"),
    worker=("back", "worker"),
    stop_seconds=110,
)

PHOTO = Served(
    name="ai-photo",
    traffic=(
        Traffic("aizhao.test", ("/", "/health"), ("/api/photos?name=load",)),
        Traffic("www.aizhao.test", ("/", "/health"), rate=2.0),
    ),
    version_at="https://aizhao.test/health",
    deep_at="https://aizhao.test/api/health/deep",
    accounts_at="https://aizhao.test/api/auth",
    unwell=("api",),
    pool="web",
    service="api",
    variable=("LOG_LEVEL", "warn"),
)

INGENIO = Served(
    name="ingenio",
    traffic=(Traffic("api.ingenio.test", ("/api/version",), ("/api/projects?name=load",)),),
    version_at="https://api.ingenio.test/api/version",
    deep_at="https://api.ingenio.test/api/actuator/health",
    accounts_at="https://api.ingenio.test/api/auth",
    unwell=("api",),
    pool="back",
    service="api",
    variable=("SPRING_DATASOURCE_HIKARI_IDLETIMEOUT", "500000"),
    # Requests under way get 30 seconds, and 40 is what the file says.
    stop_seconds=45,
)

SERVED = (THREED, NOTEBOOK, AIXSSS, PHOTO, INGENIO)


def on_each(*served: Served) -> pytest.MarkDecorator:
    """A test of each of these applications, by its name."""
    return pytest.mark.parametrize("served", served, ids=lambda one: one.name)


@dataclass
class Load:
    """What the streams of one application saw, once they have stopped."""

    seen: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [failure for seen in self.seen.values() for failure in seen["failures"]]

    @property
    def requests(self) -> int:
        return sum(seen["requests"] for seen in self.seen.values())

    @property
    def acknowledged(self) -> list[str]:
        """Addresses of everything that was posted and taken."""
        return [
            f"https://{host}{path}"
            for host, seen in self.seen.items()
            for path in seen["acknowledged"]
        ]

    @property
    def jobs(self) -> list[str]:
        """Addresses of everything that was asked for, to be done later."""
        return [
            f"https://{host}{path}" for host, seen in self.seen.items() for path in seen["jobs"]
        ]

    def versions(self, host: str) -> set[str]:
        """Those that said who they are: not every page does."""
        return set(self.seen[host]["versions"]) - {"unknown"}

    def nobody_noticed(self) -> None:
        print({host: {k: s[k] for k in SHOWN} for host, s in self.seen.items()})
        print(self.failures)
        assert self.failures == []
        for host, seen in self.seen.items():
            assert seen["failed"] == 0, host
            assert seen["limited"] == 0, f"{host} was asked more than it allows: {seen}"
            assert seen["ok"] > 10, f"{host} was hardly asked: {seen}"


SHOWN = ("seconds", "requests", "ok", "failed", "limited", "versions", "nodes", "latency_ms")


@contextmanager
def under_load(visitor: Visitor, served: Served, folder: Path) -> Iterator[Load]:
    """Processes of their own ask all the time; what they saw is there afterwards."""
    found = Load()
    with ExitStack() as stack:
        running = {
            one.host: stack.enter_context(
                load.start(
                    load.Wanted(
                        url=f"https://{one.host}",
                        connect=f"{visitor.address}:443",
                        ca=visitor.authority,
                        out=folder / f"load-{one.host}.json",
                        gets=one.gets,
                        posts=one.posts,
                        read_back=bool(one.posts),
                        post_every=one.post_every,
                        rate=one.rate,
                        then=one.then,
                        # All of the cloud runs on this machine: slow is not failed.
                        timeout=60,
                        seconds=3600,
                    )
                )
            )
            for one in served.traffic
        }
        yield found
        found.seen = {host: one.stop() for host, one in running.items()}


def fresh_version(cloud: Cloud, served: Served) -> str:
    """One that nobody has published yet: a platform that stays up has seen others."""
    prefix = f"releases/{served.name}/"
    found = cloud.client("s3").list_objects_v2(
        Bucket=stack_configuration("local")["groundwork:artifacts"], Prefix=prefix, Delimiter="/"
    )
    known = [one["Prefix"].removeprefix(prefix).rstrip("/") for one in found["CommonPrefixes"]]
    newest = max(tuple(map(int, version.split("."))) for version in known)
    return ".".join(map(str, (*newest[:-1], newest[-1] + 1)))


def publish(cloud: Cloud, served: Served, folder: Path, **how: Any) -> str:
    """A version in the artifact bucket, packed as `how` says: unwell, broken, with a migration."""
    version = fresh_version(cloud, served)
    files = pack(served.name, version, folder, **how)
    configuration = stack_configuration("local")
    upload(
        Artifacts(
            bucket=configuration["groundwork:artifacts"],
            region=configuration["groundwork:region"],
            runtimes={},
            files=tuple(Artifact(file.relative_to(folder).as_posix(), file) for file in files),
        ),
        cloud.endpoint,
    )
    return version


def choose(cloud: Cloud, served: Served, version: str) -> None:
    """The version that the next `up` is about."""
    cloud.edit(STACK_FILE, "config", "groundwork:releases", served.name, value=version)


def hosts_of(cloud: Cloud, served: Served) -> dict[str, Host]:
    """The machines of its pool, by their names."""
    return hosts_in(cloud, served.pool)


def hosts_in(cloud: Cloud, pool: str) -> dict[str, Host]:
    return {
        name: host for name, host in sorted(cloud.machines().items()) if name.startswith(f"{pool}-")
    }


def colour_of(host: Host, served: Served) -> int | None:
    """The port of the colour that answers on a host; None where a service has only one."""
    told = host.container.run("cat", f"/etc/nginx/live/{served.name}-{served.service}.conf")
    return int(told.stdout.rpartition(":")[2].strip("; \n")) if told.returncode == 0 else None


def unit_of(host: Host, served: Served) -> str:
    """What runs its service there, in the colour that answers."""
    colour = colour_of(host, served)
    return f"{served.name}-{served.service}{f'@{colour}' if colour else ''}.service"


def version_of(visitor: Visitor, served: Served) -> str:
    return visitor.told(served.version_at)["version"]


def migration(version: str, folder: Path) -> Path:
    """A file that fails when it is run a second time."""
    number = 1000 + int(version.rpartition(".")[2])
    folder.mkdir()
    file = folder / f"{number}_once.sql"
    file.write_text(f"CREATE TABLE once_{number} (id bigint PRIMARY KEY);\n")
    return file


# -- what people do --------------------------------------------------------------------------------

JSON = ("-H", "Content-Type: application/json")
PERSON = '{"email": "ann@people.test", "password": "correct horse battery"}'


def register(visitor: Visitor, served: Served) -> None:
    """There is somebody who can log in."""
    answer = visitor.served(f"{served.accounts_at}/register", "-d", PERSON, *JSON)
    assert answer.status in (201, 409), answer


def log_in(visitor: Visitor, served: Served) -> str:
    """The token of a session, at the first attempt."""
    answer = visitor.ask(f"{served.accounts_at}/login", "-d", PERSON, *JSON)
    assert answer.status == 200, answer
    return answer.json()["token"]


def knows(visitor: Visitor, served: Served, token: str) -> bool:
    """Whether the session of that token is a valid one."""
    authorization = ("-H", f"Authorization: Bearer {token}")
    return visitor.ask(f"{served.accounts_at}/me", *authorization).status == 200


def made(visitor: Visitor, served: Served) -> str:
    """The address of something new, which is a row in its database."""
    traffic = next(one for one in served.traffic if one.posts)
    kind = ("-H", "Content-Type: application/octet-stream")
    answer = visitor.served(f"https://{traffic.host}{traffic.posts[0]}", "-d", "a few words", *kind)
    assert answer.status == 201, answer
    return f"https://{traffic.host}{answer.header('location')}"


def status_of(visitor: Visitor, address: str) -> int:
    """From the database: what a cache remembers is its own business."""
    time.sleep(0.2)
    return visitor.ask(address, "-H", "Cache-Control: no-cache").status


# -- how it is ------------------------------------------------------------------------------------


def all_healthy(cloud: Cloud) -> bool:
    """Every target of every group that has any."""
    balancing = cloud.client("elbv2")
    states = [
        target["TargetHealth"]["State"]
        for group in balancing.describe_target_groups()["TargetGroups"]
        for target in balancing.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
    ]
    return bool(states) and set(states) == {"healthy"}


def well(visitor: Visitor, served: Served) -> None:
    """Everything answers, as a test finds it that may run alone."""
    assert wait_for(lambda: all_healthy(visitor.cloud), PATIENCE)
    assert wait_for(lambda: visitor.served(served.version_at).status == 200, PATIENCE)
