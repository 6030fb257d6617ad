"""Signing keys and users of databases change on the whole stack, and nobody is logged out by it.

Each rotation goes on from whatever the one before has left, so each test runs alone and again.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from commands.progress import again_and_again
from tests.e2e.cloud import Cloud
from tests.e2e.database_server import described, query
from tests.e2e.served import (
    INGENIO,
    PHOTO,
    THREED,
    Served,
    knows,
    log_in,
    made,
    on_each,
    register,
    status_of,
    under_load,
    well,
)
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.long

# A minute allows five attempts to log in, and 30 requests of one person.
SECONDS_BETWEEN_LOG_INS = 15


@pytest.fixture(scope="module")
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    return Visitor(platform)


# -- those who are logged in ----------------------------------------------------------------------


@dataclass
class Sessions:
    """The first one and the newest, each asked for again and again."""

    visitor: Visitor
    served: Served
    tokens: list[str] = field(default_factory=list[str])
    asked: int = 0
    failures: list[str] = field(default_factory=list[str])

    def go_on(self) -> None:
        try:
            self.tokens.append(log_in(self.visitor, self.served))
            for number in sorted({0, len(self.tokens) - 2, len(self.tokens) - 1}):
                self.asked += 1
                if not knows(self.visitor, self.served, self.tokens[number]):
                    self.failures.append(f"session {number} of {len(self.tokens)} is forgotten")
        # What visitors see is the test's to judge, when all of it has been seen.
        except AssertionError as error:
            self.failures.append(str(error))


@contextmanager
def logged_in(visitor: Visitor, served: Served) -> Iterator[Sessions]:
    register(visitor, served)
    sessions = Sessions(visitor, served, [log_in(visitor, served)])
    with again_and_again(sessions.go_on, SECONDS_BETWEEN_LOG_INS):
        yield sessions


# -- signing keys ---------------------------------------------------------------------------------


def keys(cloud: Cloud, served: Served) -> dict[str, str]:
    """Its two signing keys, as Secrets Manager holds them."""
    manager = cloud.client("secretsmanager")
    (name,) = [
        one["Name"]
        for page in manager.get_paginator("list_secrets").paginate()
        for one in page["SecretList"]
        if one["Name"].startswith(f"{served.name}-jwt-secret-")
    ]
    return json.loads(manager.get_secret_value(SecretId=name)["SecretString"])


def signed(token: str, key: str) -> bool:
    """Whether a key signed it: as it is in Node's applications, its digest in Java's."""
    content, _, signature = token.rpartition(".")
    return signature in {
        base64.urlsafe_b64encode(hmac.digest(secret, content.encode(), "sha256"))
        .rstrip(b"=")
        .decode()
        for secret in (key.encode(), hashlib.sha256(key.encode()).digest())
    }


# Processes that PM2 exchanges, and two colours.
@on_each(THREED, INGENIO)
def test_a_signing_key_gives_way_to_another_and_nobody_is_logged_out(
    visitor: Visitor, served: Served, tmp_path: Path
) -> None:
    cloud = visitor.cloud
    well(visitor, served)
    before = keys(cloud, served)

    with (
        under_load(visitor, served, tmp_path) as load,
        logged_in(visitor, served) as sessions,
    ):
        cloud.expect_command("rotate", "local", served.name, "JWT_SECRET", "--yes", "--early")

    load.nobody_noticed()
    print(f"{sessions.asked} times asked for {len(sessions.tokens)} sessions")
    assert sessions.failures == []
    after = keys(cloud, served)
    assert after["previous"] == before["current"] != after["current"]
    first, newest = sessions.tokens[0], log_in(visitor, served)
    assert signed(first, after["previous"])
    assert signed(newest, after["current"])
    # Whichever host answers.
    assert all(knows(visitor, served, token) for token in (first, newest) for _ in range(4))
    assert "Nothing to change" in cloud.expect("up")
    refused = cloud.command("rotate", "local", served.name, "JWT_SECRET", "--yes")
    assert refused.returncode == 1
    assert "would log people out" in refused.stdout


# -- users of databases ---------------------------------------------------------------------------


def allowed_in(cloud: Cloud, served: Served, users: tuple[str, str]) -> set[str]:
    """Which of the two users may log in."""
    database = described(cloud, served.name)
    listed = ", ".join(f"'{user}'" for user in users)
    statement = (
        f"SELECT User FROM mysql.global_priv WHERE User IN ({listed}) "  # noqa: S608 - ours
        "AND Priv NOT LIKE '%\"account_locked\":true%'"
        if database["Engine"] == "mysql"
        else f"SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname IN ({listed})"  # noqa: S608 - ours
    )
    return set(query(cloud, database, statement).split())


def connected(cloud: Cloud, served: Served, users: tuple[str, str]) -> set[str]:
    """Which of the two users the application's connections are of."""
    database = described(cloud, served.name)
    listed = ", ".join(f"'{user}'" for user in users)
    statement = (
        f"SELECT DISTINCT USER FROM information_schema.PROCESSLIST WHERE USER IN ({listed})"  # noqa: S608 - ours
        if database["Engine"] == "mysql"
        else f"SELECT DISTINCT usename FROM pg_stat_activity WHERE usename IN ({listed})"  # noqa: S608 - ours
    )
    return set(query(cloud, database, statement).split())


@pytest.mark.parametrize(
    ("served", "role"), [(THREED, "prod_user"), (PHOTO, "ai_photo")], ids=["postgres", "mysql"]
)
def test_a_user_of_a_database_gives_way_to_the_other_and_nobody_notices(
    visitor: Visitor, served: Served, role: str, tmp_path: Path
) -> None:
    cloud, users = visitor.cloud, (role, f"{role}_b")
    well(visitor, served)
    (before,) = allowed_in(cloud, served, users)
    (after,) = set(users) - {before}
    address = made(visitor, served)

    with (
        under_load(visitor, served, tmp_path) as load,
        logged_in(visitor, served) as sessions,
    ):
        cloud.expect_command("rotate", "local", served.name, f"stores.main.{role}", "--yes")

    load.nobody_noticed()
    assert sessions.failures == []
    assert allowed_in(cloud, served, users) == {after}
    assert status_of(visitor, address) == 200
    assert connected(cloud, served, users) == {after}
    assert "Nothing to change" in cloud.expect("up")
