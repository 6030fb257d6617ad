"""What roles ask of a host: run twice on an unbooted machine, and read where words matter."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from hosts.roles.acme import Acme, acme, placeholder_certificate
from hosts.roles.database_bootstrap import (
    DatabaseBootstrap,
    DatabaseRole,
    database_bootstrap,
)
from hosts.roles.database_migration import DatabaseMigration, SqlFiles, database_migration
from hosts.roles.java_service import JavaService, java_service
from hosts.roles.nginx import (
    SITE_HEALTH,
    Compression,
    Files,
    Health,
    Nginx,
    Proxied,
    RateLimit,
    Server,
    Tls,
    configuration,
    kept_assets,
)
from hosts.roles.node_runtime import NodeRuntime
from hosts.roles.pm2_service import Pm2Service, ecosystem
from hosts.roles.schedule import calendar_event
from hosts.roles.ssh_hardening import SshHardening
from hosts.script import render
from hosts.steps import File, Role
from hosts.unit import user_name
from tests.hosts import sample
from tests.hosts.machine import Machine, needs_root

EVERYTHING = sample.host()


def files(*roles: Role) -> dict[str, File]:
    steps = (step for role in roles for step in (*role.install, *role.configure))
    return {step.path: step for step in steps if isinstance(step, File)}


def unit(name: str) -> str:
    return files(*EVERYTHING)[f"/etc/systemd/system/{name}"].content


@needs_root
def test_a_host_with_every_role_is_configured_once(machine: Machine) -> None:
    machine.ok("mkdir -p /usr/local/lib/groundwork /var/lib/cloud/instance /etc/default")
    machine.ok("touch /var/lib/cloud/instance/boot-finished")
    # Its archives and its ufw defaults are real ones' business.
    machine.ok("mkdir -p /opt/pm2-7.0.4 && printf '%064d' 0 >/opt/pm2-7.0.4/.sha256")
    machine.ok(
        "for chain in INPUT FORWARD; do echo DEFAULT_${chain}_POLICY='\"DROP\"'; done"
        " >/etc/default/ufw; echo 'DEFAULT_OUTPUT_POLICY=\"ACCEPT\"' >>/etc/default/ufw"
    )
    script = render(EVERYTHING)

    first = machine.run(script)
    assert first.returncode == 0, first.stderr
    assert f"changed: running {sample.API.unit}" in first.stdout

    second = machine.run(script)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_no_script_carries_tracing_or_a_secret_s_value() -> None:
    script = render(EVERYTHING)

    assert "set -x" not in script
    assert "arn:jwt" in script  # known by its name alone


# -- services -----------------------------------------------------------------------------------


def test_a_service_runs_as_a_user_of_its_own_who_may_write_nowhere_else() -> None:
    text = unit("notebook-api.service")

    assert "User=notebook-api\n" in text
    assert "ProtectSystem=strict\n" in text
    assert "ReadWritePaths=/var/www/notebook/uploads\n" in text
    assert "CapabilityBoundingSet=\n" in text


def test_node_may_use_the_memory_protection_calls_that_it_dies_without() -> None:
    assert "SystemCallFilter=@system-service @pkey\n" in unit("notebook-mail.service")


def test_a_service_that_has_no_release_yet_is_not_started_and_not_failed() -> None:
    assert "ConditionPathExists=/srv/notebook/current/mail\n" in unit("notebook-mail.service")


def test_a_worker_gets_its_time_to_finish() -> None:
    assert "TimeoutStopSec=120s\n" in unit("notebook-worker.service")
    assert "KillMode=mixed\n" in unit("notebook-worker.service")


def test_limits_and_restarts_are_those_that_were_asked_for() -> None:
    text = unit("notebook-mail.service")

    assert "MemoryMax=512M\n" in text
    assert "LimitNOFILE=65535\n" in text
    assert "Restart=on-failure\nRestartSec=10s\n" in text


def test_secrets_are_fetched_by_name_before_each_start_and_read_from_memory() -> None:
    text = unit("notebook-mail.service")
    told = json.loads(files(*EVERYTHING)["/etc/groundwork/notebook-mail/secrets.json"].content)

    # As root, so without what it brought last time.
    fetch = "+/usr/bin/env --ignore-environment /usr/local/lib/groundwork/cloud fetch-secrets"
    assert f"ExecStartPre={fetch} /etc/groundwork/notebook-mail/secrets.json\n" in text
    assert "EnvironmentFile=-/run/groundwork/notebook-mail/environment\n" in text
    assert told["variables"]["DATABASE_URL"] == {"arn": "arn:db", "field": "url"}
    assert told["files"]["CERT_PATH"] == {"arn": "arn:pem", "name": "cert.pem"}


def test_variables_are_readable_by_root_and_the_service_alone() -> None:
    file = files(*EVERYTHING)["/etc/groundwork/notebook-mail/environment"]

    assert (file.mode, file.owner, file.group) == ("0640", "root", "notebook-mail")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc/groundwork/notebook-mail/environment", "restart/notebook"),
        ("/etc/groundwork/notebook-mail/secrets.json", "restart/notebook"),
        ("/etc/systemd/system/notebook-mail.service", "restart/notebook"),
        ("/etc/groundwork/notebook-api/ecosystem.config.json", "exchange/notebook"),
        ("/etc/groundwork/notebook-api/secrets.json", "exchange/notebook"),
        ("/etc/systemd/system/notebook-api.service", "restart/notebook"),
    ],
)
def test_a_change_owes_a_restart_that_the_release_pays(path: str, kind: str) -> None:
    assert [owed.kind for owed in files(*EVERYTHING)[path].owes] == [kind]


def test_a_user_name_that_linux_would_refuse_is_shortened_without_a_clash() -> None:
    one, other = "a" * 16 + "-" + "b" * 20, "a" * 16 + "-" + "b" * 19 + "c"

    assert len(user_name(one)) == len(user_name(other)) == 32
    assert user_name(one) != user_name(other)
    assert user_name("notebook-api") == "notebook-api"


def test_a_node_that_debian_lacks_needs_an_archive() -> None:
    with pytest.raises(ValueError, match="Debian 13 has Node 20, not 22: put an archive"):
        NodeRuntime(major=22)


# -- PM2 ----------------------------------------------------------------------------------------


def app(**changes: Any) -> dict[str, Any]:
    wanted = Pm2Service(
        service=sample.API,
        node=sample.NODE,
        pm2=sample.pm2_runtime(),
        script="dist/main.js",
        **changes,
    )
    (found,) = ecosystem(wanted)["apps"]  # pyright: ignore
    return found  # pyright: ignore


def test_pm2_is_told_no_secret_but_where_it_lies() -> None:
    assert app()["env"] == {
        **sample.API.environment,
        "GROUNDWORK_SCRIPT": "dist/main.js",
        "GROUNDWORK_ARGUMENTS": "[]",
        "GROUNDWORK_SECRETS": "/run/groundwork/notebook-api/environment.json",
    }


def test_a_service_has_its_own_arguments_and_none_of_pm2s() -> None:
    told = app(arguments=("start", "--port=1"))

    assert json.loads(told["env"]["GROUNDWORK_ARGUMENTS"]) == ["start", "--port=1"]
    assert "args" not in told


def test_pm2_is_told_what_the_service_asks_for() -> None:
    told = app(mode="fork", instances=3, process_memory_limit="600M", says_when_ready=True)

    assert (told["exec_mode"], told["instances"]) == ("fork", 3)
    assert told["max_memory_restart"] == "600M"
    assert told["wait_ready"] is True
    assert (told["listen_timeout"], told["kill_timeout"]) == (20_000, 5_000)
    assert told["merge_logs"] is True


def test_pm2_saves_nothing_and_runs_in_the_foreground() -> None:
    script = render(EVERYTHING)

    assert "pm2 save" not in script
    assert "pm2-runtime start" in unit("notebook-api.service")


def test_logrotate_has_what_pm2_writes_and_no_file_that_the_service_rotates_itself() -> None:
    rotation = files(*EVERYTHING)["/etc/logrotate.d/notebook-api"].content
    rotated = rotation.partition(" {")[0].split()

    assert rotated == [app()["out_file"], app()["error_file"]]
    # Winston's own names, in the same folder.
    assert not {"error.log", "combined.log"} & {path.rpartition("/")[2] for path in rotated}


def test_a_daily_exchange_comes_at_its_own_minute_on_each_host() -> None:
    timer = unit("notebook-api-exchange.timer")

    assert "OnCalendar=*-*-* 04:00:00 Asia/Shanghai\n" in timer
    assert "FixedRandomDelay=yes\n" in timer
    assert "systemctl reload notebook-api.service" in unit("notebook-api-exchange.service")


# -- Java ---------------------------------------------------------------------------------------


def java(**changes: Any) -> str:
    wanted = JavaService(service=sample.LEDGER, **changes)
    text = files(java_service(wanted))["/etc/systemd/system/ledger-api.service"].content
    return next(line for line in text.splitlines() if line.startswith("ExecStart="))


def test_options_of_the_java_machine_stand_before_the_jar_where_they_count() -> None:
    options, arguments = java(heap="4G", options=("-XX:ParallelGCThreads=8",)).split(" -jar ")

    assert " -Xms4g -Xmx4g " in options
    assert "-XX:+UseG1GC" in options
    assert "-XX:MaxGCPauseMillis=200" in options
    assert "-XX:ParallelGCThreads=8" in options
    assert "-Xlog:gc*:file=/var/log/ledger-api/gc.log" in options
    assert arguments == "app.jar"


def test_a_word_of_several_lines_stays_one_word_of_the_unit() -> None:
    assert '"-Dmotto=one\\ntwo"' in java(options=("-Dmotto=one\ntwo",))


def test_one_dump_of_a_heap_is_kept_and_not_for_ever() -> None:
    role = java_service(JavaService(service=sample.LEDGER))
    files = {step.path: step.content for step in role.configure if isinstance(step, File)}

    dump = "-XX:HeapDumpPath=/var/lib/ledger-api/heaps/heap.hprof "
    assert dump in files["/etc/systemd/system/ledger-api.service"]
    assert files["/etc/tmpfiles.d/ledger-api-heaps.conf"] == (
        "d /var/lib/ledger-api/heaps 0700 ledger-api ledger-api 14d\n"
    )


def test_an_option_of_the_application_takes_the_place_of_ours() -> None:
    line = java(options=("-XX:MaxGCPauseMillis=500",))

    assert "MaxGCPauseMillis=500" in line
    assert "MaxGCPauseMillis=200" not in line


@pytest.mark.parametrize(
    ("option", "instead"),
    [
        ("-XX:+PrintGCDateStamps", "-Xlog:gc*::time,uptime"),
        ("-XX:+PrintGCDetails", "-Xlog:gc*"),
        ("-Xloggc:/var/log/gc.log", "-Xlog:gc*:file=PATH"),
    ],
)
def test_options_that_java_has_dropped_are_refused_with_what_to_write(
    option: str, instead: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(f"has no {option}: use {instead}")):
        java(options=(option,))


def test_a_stop_by_signal_is_no_failure() -> None:
    assert "SuccessExitStatus=143\n" in unit("ledger-api.service")


# -- schedules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cron", "event"),
    [
        ("0 2 * * *", "*-*-* 02:00:00"),
        ("*/5 * * * *", "*-*-* *:00/5:00"),
        ("0 4 1 * *", "*-*-01 04:00:00"),
        ("0 0 */2 * *", "*-*-01/2 00:00:00"),
        ("30 3 * * 1-5", "Mon..Fri *-*-* 03:30:00"),
        ("0,30 9-17 * * 0", "Sun *-*-* 09..17:00,30:00"),
        ("0 0 * * mon,7", "Mon,Sun *-*-* 00:00:00"),
    ],
)
def test_five_fields_of_cron_mean_the_same_to_systemd(cron: str, event: str) -> None:
    assert calendar_event(cron, "Asia/Shanghai") == f"{event} Asia/Shanghai"


def test_a_cron_line_that_systemd_would_understand_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match="day of the month and of the week"):
        calendar_event("0 0 1 * 1", "Etc/UTC")


def test_a_schedule_has_the_service_s_release_but_a_user_and_secrets_of_its_own() -> None:
    text = unit("notebook-worker-nightly.service")

    assert "WorkingDirectory=/srv/notebook/current/worker\n" in text
    assert "User=notebook-worker-nightly\n" in text
    assert "/run/groundwork/notebook-worker-nightly/environment" in text
    assert "Type=oneshot\n" in text
    assert "[Install]" not in text


# -- access -------------------------------------------------------------------------------------


def test_a_host_that_nobody_could_log_in_to_is_not_made() -> None:
    with pytest.raises(ValueError, match="nobody could log in"):
        SshHardening(user="admin", authorized_keys=())


def test_only_the_operations_instance_lets_connections_through() -> None:
    assert "AllowTcpForwarding no\n" in files(*EVERYTHING)["/etc/ssh/sshd_config"].content


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("/etc/ssh/sshd_config", "sshd -t"),
        ("/etc/ssh/authorized_keys/admin", "ssh-keygen -l"),
        ("/etc/sudoers.d/groundwork", "visudo --check"),
        ("/etc/nginx/nginx.conf", "nginx -t"),
        ("/etc/fail2ban/jail.local", "fail2ban-client"),
        ("/etc/logrotate.d/notebook-api", "logrotate --debug"),
    ],
)
def test_what_could_lock_out_or_break_a_service_is_judged_before_it_takes_effect(
    path: str, tool: str
) -> None:
    judged_by = files(*EVERYTHING)[path].validate

    assert judged_by is not None
    assert tool in judged_by


def test_updates_come_by_themselves_but_neither_reboot_nor_restart() -> None:
    found = files(*EVERYTHING)

    assert (
        'Automatic-Reboot "false"' in found["/etc/apt/apt.conf.d/52groundwork-unattended"].content
    )
    assert "exit 101" in found["/usr/sbin/policy-rc.d"].content
    drop_in = "/etc/systemd/system/apt-daily-upgrade.service.d/groundwork.conf"
    assert "UNATTENDED_UPGRADE=1" in found[drop_in].content


@needs_root
def test_a_restart_that_an_upgrade_wanted_is_owed_to_the_host(machine: Machine) -> None:
    machine.write(
        "/usr/sbin/policy-rc.d", files(*EVERYTHING)["/usr/sbin/policy-rc.d"].content, "0755"
    )

    assert machine.shell("policy-rc.d nginx restart").returncode == 0
    denied = machine.shell("policy-rc.d nginx 'restart force-reload'", UNATTENDED_UPGRADE="1")
    assert denied.returncode == 101
    assert machine.ok("ls /var/lib/groundwork/owed/restart/host").split() == ["nginx.service"]


# -- nginx --------------------------------------------------------------------------------------

WEB = sample.web(RateLimit(requests_per_second=10, burst=20, connections=10))


def locations(text: str, port: int | None = None) -> dict[str, str]:
    """Location → what stands in it, nested ones too; of one server where a port is given."""
    if port is not None:
        servers = re.findall(r"^  server \{\n(.*?)^  \}$", text, re.M | re.S)
        text = next(server for server in servers if f"listen {port}" in server)
    found: dict[str, str] = {}
    for match in re.finditer(r"(?=^( *)location (.+?) \{\n(.*?)^\1\}$)", text, re.M | re.S):
        found.setdefault(match[2], match[3])
    return found


def test_limits_are_defined_where_nginx_allows_it_and_answer_429() -> None:
    text = configuration(WEB)

    assert "limit_req_zone $binary_remote_addr zone=notebook_api:10m rate=10r/s;" in text
    assert "limit_req_status 429;" in text
    assert text.index("limit_req_zone") < text.index("server {")
    assert "limit_req zone=notebook_api burst=20 nodelay;" in locations(text, 13001)["/"]
    assert "limit_conn notebook_api_connections 10;" in text


def test_where_passwords_are_tried_each_client_is_counted_by_the_minute() -> None:
    limit = RateLimit(requests_per_second=10, burst=20, log_in=(("/auth/login", 5),))
    text = configuration(sample.web(limit))

    assert 'map $uri $notebook_api_log_in_0 {\n    "~^/auth/login" $binary_remote_addr;' in text
    assert "limit_req_zone $notebook_api_log_in_0 zone=notebook_api_log_in_0:10m rate=5r/m;" in text
    assert "limit_req zone=notebook_api_log_in_0 burst=3 nodelay;" in locations(text, 13001)["/"]


def test_no_limit_no_zone() -> None:
    assert "limit_req" not in configuration(sample.web())


def test_every_location_has_every_header_because_one_of_its_own_hides_the_inherited() -> None:
    text = configuration(WEB)

    for where, body in locations(text).items():
        if where != "= /nginx-health":
            for name, _ in sample.HEADERS:
                assert body.count(f"add_header {name} ") >= 1, f"{where} lacks {name}"


def test_a_header_that_the_service_sets_too_is_sent_once() -> None:
    body = locations(configuration(WEB))["= /ws"]

    for name, _ in sample.HEADERS:
        assert f"proxy_hide_header {name};" in body


def test_websockets_are_for_the_routes_that_ask_for_them() -> None:
    found = locations(configuration(WEB), 13001)

    assert "proxy_set_header Upgrade $http_upgrade;" in found["= /ws"]
    assert "proxy_set_header Connection $connection_upgrade;" in found["= /ws"]
    assert "proxy_read_timeout 86400s;" in found["= /ws"]
    assert "Upgrade" not in found["/"]
    assert 'proxy_set_header Connection "";' in found["/"]


def test_the_client_s_address_is_taken_from_the_load_balancer_alone() -> None:
    text = configuration(WEB)

    assert "set_real_ip_from 10.0.0.0/24;" in text
    assert "real_ip_recursive on;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "$proxy_add_x_forwarded_for" not in text


def test_a_host_that_answers_the_world_itself_believes_nobody_s_word() -> None:
    text = configuration(replace(WEB, trusted_proxies=()))

    assert "real_ip_header" not in text
    assert "$http_x_forwarded_proto" not in text


def test_bodies_as_large_as_the_route_allows() -> None:
    found = locations(configuration(WEB), 13001)

    assert "client_max_body_size 50m;" in found["/"]
    assert "client_max_body_size 1m;" in found["= /ws"]


def test_health_checks_are_not_logged_and_fail_while_the_host_is_out_of_rotation() -> None:
    body = locations(configuration(WEB))["= /health"]

    assert "access_log off;" in body
    assert "if (-e /run/groundwork/drain/notebook) {" in body
    assert 'if ($rotation = "load-balancer leaves") {' in body
    assert "~^ELB-HealthChecker/ load-balancer;" in configuration(WEB)
    assert "proxy_pass http://notebook-api;" in body


def test_management_paths_are_closed_but_for_plain_health() -> None:
    found = locations(configuration(WEB))

    assert "return 403;" in found["^~ /api/actuator"]
    assert "proxy_pass" in found["= /api/actuator/health"]


def test_fingerprinted_files_are_kept_for_a_year_with_one_cache_header() -> None:
    text = configuration(WEB)

    immutable = 'add_header Cache-Control "public, max-age=31536000, immutable";'
    assert immutable in locations(text)["^~ /assets/"]
    body = locations(text)["~* \\.(js|css)$"]
    assert "proxy_hide_header Cache-Control;" in body
    assert body.count("Cache-Control ") == 1


SITE = Server(
    application="notebook",
    port=18000,
    headers=sample.HEADERS,
    health=Health(path=SITE_HEALTH, upstream=None),
    compression=Compression(min_bytes=2000, types=("text/css",)),
    locations=(
        Files(
            path="/*",
            directory="/srv/notebook/current/web",
            single_page=True,
            immutable=("/assets/*",),
            immutable_directory=kept_assets("notebook", "web"),
        ),
    ),
)


def test_a_site_is_well_once_its_entry_page_is_there_and_not_while_the_host_is_out() -> None:
    found = locations(configuration(Nginx(servers=(SITE,), upstreams=())))

    assert "if (!-f /srv/notebook/current/web/index.html) {" in found["= /site-health"]
    assert "if (-e /run/groundwork/drain/notebook) {" in found["= /site-health"]
    assert 'return 200 "ok\\n";' in found["= /site-health"]


def test_a_page_of_one_version_finds_its_files_on_a_host_that_has_another() -> None:
    found = locations(configuration(Nginx(servers=(SITE,), upstreams=())))

    assert "root /srv/notebook/assets/web;" in found["^~ /assets/"]
    assert "root /srv/notebook/current/web;" in found["/"]
    assert 'add_header Cache-Control "no-cache";' in found["/"]


def test_each_application_is_compressed_as_it_says() -> None:
    text = configuration(Nginx(servers=(SITE, *WEB.servers), upstreams=WEB.upstreams))

    servers = re.findall(r"^  server \{\n(.*?)^  \}$", text, re.M | re.S)
    (site,) = (server for server in servers if "listen 18000" in server)
    assert "gzip_min_length 2000;" in site
    assert "gzip_types text/css;" in site
    assert all("gzip_min_length 1024;" in one for one in servers if "server_name _" not in one)


def test_the_checked_path_may_be_a_route_as_well() -> None:
    (server, *_) = WEB.servers
    both = replace(server, locations=(*server.locations, Proxied(path="/health", upstream="x")))
    text = configuration(replace(WEB, servers=(both,)))

    assert text.count("location = /health {") == configuration(
        replace(WEB, servers=(server,))
    ).count("location = /health {")


def test_the_other_upstream_is_tried_and_a_spare_one_comes_last() -> None:
    text = configuration(WEB)

    assert "server 10.0.0.11:3000 max_fails=3 fail_timeout=30s weight=3;" in text
    assert "server 10.0.0.12:3000 max_fails=3 fail_timeout=30s backup;" in text
    assert "least_conn;" in text
    assert "proxy_next_upstream error timeout http_502 http_503 http_504;" in text
    assert "proxy_next_upstream_tries 2;" in text
    assert "keepalive 64;" in text


def test_the_live_colour_is_the_release_s_business() -> None:
    assert "include /etc/nginx/live/ledger-api.conf;" in configuration(WEB)


def test_an_application_without_a_release_answers_503() -> None:
    text = configuration(WEB)

    assert "add_header Retry-After 60 always;" in text
    for where, body in locations(text).items():
        if "proxy_pass" in body or "try_files" in body:
            assert re.search(r"if \(!-e /srv/\w+/current\) \{", body), where


def test_a_paused_application_turns_visitors_away_and_the_load_balancer_goes_on_sending() -> None:
    text = configuration(WEB)

    paused = "if (-e /var/lib/groundwork/paused/notebook) {"
    for where, body in locations(text).items():
        if ("proxy_pass" in body or "try_files" in body) and "notebook" in body:
            assert paused in body, where
    health = locations(text)["= /health"]
    assert "set $pause $asked_by;" in health
    # Unwell before paused: a host that goes down takes its leave all the same.
    assert health.index("leaves") < health.index("if ($pause = load-balancer) {")


def test_what_is_paused_starts_neither_at_a_reboot_nor_by_the_clock() -> None:
    units = {
        step.path.rpartition("/")[2]: step.content
        for role in sample.host()
        for step in role.configure
        if isinstance(step, File) and step.path.startswith("/etc/systemd/system/")
    }
    for name in ("api", "mail", "worker", "worker-nightly"):
        unit = units[f"notebook-{name}.service"]
        assert "ConditionPathExists=!/var/lib/groundwork/stopped/notebook\n" in unit
    for name in ("worker-nightly", "api-exchange"):
        timer = units[f"notebook-{name}.timer"]
        assert "ConditionPathExists=!/var/lib/groundwork/paused/notebook\n" in timer
    timer = units["groundwork-resume-notebook.timer"]
    assert "ConditionPathExists=/var/lib/groundwork/paused/notebook\n" in timer
    assert "OnActiveSec=900s\n" in timer
    assert "WantedBy=timers.target" in timer
    assert "release resume notebook\n" in units["groundwork-resume-notebook.service"]


def test_an_unknown_host_name_is_answered_by_nobody_s_server() -> None:
    text = configuration(WEB)

    assert "server_name api.example.com;" in text
    assert "listen 13001 default_server;" in text


def test_tls_on_the_host_is_as_strict_as_asked() -> None:
    (first, *_) = WEB.servers
    tls = Tls(certificate="/etc/c.pem", key="/etc/k.pem")
    text = configuration(
        Nginx(
            servers=(replace(first, tls=tls, port=443),),
            upstreams=WEB.upstreams,
            challenge_directory="/var/www/acme",
        )
    )

    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text
    assert "ssl_session_cache shared:SSL:10m;" in text
    assert "return 301 https://$host$request_uri;" in text
    assert "location ^~ /.well-known/acme-challenge/ {" in text
    stricter = replace(first, tls=replace(tls, only_1_3=True), port=443)
    assert "ssl_protocols TLSv1.3;" in configuration(replace(WEB, servers=(stricter,)))


def test_patterns_of_the_load_balancer_mean_the_same_to_nginx() -> None:
    (first, *_) = WEB.servers
    routes = tuple(
        Proxied(path=path, upstream="notebook-api") for path in ("/api/*", "/ws", "/v1/items*")
    )
    server = replace(first, locations=routes)
    found = locations(configuration(replace(WEB, servers=(server,))), 13001)

    assert {"/api/", "= /ws", "/v1/items"} <= set(found)
    assert "return 404;" in found["/"]


# -- two colours, databases, certificates -------------------------------------------------------


def test_each_colour_has_a_port_and_a_release_of_its_own() -> None:
    ledger = replace(
        sample.LEDGER,
        environment={"SERVER_PORT": "8080", "MODE": "prod"},
        colours=(8080, 8081),
        port_variable="SERVER_PORT",
    )
    found = files(java_service(JavaService(service=ledger)))
    text = found["/etc/systemd/system/ledger-api@.service"].content

    assert "Environment=SERVER_PORT=%i\n" in text
    assert "WorkingDirectory=/srv/ledger/colours/api-%i/api\n" in text
    assert "gc-%i.log" in text
    # A variable of the file would win over the colour's own.
    assert found["/etc/groundwork/ledger-api/environment"].content == 'MODE="prod"\n'


@needs_root
def test_the_colour_that_answers_is_started_again_when_somebody_stopped_it(
    machine: Machine,
) -> None:
    ledger = replace(sample.LEDGER, colours=(8080, 8081))
    role = java_service(JavaService(service=ledger))
    machine.write("/etc/nginx/live/ledger-api.conf", "server 127.0.0.1:8081;\n")

    before_a_release = machine.run(render([role]))
    assert "running ledger-api" not in before_a_release.stdout
    machine.ok("mkdir -p /srv/ledger/releases/1 && ln -s releases/1 /srv/ledger/current")

    done = machine.run(render([role]))
    assert done.stdout == "changed: running ledger-api in the colour that answers\n"
    assert "enable ledger-api@8081.service" in machine.asked_of_systemd()
    assert machine.run(render([role])).stdout == ""


MAIN = DatabaseBootstrap(
    key="notebook-main",
    engine="postgres",
    database="3d_notebook",
    administrator_secret_arn="arn:admin",
    owner="notebook",
    owner_secret_arn="arn:owner",
    roles=(
        DatabaseRole(
            name="notebook_app",
            secret_arn="arn:app",
            rights="write",
            settings={"statement_timeout": "10s"},
        ),
    ),
    extensions=("pgaudit",),
)


def test_a_database_is_known_to_the_operations_instance_by_the_names_of_its_secrets() -> None:
    found = files(database_bootstrap(MAIN))["/etc/groundwork/databases/notebook-main.json"]
    told = json.loads(found.content)

    assert told["administrator"] == {"arn": "arn:admin"}
    assert told["owner"] == {"name": "notebook", "arn": "arn:owner"}
    assert told["roles"][0]["settings"] == {"statement_timeout": "10s"}
    assert told["extensions"] == ["pgaudit"]


def test_a_migration_runs_in_the_release_it_belongs_to_with_secrets_of_its_own() -> None:
    role = database_migration(
        DatabaseMigration(
            service=sample.WORKER, bootstrap=MAIN, command="npx prisma migrate deploy"
        )
    )
    found = files(role)
    text = found["/etc/systemd/system/notebook-migrate@.service"].content
    told = json.loads(found["/etc/groundwork/notebook-migrate/migration.json"].content)

    assert "WorkingDirectory=/srv/notebook/releases/%i/worker\n" in text
    assert "/migrations up /etc/groundwork/notebook-migrate/migration.json %i\n" in text
    assert told["command"] == "npx prisma migrate deploy"
    assert told["database"] == "/etc/groundwork/databases/notebook-main.json"
    assert "Type=oneshot\n" in text
    assert "User=notebook-migrate\n" in text
    assert "ConditionPathExists" not in text
    assert "[Install]" not in text


def test_the_way_back_and_the_seed_are_as_confined_as_the_migration() -> None:
    role = database_migration(
        DatabaseMigration(
            service=sample.WORKER,
            bootstrap=MAIN,
            sql=SqlFiles(directory="migrations", down_directory="migrations/rollback"),
            seed="node seed.js",
        )
    )
    found = files(role)
    up, down, seed = (
        found[f"/etc/systemd/system/notebook-migrate{kind}@.service"].content
        for kind in ("", "-down", "-seed")
    )

    assert down == up.replace("/migrations up", "/migrations down")
    assert seed == up.replace("/migrations up", "/migrations seed")
    assert "EnvironmentFile=-/run/groundwork/notebook-migrate.request\n" in down


def test_the_programs_of_a_database_find_their_client_beside_them() -> None:
    client = "/usr/local/lib/groundwork/hosts/programs/database_client.py"
    for role in (
        database_bootstrap(MAIN),
        database_migration(DatabaseMigration(service=sample.WORKER, bootstrap=MAIN, command="x")),
    ):
        assert "def locked" in files(role)[client].content


@needs_root
def test_nginx_can_start_before_the_first_certificate_has_come(machine: Machine) -> None:
    names = ("example.com", "www.example.com")
    wanted = Acme(name="notebook", host_names=names, email="a@example.com")
    script = render([placeholder_certificate(wanted)])

    assert "changed: a certificate for notebook to begin with" in machine.run(script).stdout
    assert machine.run(script).stdout == ""
    shown = machine.ok(f"openssl x509 -in {wanted.tls.certificate} -noout -ext subjectAltName")
    assert "DNS:example.com, DNS:www.example.com" in shown
    assert machine.stat(wanted.tls.key) == "0600 root root"


def test_a_certificate_is_asked_for_once_for_all_names_and_renewed_by_the_clock() -> None:
    names = ("example.com", "www.example.com")
    role = acme(Acme(name="notebook", host_names=names, email="a@example.com"))
    request = files(role)["/usr/local/lib/groundwork/certificate-notebook"].content

    assert "--domain example.com --domain www.example.com" in request
    assert all(f"-checkhost {name}" in request for name in names)
    assert [step.name for step in role.activate[1:]] == [
        "running groundwork-certificate-notebook.timer",
        "running certbot.timer",
    ]
    assert "email = a@example.com" in files(role)["/etc/letsencrypt/cli.ini"].content
    hook = files(role)["/etc/letsencrypt/renewal-hooks/deploy/groundwork"]
    assert "nginx -t -q && systemctl reload nginx.service" in hook.content


def test_other_names_are_asked_for_again_and_the_same_ones_by_the_timer_alone() -> None:
    def asked(*names: str) -> str:
        return acme(Acme(name="notebook", host_names=names, email=None)).activate[0].check()

    assert asked("example.com") == asked("example.com")
    assert asked("example.com") != asked("example.com", "www.example.com")


def test_an_authority_is_told_no_address_where_none_is_given() -> None:
    role = acme(Acme(name="notebook", host_names=("example.com",), email=None))

    assert (
        "register-unsafely-without-email = true" in files(role)["/etc/letsencrypt/cli.ini"].content
    )
