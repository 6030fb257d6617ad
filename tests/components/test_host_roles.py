"""What the settings make of a host: the units, the proxy and the releases of an application."""

import json
from functools import cache
from typing import Any
from xml.etree import ElementTree

from components.host_facts import HostFacts, Variables
from components.host_roles import pool_roles
from components.variables import Facts, resolve
from components.workload import SecretReference
from hosts.roles.service import SecretSource
from hosts.steps import File
from settings.application import Logs
from settings.tree import Settings
from tests.stacks import settings_of

LOAD_BALANCER = ("10.0.0.0/24",)


@cache
def files(stack: str, pool: str) -> dict[str, str]:
    """Path → content of every file on a host of a pool."""
    settings = settings_of(stack)
    roles = pool_roles(settings, pool, facts(settings, pool), LOAD_BALANCER, first=True)
    return {
        step.path: step.content
        for role in roles
        for step in role.configure
        if isinstance(step, File)
    }


def facts(settings: Settings, pool: str) -> HostFacts:
    """What the stores and secrets would be, once they are made."""
    return HostFacts(
        operations="10.0.0.9",
        services={
            service.key: Variables(
                environment={"PORT": str(service.shape.port), "KIND": "plain"},
                secrets={"KEY": SecretSource(arn="arn:key")},
            )
            for service in settings.services_on(pool)
        },
    )


def test_logs_are_kept_as_long_as_the_application_says_and_the_journal_for_whoever_says_most() -> (
    None
):
    settings = settings_of("dev")
    pool = "studio"
    days = {"ai-photo": 9, "ingenio": 12}
    applications = {
        name: one.model_copy(update={"logs": Logs(keep_days=days.get(name, 400))})
        for name, one in settings.applications.items()
    }
    changed = settings.model_copy(update={"applications": applications})
    roles = pool_roles(changed, pool, facts(changed, pool), LOAD_BALANCER, first=True)
    told = {
        step.path: step.content
        for role in roles
        for step in role.configure
        if isinstance(step, File)
    }

    assert "MaxRetentionSec=12day\n" in told["/etc/systemd/journald.conf.d/groundwork.conf"]
    rotation = told["/etc/logrotate.d/ai-photo-api"]
    assert "  rotate 9\n  maxage 9\n" in rotation


def test_a_service_of_two_colours_has_one_unit_for_both_and_its_port_from_the_colour() -> None:
    unit = files("prod", "ingenio")["/etc/systemd/system/ingenio-api@.service"]

    assert "Environment=PORT=%i\n" in unit
    assert "WorkingDirectory=/srv/ingenio/colours/api-%i/api\n" in unit
    assert "PORT" not in files("prod", "ingenio")["/etc/groundwork/ingenio-api/environment"]
    assert "/etc/systemd/system/ingenio-api.service" not in files("prod", "ingenio")


