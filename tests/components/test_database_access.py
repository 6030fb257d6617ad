import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from components.database_access import (
    DatabaseAccess,
    DatabaseAccessArgs,
    DatabaseRole,
    connection_url,
)
from tests.components.secrecy import opened
from tests.recording import Engine

VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
ARGS = DatabaseAccessArgs(
    engine="postgres",
    port=5432,
    database="3dgenerator_prod",
    roles={
        "owner": DatabaseRole(username="generator_owner", host="main.internal"),
        "readonly": DatabaseRole(username="generator_reader", host="replica.internal"),
    },
    key_arn="arn:aws:kms:eu-west-1:123456789012:key/k",
    durable=True,
)


def secret(engine: Engine, task: str) -> dict[str, Any]:
    return json.loads(opened(engine.named(VERSION, f"app-{task}").inputs["secretString"]))


def test_each_task_has_a_secret_of_its_own(engine: Engine) -> None:
    engine.build(lambda: DatabaseAccess("app", ARGS))

    assert len(engine.of(VERSION)) == 2
    assert secret(engine, "owner")["username"] == "generator_owner"
    assert secret(engine, "owner")["password"] != secret(engine, "readonly")["password"]


def test_a_secret_says_all_that_a_client_asks(engine: Engine) -> None:
    engine.build(lambda: DatabaseAccess("app", ARGS))

    assert secret(engine, "owner") == {
        "username": "generator_owner",
        "password": "generated-app-owner",
        "host": "main.internal",
        "port": 5432,
        "dbname": "3dgenerator_prod",
        "url": "postgresql://generator_owner:generated-app-owner@main.internal:5432/"
        "3dgenerator_prod?sslmode=require",
    }


def test_who_only_reads_may_be_sent_to_a_replica(engine: Engine) -> None:
    engine.build(lambda: DatabaseAccess("app", ARGS))

    assert secret(engine, "readonly")["host"] == "replica.internal"


def test_the_drivers_own_options_stand_beside_tls(engine: Engine) -> None:
    pool = {"connection_limit": "20", "pool_timeout": "30"}
    engine.build(lambda: DatabaseAccess("app", replace(ARGS, url_options=pool)))

    assert parse_qs(urlsplit(secret(engine, "owner")["url"]).query) == {
        "sslmode": ["require"],
        "connection_limit": ["20"],
        "pool_timeout": ["30"],
    }


def test_no_role_means_no_secret(engine: Engine) -> None:
    engine.build(lambda: DatabaseAccess("app", replace(ARGS, roles={})))

    assert engine.of(VERSION) == []


@given(password=st.text(min_size=1), username=st.text(min_size=1), database=st.text(min_size=1))
def test_any_password_comes_out_of_the_url_as_it_went_in(
    password: str, username: str, database: str
) -> None:
    args = replace(ARGS, engine="mysql", port=3306, database=database, url_options={})
    url = urlsplit(connection_url(args, username, password, "main.internal"))

    assert unquote(url.password or "") == password
    assert unquote(url.username or "") == username
    assert unquote(url.path.removeprefix("/")) == database
    assert (url.hostname, url.port) == ("main.internal", 3306)
    assert parse_qs(url.query) == {"ssl-mode": ["REQUIRED"]}
