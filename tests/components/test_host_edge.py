"""One machine that answers the world itself: what it is told, and in what order."""

import json
from typing import Any

import pytest

from settings.problem import SettingsError
from tests.components.test_platform import changes
from tests.recording import Engine, Registered
from tests.stacks import built, settings_of

COMMAND = "command:remote:Command"
AUTHORITY = "https://acme.example.test/directory"


def wanted(**edge: Any) -> dict[str, Any]:
    found = changes("hosts", "host")
    return {**found, "edge": {**found["edge"], **edge}}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return built("dev", json.dumps(wanted(authority=AUTHORITY, email="ops@3dgenerator.com")))


@pytest.fixture(scope="module")
def script(engine: Engine) -> str:
    return engine.named(COMMAND, "shared-a1").inputs["stdin"]


def test_each_public_name_is_one_server_with_tls(script: str) -> None:
    for name in ("dev.3dgenerator.com", "api.dev.3dgenerator.com"):
        assert f"server_name {name};" in script
    assert "listen 443 ssl;" in script
    assert "listen 13000" not in script
    assert "ssl_certificate /etc/groundwork/tls/threed-generator/fullchain.pem;" in script


def test_the_certificate_is_of_all_its_names_from_the_authority_that_was_chosen(
    script: str,
) -> None:
    assert "--domain dev.3dgenerator.com --domain api.dev.3dgenerator.com" in script
    assert f"server = {AUTHORITY}\n" in script
    assert "email = ops@3dgenerator.com\n" in script


def test_tls_of_the_one_host_is_as_new_as_the_stack_says(script: str) -> None:
    newest = built("dev", json.dumps({**wanted(), "oldest_tls": "TLSv1.3"}))

    assert "ssl_protocols TLSv1.2 TLSv1.3;" in script
    assert "ssl_protocols TLSv1.3;" in newest.named(COMMAND, "shared-a1").inputs["stdin"]


def test_nobodys_word_is_taken_for_the_clients_address(script: str) -> None:
    assert "set_real_ip_from" not in script
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in script


def test_both_firewalls_are_open_to_the_world_for_the_web(script: str) -> None:
    assert "allow 443/tcp\nallow 80/tcp\nallow from" in script
    assert "allow 3000" not in script


def own_records(engine: Engine) -> dict[str, Registered]:
    """By name; those of distributions are aliases."""
    records = [one for one in engine.registered if one.typ == "aws:route53/record:Record"]
    return {
        one.inputs["name"]: one
        for one in records
        if one.inputs.get("type") == "A" and "records" in one.inputs
    }


def test_it_is_asked_by_name_so_names_come_first(engine: Engine) -> None:
    configuration = engine.named("groundwork:hosts:HostConfiguration", "shared-a1")
    records = {one.urn for one in own_records(engine).values()}

    assert records
    assert records <= set(configuration.dependencies)


def test_its_names_lead_to_its_own_address(engine: Engine) -> None:
    leads = {name: one.inputs["records"] for name, one in own_records(engine).items()}
    assert leads == {
        "dev.3dgenerator.com": ["203.0.113.20"],
        "api.dev.3dgenerator.com": ["203.0.113.20"],
    }


def test_a_bucket_with_a_name_of_its_own_is_still_served(engine: Engine) -> None:
    aliases = [one["aliases"] for one in engine.of("aws:cloudfront/distribution:Distribution")]
    assert ["cdn.dev.3dgenerator.com"] in aliases


def test_more_machines_than_one_are_refused() -> None:
    pools = {"shared": {"instance_type": "t4g.medium", "count": 2}}
    with pytest.raises(SettingsError, match=r"pools.shared.count is 2; edge host is one machine"):
        settings_of("dev", {**wanted(), "pools": pools})


def test_services_on_another_pool_are_refused() -> None:
    found = wanted()
    found["pools"] = {
        "shared": {"instance_type": "t4g.medium", "count": 1},
        "api": {"instance_type": "t4g.medium", "count": 1},
    }
    placed = found["applications"]["threed-generator"]
    placed["placement"] = {"kind": "hosts", "pools": {"web": "shared", "api": "api"}}
    with pytest.raises(SettingsError, match="edge host answers for shared alone"):
        settings_of("dev", found)


@pytest.mark.parametrize(
    ("key", "value"),
    [("authority", "http://acme.example.test/directory"), ("email", "nobody")],
)
def test_an_authority_or_contact_that_is_none_is_refused(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"edge\.{key} is "):
        settings_of("dev", wanted(**{key: value}))
