"""What the local stack tells its hosts: everything over pinned connections, and nothing secret."""

import json
import re
from typing import Any

from hosts.roles.host_firewall import Opening
from tests.recording import Registered
from tests.stacks import DEPLOY_KEY, SUPPLIED, alone, built

COMMAND = "command:remote:Command"


def commands() -> dict[str, Registered]:
    return {one.name: one for one in built("local").registered if one.typ == COMMAND}


def inputs(name: str) -> dict[str, Any]:
    return commands()[name].inputs


def connection(name: str) -> dict[str, Any]:
    """Secret as a whole, since the deploy key is in it."""
    found = inputs(name)["connection"]
    assert "privateKey" not in found, "the connection is in the clear"
    return found["value"]


def test_every_host_and_the_operations_instance_is_configured() -> None:
    assert {"web-a1", "web-b1", "api-a1", "api-b1", "groundwork-operations"} <= set(commands())


def test_a_host_is_known_by_the_key_that_it_published_and_so_is_the_jump_host() -> None:
    for name in commands():
        assert connection(name)["hostKey"].startswith("ssh-ed25519 "), name
        proxy = connection(name).get("proxy")
        assert proxy is None or proxy["hostKey"].startswith("ssh-ed25519 "), name


def test_hosts_are_reached_through_the_operations_instance_alone() -> None:
    for name in ("web-a1", "api-b1"):
        assert connection(name)["proxy"]["host"] == "203.0.113.20"


def test_only_another_machine_runs_a_script_as_a_new_one() -> None:
    for name, command in commands().items():
        assert len(command.inputs["triggers"]) == 1, name
        assert command.inputs["triggers"][0].endswith("-id"), name


def test_no_script_holds_a_secret() -> None:
    for name, command in commands().items():
        text = json.dumps(command.inputs["stdin"]) + json.dumps(command.inputs["create"])
        assert SUPPLIED not in text, name
        assert DEPLOY_KEY.splitlines()[1] not in text, name
        # What the recording engine answers for a generated password.
        assert "generated-" not in text, name


def test_a_host_fetches_its_secrets_by_name() -> None:
    assert "arn:aws:secretsmanager" in inputs("api-a1")["stdin"]


def test_only_the_instance_that_works_on_databases_is_told_their_administrators_secret() -> None:
    owner = "threed-generator-main-roles-generator_owner"

    assert owner in inputs("groundwork-databases")["stdin"]
    for name in ("web-a1", "web-b1", "api-a1", "api-b1"):
        assert owner not in inputs(name)["stdin"], name


def test_a_database_is_migrated_by_its_owner_whatever_variable_names_the_user() -> None:
    script = inputs("groundwork-databases")["stdin"]
    _, _, migration = script.partition("/etc/groundwork/ai-photo-migrate/environment")

    assert 'DB_USER="ai_photo"' not in script
    assert "ai-photo-main-roles-ai_photo_owner" in migration.partition("DB_PASSWORD")[2]


def test_the_databases_are_dumped_by_the_clock_of_the_stack() -> None:
    script = inputs("groundwork-databases")["stdin"]

    assert "groundwork-dump@threed-generator-main.timer" in script
    assert "OnCalendar=*-*-* 02:00:00 " in script


def test_a_release_is_staged_everywhere_then_migrated_then_switched_one_by_one() -> None:
    order = list(commands())
    stages = [order.index(f"threed-generator-stage-{host}") for host in ("web-a1", "api-b1")]
    migrated = order.index("threed-generator-migrate-operations")
    switches = [
        order.index(f"threed-generator-switch-{host}")
        for host in ("web-a1", "web-b1", "api-a1", "api-b1")
    ]

    assert max(stages) < migrated < switches[0]
    assert switches == sorted(switches)


def test_an_address_is_told_to_the_firewall_as_the_firewall_tells_it_back() -> None:
    rule = Opening(port=22, source="10.0.0.9/32").rule()

    assert rule == "allow from 10.0.0.9 to any port 22 proto tcp"


