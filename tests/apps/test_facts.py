"""What each application's manual asks for is found in the plan of production.

tests/facts/ holds the facts in our own words, less the manuals' defects; a new application adds a
file. The plan is what the engine is told: resources, and the scripts of the hosts.
"""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from hosts.unit import environment_file
from tests.recording import Engine, Registered
from tests.stacks import built, settings_of

FACTS = {
    path.stem: yaml.load(path.read_text(), yaml.CSafeLoader)
    for path in sorted((Path(__file__).parents[1] / "facts").glob("*.yaml"))
}
WRITTEN = re.compile(r"""printf %s ((?:'[^']*'|"[^"]*"|\S)+) \| put (\S+)""")
FRONT = 10_000


def each(*kinds: str) -> list[Any]:
    """One case for every entry under a kind of fact: application, its name, what is said of it."""
    return [
        pytest.param(application, name, wanted, id=f"{application}-{kind}-{name}")
        for application, facts in FACTS.items()
        for kind in kinds
        for name, wanted in _entries(facts.get(kind, {}))
    ]


def _entries(facts: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(facts, list):
        yield from ((fact["path"], fact) for fact in facts)
    else:
        yield from facts.items()


# -- the plan -------------------------------------------------------------------------------------


def plan() -> Engine:
    return built("prod")


def resource(kind: str, name: str) -> dict[str, Any]:
    (found,) = [one.inputs for one in resources(kind) if one.name == name]
    return found


def resources(kind: str) -> list[Registered]:
    """Of a provider, not of our own components."""
    return [one for one in plan().registered if one.custom and one.typ.rpartition(":")[2] == kind]


@cache
def files(pool: str) -> dict[str, str]:
    """Path → content of everything written on the first host of a pool; "" is the whole script."""
    script = str(resource("Command", f"{pool}-a1")["stdin"])
    written = {path: shlex.split(text)[0] for text, path in WRITTEN.findall(script)}
    return {"": script, **written}


def pool_of(application: str, service: str) -> str:
    placement = settings_of("prod").placed(application).placement
    return placement.pools[service]  # pyright: ignore[reportAttributeAccessIssue] all are on hosts


def secret_variables(application: str, service: str) -> dict[str, Any]:
    on_host = files(pool_of(application, service))
    return json.loads(on_host[f"/etc/groundwork/{application}-{service}/secrets.json"])["variables"]


def server(application: str, service: str) -> str:
    """The block of nginx that answers for a service."""
    text = files(pool_of(application, service))["/etc/nginx/nginx.conf"]
    port = FACTS[application]["services"][service]["port"] + FRONT
    blocks = re.findall(r"^  server \{\n.*?^  \}$", text, re.M | re.S)
    (block,) = [one for one in blocks if f"listen {port}" in one]
    return block


def location(application: str, service: str, path: str) -> str:
    match = path[:-1] if path.endswith("*") else f"= {path}"
    found = re.search(
        rf"^    location {re.escape(match)} \{{\n(.*?)^    \}}$",
        server(application, service),
        re.M | re.S,
    )
    assert found, f"nginx has no location {match}"
    return found[1]


def rule_for(host: str, path: str) -> dict[str, Any]:
    (rule,) = [
        one.inputs
        for one in resources("ListenerRule")
        if one.inputs["conditions"][0]["hostHeader"]["values"] == [host]
        and one.inputs["conditions"][1]["pathPattern"]["values"] == [path]
    ]
    return rule


# -- services -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("application", "service", "wanted"), each("services"))
def test_a_service_has_its_variables_and_fetches_its_secrets(
    application: str, service: str, wanted: dict[str, Any]
) -> None:
    on_host = files(pool_of(application, service))
    told = on_host[f"/etc/groundwork/{application}-{service}/environment"]
    for name, value in wanted.get("variables", {}).items():
        assert environment_file({name: value}) in told, name
    if wanted.get("secrets"):
        secret = secret_variables(application, service)
        assert set(wanted["secrets"]) - set(secret) == set()
        assert set(wanted.get("never", [])) & set(secret) == set()


@pytest.mark.parametrize(("application", "service", "wanted"), each("services"))
def test_a_service_listens_where_it_is_asked_and_is_checked_as_its_manual_says(
    application: str, service: str, wanted: dict[str, Any]
) -> None:
    if "port" not in wanted:
        assert f"{application}-{service}" not in {one.name for one in resources("TargetGroup")}
        return
    group = resource("TargetGroup", f"{application}-{service}")
    assert group["port"] == wanted["port"] + FRONT
    check = group["healthCheck"]
    assert {key: check[key] for key in wanted["check"]} == wanted["check"]
    if "algorithm" in wanted:
        assert group["loadBalancingAlgorithmType"] == wanted["algorithm"]
    if "sticky" in wanted:
        assert group["stickiness"]["enabled"] is wanted["sticky"]
    text = files(pool_of(application, service))["/etc/nginx/nginx.conf"]
    if "second_port" in wanted:
        first = files(pool_of(application, service))[""]
        assert f"server 127.0.0.1:{wanted['port']};" in first
        assert f"{application}-{service}@" in first
    else:
        assert f"server 127.0.0.1:{wanted['port']} " in text


@pytest.mark.parametrize(("application", "service", "wanted"), each("services"))
def test_a_service_has_the_limits_of_its_manual(
    application: str, service: str, wanted: dict[str, Any]
) -> None:
    on_host = files(pool_of(application, service))
    key = f"{application}-{service}"
    processes = json.loads(on_host.get(f"/etc/groundwork/{key}/ecosystem.config.json", "{}"))
    pm2 = processes["apps"][0] if processes else None
    unit = on_host.get(f"/etc/systemd/system/{key}.service") or on_host.get(
        f"/etc/systemd/system/{key}@.service", ""
    )
    if "memory_limit" in wanted:
        limit = wanted["memory_limit"]
        assert f"MemoryMax={limit}\n" in unit if pm2 is None else pm2["max_memory_restart"] == limit
    if "instances" in wanted:
        assert pm2 is not None
        assert (pm2["instances"], pm2["exec_mode"]) == (wanted["instances"], "cluster")
    if "stop_seconds" in wanted:
        assert f"TimeoutStopSec={wanted['stop_seconds']}s\n" in unit
    if "body_limit" in wanted:
        assert f"client_max_body_size {wanted['body_limit']};" in server(application, service)
    if "rate" in wanted:
        zone = key.replace("-", "_")
        rate = f"zone={zone}:10m rate={wanted['rate']['per_second']}r/s;"
        assert rate in on_host["/etc/nginx/nginx.conf"]
        burst = f"limit_req zone={zone} burst={wanted['rate']['burst']} nodelay;"
        assert burst in server(application, service)


@pytest.mark.parametrize(("application", "path", "wanted"), each("routes"))
def test_a_route_leads_to_its_service_and_stays_open_as_long_as_it_says(
    application: str, path: str, wanted: dict[str, Any]
) -> None:
    target = rule_for(wanted["host"], path)["actions"][0]["targetGroupArn"]
    assert target.endswith(f":{application}-{wanted['to']}")
    check = FACTS[application]["services"][wanted["to"]]["check"]["path"]
    if path == check:
        return  # nginx answers it as the check
    body = location(application, wanted["to"], path)
    assert f"proxy_pass http://{application}-{wanted['to']};" in body
    assert ("proxy_set_header Upgrade $http_upgrade;" in body) is wanted.get("websocket", False)
    if "read_timeout" in wanted:
        assert f"proxy_read_timeout {wanted['read_timeout']}s;" in body
        balancer = plan().one("aws:lb/loadBalancer:LoadBalancer")
        assert balancer["idleTimeout"] >= min(4000, wanted["read_timeout"])


@pytest.mark.parametrize(("application", "site", "wanted"), each("sites"))
def test_a_site_is_at_the_edge_with_its_fingerprinted_files_kept_for_a_year(
    application: str, site: str, wanted: dict[str, Any]
) -> None:
    (edge,) = [
        one.inputs for one in resources("Distribution") if one.inputs["aliases"] == [wanted["host"]]
    ]
    assert edge["defaultCacheBehavior"]["targetOriginId"] == site
    kept = {one["pathPattern"]: one["targetOriginId"] for one in edge["orderedCacheBehaviors"]}
    assert kept[wanted["immutable"]] == site
    if wanted.get("single_page"):
        assert "'/index.html'" in resource("Function", f"{application}-{site}")["code"]


# -- stores, buckets, secrets ---------------------------------------------------------------------


@pytest.mark.parametrize(("application", "store", "wanted"), each("databases"))
def test_a_database_is_as_its_manual_tunes_it(
    application: str, store: str, wanted: dict[str, Any]
) -> None:
    name = f"{application}-{store}"
    instance = resource("Instance", name)
    assert instance["engine"] == wanted["engine"]
    assert float(instance["engineVersion"]) >= wanted["least_version"]
    if "standby" in wanted:
        assert instance["multiAz"] is wanted["standby"]
    replicas = [one for one in resources("Instance") if one.name.startswith(f"{name}-replica")]
    assert len(replicas) == wanted.get("replicas", 0)
    has = {one["name"]: one["value"] for one in resource("ParameterGroup", name)["parameters"]}
    assert {key: has.get(key) for key in wanted["parameters"]} == wanted["parameters"]
    told = str(resource("Command", "groundwork-databases")["stdin"])
    for word in wanted.get("told", []):
        assert re.search(rf"\b{re.escape(word)}\b", told), word


@pytest.mark.parametrize(("application", "store", "wanted"), each("databases"))
def test_each_role_of_a_database_has_a_url_of_its_own(
    application: str, store: str, wanted: dict[str, Any]
) -> None:
    for role in wanted["roles"]:
        (version,) = [
            one.inputs["secretString"]["value"]
            for one in resources("SecretVersion")
            if one.name == f"{application}-{store}-roles-{role}"
        ]
        url = urlsplit(json.loads(version)["url"])
        assert url.username == role
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        assert {key: query.get(key) for key in wanted.get("url", {})} == wanted.get("url", {})


@pytest.mark.parametrize(("application", "store", "wanted"), each("caches"))
def test_a_cache_forgets_only_what_it_may(
    application: str, store: str, wanted: dict[str, Any]
) -> None:
    name = f"{application}-{store}"
    (group,) = [
        one.inputs
        for one in resources("ParameterGroup")
        if one.name == name and "elasticache" in one.typ
    ]
    assert {"name": "maxmemory-policy", "value": wanted["policy"]} in group["parameters"]
    cluster = resource("ReplicationGroup", name)
    assert float(cluster["engineVersion"]) >= wanted["least_version"]
    assert cluster["transitEncryptionEnabled"]
    if "keeps_days" in wanted:
        assert cluster["snapshotRetentionLimit"] == wanted["keeps_days"]
    assert cluster["numCacheClusters"] >= wanted.get("nodes", 1)


@pytest.mark.parametrize(("application", "bucket", "wanted"), each("buckets"))
def test_a_bucket_is_private_and_keeps_what_it_shall(
    application: str, bucket: str, wanted: dict[str, Any]
) -> None:
    name = f"{application}-{bucket}"
    assert all(
        value is True
        for key, value in resource("BucketPublicAccessBlock", name).items()
        if key != "bucket"
    )
    if "origins" in wanted:
        (rule,) = resource("BucketCorsConfiguration", name)["corsRules"]
        assert rule["allowedOrigins"] == wanted["origins"]
        assert set(wanted.get("exposes", [])) <= set(rule["exposeHeaders"])
    if wanted.get("versioned"):
        versioning = resource("BucketVersioning", name)["versioningConfiguration"]
        assert versioning["status"] == "Enabled"
    rules = resource("BucketLifecycleConfiguration", name)["rules"]
    expires = {
        rule["filter"]["prefix"]: rule["expiration"]["days"]
        for rule in rules
        if rule.get("expiration", {}).get("days")
    }
    assert {key: expires.get(key) for key in wanted.get("expire", {})} == wanted.get("expire", {})


@pytest.mark.parametrize(("application", "secret", "size"), each("secret_bytes"))
def test_a_generated_secret_is_long_enough(application: str, secret: str, size: int) -> None:
    name = f"{application}-{secret.lower().replace('_', '-')}"
    assert resource("RandomBytes", name)["length"] == size


# -- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("application", "schedule", "wanted"), each("schedules"))
def test_a_schedule_is_on_the_clock_of_one_host(
    application: str, schedule: str, wanted: dict[str, Any]
) -> None:
    timer = f"/etc/systemd/system/{application}-{wanted['service']}-{schedule}.timer"
    pool = pool_of(application, wanted["service"])
    assert f"OnCalendar={wanted['at']}\n" in files(pool)[timer]
    others = [one for one in resources("Command") if timer in str(one.inputs.get("stdin"))]
    assert [one.name for one in others] == [f"{pool}-a1"]


def served(application: str) -> list[str]:
    return [name for name, one in FACTS[application]["services"].items() if "port" in one]


@pytest.mark.parametrize("application", FACTS)
def test_a_person_is_told_at_the_thresholds_of_the_manual(application: str) -> None:
    wanted = FACTS[application]["thresholds"]
    for service in FACTS[application]["services"]:
        pool = pool_of(application, service)
        for measure in ("cpu", "memory", "disk"):
            alarm = resource("MetricAlarm", f"{pool}-{pool}-a1-{measure}")
            assert alarm["threshold"] <= wanted[f"{measure}_percent"], (pool, measure)
    for service in served(application):
        slow = resource("MetricAlarm", f"groundwork-{application}-{service}-slow")
        assert slow["threshold"] == wanted["slow_seconds"]
        errors = resource("MetricAlarm", f"groundwork-{application}-{service}-error-rate")
        assert errors["threshold"] == wanted.get("error_percent", 5)
        if "stuck_seconds" in wanted:
            stuck = resource("MetricAlarm", f"groundwork-{application}-{service}-stuck")
            assert stuck["threshold"] == wanted["stuck_seconds"]


@pytest.mark.parametrize("application", FACTS)
def test_answers_are_headed_and_compressed_as_the_manual_says(application: str) -> None:
    for service in served(application):
        text = server(application, service)
        for name, value in FACTS[application].get("headers", {}).items():
            assert f'add_header {name} "{value}" always;' in text
        if compression := FACTS[application].get("compression"):
            assert f"gzip_min_length {compression['min_bytes']};" in text
            assert f"gzip_comp_level {compression['level']};" in text
            types = re.search(r"gzip_types (.*);", text)
            assert types
            assert set(compression["types"]) - set(types[1].split()) == set()


@pytest.mark.parametrize("application", FACTS)
def test_logs_of_stores_are_kept_as_long_as_the_manual_says(application: str) -> None:
    groups = [one for one in resources("LogGroup") if one.name.startswith(f"{application}-")]
    assert groups
    assert {one.inputs["retentionInDays"] for one in groups} == {FACTS[application]["logs_days"]}


def test_every_application_has_its_facts() -> None:
    assert sorted(FACTS) == sorted(settings_of("prod").applications)
