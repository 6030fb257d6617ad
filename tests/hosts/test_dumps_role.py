"""What the operations instance is told about dumps: when, as whom, and nothing secret."""

import json
from dataclasses import replace

from hosts.roles.dumps import HOME, PROGRAM, USER, DumpedDatabase, dumps
from hosts.roles.schedule import calendar_event
from hosts.steps import File, Role, Running, Stopped

WANTED = DumpedDatabase(
    key="shop-main",
    specification="/etc/groundwork/databases/shop-main.json",
    stack="prod",
    bucket="shop-backups-0123abc",
    region="eu-west-1",
    encryption_key_arn="arn:aws:kms:eu-west-1:1:key/k",
    prefix="database",
    validate_with="SELECT COUNT(*) FROM users",
    at=calendar_event("0 2 * * *", "Asia/Shanghai"),
    drill_at=calendar_event("0 4 1 * *", "Asia/Shanghai"),
)


def file(role: Role, path: str) -> File:
    return next(step for step in role.configure if isinstance(step, File) and step.path == path)


def test_a_dump_comes_at_its_time_in_the_stacks_zone_and_one_that_was_missed_is_made_up_for() -> (
    None
):
    timer = file(dumps(WANTED), "/etc/systemd/system/groundwork-dump@shop-main.timer").content

    assert "OnCalendar=*-*-* 02:00:00 Asia/Shanghai\n" in timer
    assert "Persistent=yes\n" in timer
    assert Running("groundwork-dump@shop-main.timer") in dumps(WANTED).activate


def test_a_drill_comes_each_month_or_by_hand_alone() -> None:
    timer = "groundwork-drill@shop-main.timer"
    content = file(dumps(WANTED), f"/etc/systemd/system/{timer}").content
    by_hand = dumps(replace(WANTED, drill_at=None))

    assert "OnCalendar=*-*-01 04:00:00 Asia/Shanghai\n" in content
    assert Running(timer) in dumps(WANTED).activate
    assert Stopped(timer) in by_hand.activate


def test_the_alarms_hear_of_the_newest_dumps_age_several_times_an_hour() -> None:
    role = dumps(WANTED)
    timer = "groundwork-age@shop-main.timer"

    assert "OnCalendar=*-*-* *:00/20:00\n" in file(role, f"/etc/systemd/system/{timer}").content
    unit = file(role, "/etc/systemd/system/groundwork-age@.service").content
    assert f"ExecStart={PROGRAM} age %i\n" in unit
    assert Running(timer) in role.activate


def test_the_unit_is_confined_and_belongs_to_a_user_of_its_own() -> None:
    unit = file(dumps(WANTED), "/etc/systemd/system/groundwork-dump@.service").content

    assert f"User={USER}\n" in unit
    assert f"ExecStart={PROGRAM} dump %i --reason schedule\n" in unit
    assert f"WorkingDirectory={HOME}\n" in unit
    for line in ("ProtectSystem=strict", "NoNewPrivileges=yes", "UMask=0077", "Restart=no"):
        assert f"{line}\n" in unit


def test_the_program_is_told_where_and_how_and_no_secret() -> None:
    told = json.loads(file(dumps(WANTED), "/etc/groundwork/dumps/shop-main.json").content)

    assert told == {
        "stack": "prod",
        "database": "/etc/groundwork/databases/shop-main.json",
        "bucket": "shop-backups-0123abc",
        "region": "eu-west-1",
        "encryption_key": "arn:aws:kms:eu-west-1:1:key/k",
        "prefix": "database",
        "validate_with": "SELECT COUNT(*) FROM users",
    }