def test_the_machine_s_options_stand_before_the_jar_and_in_today_s_words() -> None:
    unit = files("prod", "ingenio")["/etc/systemd/system/ingenio-api@.service"]
    (start,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    options, _, rest = start.partition(" -jar ")

    assert rest == "app.jar"
    for option in (
        "-Xms4g",
        "-Xmx4g",
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=200",
        "-XX:ParallelGCThreads=8",
        "-XX:ConcGCThreads=2",
        "-XX:InitiatingHeapOccupancyPercent=70",
        "-XX:+HeapDumpOnOutOfMemoryError",
    ):
        assert f" {option}" in options, option
    assert "-Xlog:gc*:file=/var/log/ingenio-api/gc-%i.log" in options
    assert "PrintGC" not in start
    assert "SuccessExitStatus=143\n" in unit
    assert "RestartSec=10s\n" in unit


def test_a_stack_gives_a_service_another_heap() -> None:
    unit = files("dev", "studio")["/etc/systemd/system/ingenio-api@.service"]

    assert "-Xms384m -Xmx384m" in unit


def test_the_release_knows_both_ports_and_how_long_the_old_one_stays_ready() -> None:
    def service(stack: str, pool: str) -> dict[str, Any]:
        told = json.loads(files(stack, pool)["/etc/groundwork/releases/ingenio.json"])
        (only,) = told["services"]
        return only

    wanted = {"kind": "colours", "unit": "ingenio-api@.service", "colours": [8080, 8081]}
    assert wanted.items() <= service("prod", "ingenio").items()
    # The manual's five minutes; a stack may say less.
    assert service("prod", "ingenio")["hold_seconds"] == 300
    assert service("dev", "studio")["hold_seconds"] == 60


def test_the_proxy_asks_the_colour_that_is_live_and_lets_nobody_manage() -> None:
    proxy = files("prod", "ingenio")["/etc/nginx/nginx.conf"]
    upstream = proxy.partition("upstream ingenio-api {")[2].partition("}")[0]

    assert "include /etc/nginx/live/ingenio-api.conf;" in upstream
    closed = proxy.partition("location ^~ /api/actuator {")[2].partition("}")[0]
    assert "return 403;" in closed
    assert "location = /api/actuator/health {" in proxy
    assert "location = /api/actuator/health/liveness {" in proxy


def test_the_configuration_of_logs_is_a_file_that_only_the_service_reads() -> None:
    path = "/etc/groundwork/ingenio-api/logback.xml"
    settings = settings_of("prod")
    roles = pool_roles(settings, "ingenio", facts(settings, "ingenio"), LOAD_BALANCER, first=True)
    (file,) = [
        step
        for role in roles
        for step in role.configure
        if isinstance(step, File) and step.path == path
    ]

    assert (file.mode, file.group) == ("0640", "ingenio-api")
    assert file.owes, "a changed file takes effect with the next release"
    root = ElementTree.fromstring(file.content)  # noqa: S314 - our own file
    policies = {
        appender.attrib["name"]: {one.tag: one.text for one in appender.iterfind("rollingPolicy/*")}
        for appender in root.iterfind("appender")
    }
    assert policies["FILE"]["maxFileSize"] == "100MB"
    assert policies["FILE"]["maxHistory"] == "30"
    assert policies["FILE"]["totalSizeCap"] == "3GB"
    assert policies["ERROR_FILE"]["maxFileSize"] == "50MB"
    assert policies["ERROR_FILE"]["maxHistory"] == "60"
    assert "${PORT}" in file.content, "two colours write one file"
    (service,) = settings.services_on("ingenio")
    assert service.shape.environment["LOGGING_CONFIG"] == path


def test_processes_of_node_are_as_many_as_asked_within_their_memory_and_renewed_at_night() -> None:
    text = files("prod", "photo")["/etc/groundwork/ai-photo-api/ecosystem.config.json"]
    (app,) = json.loads(text)["apps"]

    assert (app["exec_mode"], app["instances"], app["max_memory_restart"]) == ("cluster", 3, "600M")
    assert app["env"]["PORT"] == "3001"
    timer = files("prod", "photo")["/etc/systemd/system/ai-photo-api-exchange.timer"]
    assert "04:00" in timer
    assert "RandomizedDelaySec=7min" in timer
    exchange = files("prod", "photo")["/etc/systemd/system/ai-photo-api-exchange.service"]
    assert "systemctl reload ai-photo-api.service" in exchange


def test_the_api_is_limited_by_rate_and_by_connections_and_the_pages_are_not() -> None:
    proxy = files("prod", "photo")["/etc/nginx/nginx.conf"]

    assert "zone=ai_photo_api:10m rate=10r/s" in proxy
    assert "limit_conn ai_photo_api_connections 10;" in proxy
    assert "limit_req zone=ai_photo_api burst=20 nodelay;" in proxy
    assert "ai_photo_web:10m" not in proxy
    assert "zone=ai_photo_api_log_in_0:10m rate=5r/m;" in proxy


def test_limits_and_cookies_of_the_application_arrive_as_variables() -> None:
    environment = settings_of("prod").applications["ingenio"].services["api"].environment

    assert environment["INGENIO_RATELIMIT_REQUESTSPERMINUTE"] == 30
    assert environment["INGENIO_RATELIMIT_AICALLSPERHOUR"] == 50
    for flag, value in (("SECURE", True), ("HTTPONLY", True), ("SAMESITE", "strict")):
        assert environment[f"SERVER_SERVLET_SESSION_COOKIE_{flag}"] == value
    assert environment["MINIO_BUCKET"] == "${buckets.objects.name}"
    assert environment["MINIO_ACCESS_KEY"] == environment["MINIO_SECRET_KEY"] == ""


def test_a_secret_that_is_a_file_gives_its_path_to_the_variable() -> None:
    spec = settings_of("prod").applications["ai-photo"]
    facts = Facts(
        hosts={},
        stores={},
        buckets={},
        secrets={"WECHAT_CERT": "arn:certificate"},
        generations={},
        stack={},
    )

    value = resolve(spec.services["api"].environment["WECHAT_CERT_PATH"], spec, facts)
    assert value == SecretReference(arn="arn:certificate", file="wechat-cert")