def test_a_stack_of_tasks_alone_has_its_databases_made_and_dumped_and_no_release() -> None:
    placement = {
        "kind": "ecs",
        "services": {"web": {"cpu": 256, "memory_mb": 512}, "api": {"cpu": 256, "memory_mb": 512}},
    }
    application = {
        "domain": "dev.3dgenerator.com",
        "placement": placement,
        "stores": {
            "main": {"kind": "database", "instance_class": "db.t4g.micro"},
            "cache": {"kind": "cache", "node_type": "cache.t4g.small"},
        },
    }
    changes = json.dumps({"pools": {}, "applications": {"threed-generator": application}})

    commands = {one.name: one for one in built("dev", changes).registered if one.typ == COMMAND}

    assert set(commands) == {"groundwork-operations", "groundwork-databases"}
    script = commands["groundwork-databases"].inputs["stdin"]
    assert "database check /etc/groundwork/databases/threed-generator-main.json" in script
    assert "groundwork-dump@threed-generator-main.timer" in script
    assert "threed-generator-migrate" not in script


def scripts(stack: str) -> dict[str, str]:
    return {
        one.name: str(one.inputs["stdin"])
        for one in built(stack).registered
        if one.typ == COMMAND and "stdin" in one.inputs
    }


def test_what_the_clock_starts_runs_on_one_host_of_its_service_s_pool() -> None:
    timer = "ai-notebook-worker-flush-views.timer"

    assert {name for name, script in scripts("prod").items() if timer in script} == {"workers-a1"}
    script = scripts("prod")["workers-a1"]
    assert "OnCalendar=*-*-* *:*:00 Etc/UTC" in script
    assert "node --run flush-views" in script
    # Beside the Node of its service, for a schedule's command names no path.
    assert re.search(r'PATH="?/\S*node\S*/bin:/usr/local/bin', script)


def test_a_host_serves_the_sites_of_its_pool_and_fetches_their_part_of_a_release() -> None:
    script = scripts("dev")["queues-a1"]

    assert "listen 18000" in script
    assert "listen 18001" in script
    assert "releases/ai-notebook/{version}/web.tar.gz" in script
    assert "root /srv/aixsss/assets/web;" in script


def test_a_worker_listens_nowhere_and_has_its_time_to_finish() -> None:
    script = scripts("prod")["workers-a1"]

    assert "/etc/nginx/nginx.conf" not in script
    assert "TimeoutStopSec=120s" in script


def test_the_cdn_gets_a_site_once_hosts_have_changed_and_before_they_are_told_to_stay() -> None:
    changes = json.dumps(alone("prod", "ai-notebook") | {"releases": {"ai-notebook": "1.0.0"}})
    order = [one.name for one in built("prod", changes).registered if one.typ == COMMAND]
    published = order.index("ai-notebook-publish-operations")

    assert order.index("ai-notebook-switch-workers-b1") < published
    assert published < order.index("ai-notebook-confirm-notebook-a1")
    databases = scripts("prod")["groundwork-databases"]
    assert '"bucket": "ai-notebook-web"' in databases
    assert "releases/ai-notebook/{version}/web.tar.gz" in databases


def test_a_release_dumps_the_database_first_where_its_application_asks_for_it() -> None:
    databases = scripts("prod")["groundwork-databases"]

    assert '"dump_first": "threed-generator-main"' in databases
    assert '"dump_first": "aixsss-main"' in databases


def test_the_operations_instance_may_write_sites_and_make_the_cdn_forget_them() -> None:
    (policy,) = [
        json.loads(one.inputs["policy"])
        for one in built("prod").registered
        if one.typ == "aws:iam/rolePolicy:RolePolicy"
        and one.name.startswith("groundwork-operations-ai-notebook-sites")
    ]
    allowed = {action: one["Resource"] for one in policy["Statement"] for action in one["Action"]}
    assert "ai-notebook-web" in str(allowed["s3:PutObject"])
    assert "cloudfront" in str(allowed["cloudfront:CreateInvalidation"])
