"""What the program tells the engine about hosts: how they are reached, and in which order."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import pulumi
import pytest

from hosts import connection, first_boot
from hosts.configuration import HostConfiguration, HostConfigurationArgs
from hosts.connection import Connection, JumpHost
from hosts.release import Release, ReleaseArgs, ReleasedHost, release_script
from hosts.script import COMMAND
from hosts.steps import File, Role
from tests.recording import Engine, Registered

SECRET = "4dabf18193072939515e22adb298388d"  # how the engine marks a secret value
COMMANDS = "command:remote:Command"

CONNECTION = Connection(
    address="10.0.1.10",
    host_key="ssh-ed25519 AAAAhost",
    user="admin",
    private_key="-----the deploy key-----",
    jump_host=JumpHost(address="203.0.113.5", host_key="ssh-ed25519 AAAAjump"),
)


def motd(facts: Mapping[str, Any]) -> Sequence[Role]:
    return [Role("motd", configure=(File("/etc/motd", f"bucket: {facts['bucket']}\n"),))]


def configuration(name: str = "web-a1", bucket: str = "files-7f3a") -> HostConfiguration:
    return HostConfiguration(
        name,
        HostConfigurationArgs(
            connection=CONNECTION,
            instance_id=f"i-{name}",
            facts={"bucket": pulumi.Output.from_input(bucket)},
            roles=motd,
        ),
    )


def released(hosts: int, *, migration: bool = False, version: str = "1.4.2") -> Release:
    def host(name: str) -> ReleasedHost:
        return ReleasedHost(
            connection=CONNECTION, instance_id=f"i-{name}", configuration=configuration(name)
        )

    return Release(
        "notebook",
        ReleaseArgs(
            application="notebook",
            version=version,
            hosts={f"web-a{number}": host(f"web-a{number}") for number in range(1, hosts + 1)},
            migration=host("operations") if migration else None,
            seconds_per_host=100,
        ),
    )


def commands(engine: Engine) -> dict[str, Registered]:
    return {each.name: each for each in engine.registered if each.typ == COMMANDS}


def after(engine: Engine, name: str) -> set[str]:
    """The commands that a command waits for."""
    urns = {each.urn: each.name for each in engine.registered if each.typ == COMMANDS}
    return {urns[urn] for urn in commands(engine)[name].dependencies if urn in urns}


def test_a_fact_known_only_after_deployment_reaches_the_host(engine: Engine) -> None:
    engine.build(configuration)

    run = engine.one(COMMANDS)
    assert "bucket: files-7f3a" in run["stdin"]


def test_the_text_of_a_command_is_always_the_same_and_the_script_comes_by_stdin(
    engine: Engine,
) -> None:
    engine.build(lambda: (configuration(), released(2, migration=True)))

    assert {each.inputs["create"] for each in commands(engine).values()} == {COMMAND}
    assert all(each.inputs["stdin"] for each in commands(engine).values())
    for each in commands(engine).values():
        assert not {"update", "delete", "environment"} & set(each.inputs)
        assert each.inputs["addPreviousOutputInEnv"] is False


def test_only_another_machine_replaces_a_command(engine: Engine) -> None:
    engine.build(lambda: configuration("web-a1"))

    assert engine.one(COMMANDS)["triggers"] == ["i-web-a1"]


def test_every_hop_is_authenticated_by_a_pinned_key(engine: Engine) -> None:
    engine.build(configuration)

    connection = engine.one(COMMANDS)["connection"]["value"]
    assert connection["hostKey"] == "ssh-ed25519 AAAAhost"
    assert connection["proxy"]["hostKey"] == "ssh-ed25519 AAAAjump"
    assert connection["proxy"]["host"] == "203.0.113.5"
    assert connection["dialErrorLimit"] > 0
    assert connection["perDialTimeout"] > 0


def test_the_deploy_key_is_a_secret_even_if_whoever_passed_it_forgot(engine: Engine) -> None:
    engine.build(configuration)

    connection = engine.one(COMMANDS)["connection"]
    assert SECRET in connection
    assert "the deploy key" not in str({**engine.one(COMMANDS), "connection": None})


def test_hosts_are_configured_side_by_side(engine: Engine) -> None:
    engine.build(lambda: [configuration("web-a1"), configuration("web-b1")])

    assert after(engine, "web-a1") == after(engine, "web-b1") == set()


def test_hosts_change_one_after_the_other_once_all_have_the_version(engine: Engine) -> None:
    engine.build(lambda: released(3))

    assert after(engine, "notebook-stage-web-a2") == {"web-a2"}
    staged = {f"notebook-stage-web-a{number}" for number in (1, 2, 3)}
    assert after(engine, "notebook-switch-web-a1") == staged | {"web-a1"}
    assert after(engine, "notebook-switch-web-a2") == {"notebook-switch-web-a1", "web-a2"}
    assert after(engine, "notebook-switch-web-a3") == {"notebook-switch-web-a2", "web-a3"}


def test_nothing_is_confirmed_before_the_last_host_has_changed(engine: Engine) -> None:
    engine.build(lambda: released(2))

    assert "notebook-switch-web-a2" in after(engine, "notebook-confirm-web-a1")
    assert "notebook-confirm-web-a1" in after(engine, "notebook-confirm-web-a2")


def test_the_database_is_migrated_once_after_staging_and_before_any_host_changes(
    engine: Engine,
) -> None:
    engine.build(lambda: released(2, migration=True))

    migrations = [name for name in commands(engine) if "migrate" in name]
    assert migrations == ["notebook-migrate-operations"]
    assert after(engine, migrations[0]) >= {"notebook-stage-web-a1", "notebook-stage-web-a2"}
    assert after(engine, "notebook-switch-web-a1") == {migrations[0], "web-a1"}


def test_a_host_gives_the_ones_after_it_time_before_it_goes_back(engine: Engine) -> None:
    engine.build(lambda: released(4))

    script = commands(engine)["notebook-switch-web-a1"].inputs["stdin"]
    assert "--patience 520" in script


def test_what_a_host_was_told_anew_makes_its_release_run_again_but_stages_nothing() -> None:
    def told(action: str, digest: str) -> str:
        return release_script("notebook", "1.4.2", action, 100, digest)

    assert told("switch", "a") != told("switch", "b")
    assert told("confirm", "a") != told("confirm", "b")
    assert told("stage", "a") == told("stage", "b")
    assert told("migrate", "a") == told("migrate", "b")


def test_user_data_fits_and_holds_the_way_to_publish_the_host_key() -> None:
    text = first_boot.user_data("prod")

    assert len(text.encode()) <= 16_384  # EC2's limit
    assert text.startswith("#!/bin/bash\n")
    assert "publish-host-key /groundwork/prod/host-keys" in text


def test_what_session_manager_alone_leads_to_installs_its_agent_before_it_tells_its_key() -> None:
    text = first_boot.user_data("production", session_manager_of="ap-southeast-2")

    assert len(text.encode()) <= 16_384
    installed = text.index("install /run/agent.deb")
    assert "https://s3.ap-southeast-2.amazonaws.com/amazon-ssm-ap-southeast-2/latest" in text
    assert installed < text.index("publish-host-key /groundwork/production/host-keys")
    assert "agent.deb" not in first_boot.user_data("production")


class NotFoundError(grpc.RpcError):
    """As the engine passes on what a provider refused."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "ParameterNotFound"


def test_a_host_key_is_waited_for_until_the_machine_has_published_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(args: dict[str, Any]) -> dict[str, Any]:
        asked.append(args["name"])
        if len(asked) < 3:
            raise NotFoundError
        return {"name": args["name"], "value": "ssh-ed25519 AAAAhost"}

    async def no_pause(seconds: float) -> None:
        return None

    monkeypatch.setattr(connection.asyncio, "sleep", no_pause)
    engine.answers["aws:ssm/getParameter:getParameter"] = answer
    found: list[str] = []
    engine.build(
        lambda: connection.published_key(
            "prod", pulumi.Output.from_input("i-0abc"), pulumi.InvokeOptions()
        ).apply(found.append)
    )

    assert found == ["ssh-ed25519 AAAAhost"]
    assert asked == ["/groundwork/prod/host-keys/i-0abc"] * 3
