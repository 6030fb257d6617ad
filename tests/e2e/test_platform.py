"""The real program, through the real engine, on the local cloud: up, again, and down."""

import base64
import contextlib
import os
import re
from pathlib import Path

from tests.e2e.cloud import Cloud
from tests.e2e.secret_values import (
    forms,
    holding,
    in_text,
    in_the_account,
    patterns,
    secrets_of,
    texts,
)


def test_up_makes_everything_and_says_what_and_how_long(platform: Cloud, first_up: str) -> None:
    for title in ("Created", "Slowest", "Time"):
        assert title in first_up
    assert "aws:ec2/vpc:Vpc" in first_up
    counted = re.search(r"│ resources +│ +(\d+) │", first_up)
    assert counted is not None
    assert int(counted[1]) > 100
    assert "Up at" in first_up


def test_up_again_changes_nothing_and_connects_to_no_host(platform: Cloud, first_up: str) -> None:
    hosts = platform.machines()
    before = {name: host.heard_by_sshd() for name, host in hosts.items()}
    assert all(any("Accepted publickey" in line for line in heard) for heard in before.values())

    assert "Nothing to change" in platform.expect("up")

    assert {name: host.heard_by_sshd() for name, host in hosts.items()} == before


def test_status_shows_what_is_up(platform: Cloud, first_up: str) -> None:
    said = platform.expect("status")
    assert platform.endpoint in said
    assert "aws:ec2/vpc:Vpc" in said


def test_no_secret_lies_in_plain_text_anywhere(platform: Cloud, first_up: str) -> None:
    secrets, known = secrets_of(platform)
    written = dict(texts(platform))
    written["what `up` printed"] = first_up.encode()

    assert any(known.encode() in text for text in written.values()), "the search finds nothing"
    assert len(secrets) > 5
    found = [
        (where, name, form)
        for name, value in secrets.items()
        for form, searched in forms(value).items()
        for where, text in written.items()
        if searched in text
    ]
    assert found == []


def test_no_secret_lies_on_a_host(platform: Cloud, first_up: str) -> None:
    values = {**secrets_of(platform)[0], **in_the_account(platform)}
    wanted = patterns(values.values())
    client = platform.client("ec2")
    in_memory: list[str] = []
    for name, host in platform.machines().items():
        # All that is not as it was in the image: scripts, logs, PM2's files, cloud-init's.
        assert holding(wanted, host.container.upper) == [], name
        root = Path(f"/proc/{host.container.leader}/root")
        for found in holding(wanted, root / "run", root / "tmp", root / "dev" / "shm"):
            # In files that only memory holds: what a service fetched for itself, and what a dump
            # that the clock takes just now logs in with.
            own = (f"{root}/run/groundwork/", f"{root}/dev/shm/groundwork.")
            assert found.startswith(own), found
            # It may end meanwhile, and its file with it.
            with contextlib.suppress(FileNotFoundError):
                assert Path(found).stat().st_mode & 0o077 == 0, found
                in_memory += [found] if found.startswith(own[0]) else []
        # The journal compresses what is long, so it is asked.
        said = host.says("journalctl", "--quiet", "--output=export", "--all")
        assert in_text(wanted, said) == [], name
        given = client.describe_instance_attribute(InstanceId=host.id, Attribute="userData")
        data = base64.b64decode(given["UserData"].get("Value", "")).decode()
        assert data
        assert in_text(wanted, data) == [], name
    assert in_memory, "the search finds nothing"


def test_no_secret_is_in_a_process_list(platform: Cloud, first_up: str) -> None:
    """Neither as a word nor in an environment: machines and stores run on this machine.

    A service that systemd starts is given its secrets as variables, from a file in memory; they are
    in its own environment, which nobody reads but itself and root.
    """
    wanted = patterns({**secrets_of(platform)[0], **in_the_account(platform)}.values())
    seen = 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and process.name != str(os.getpid()):
            for name in ("cmdline", "environ"):
                # It may end while it is looked at.
                with contextlib.suppress(OSError):
                    text = (process / name).read_text(errors="replace").replace("\0", "\n")
                    seen += "PM2_HOME" in text
                    if name == "environ" and "SYSTEMD_EXEC_PID=" in text and "PM2_HOME" not in text:
                        assert (process / name).stat().st_mode & 0o077 == 0, process
                        if (process / name).stat().st_uid != 0:
                            continue
                    assert in_text(wanted, text) == [], process
    assert seen, "the services' processes are not among them"


def test_down_leaves_no_process_and_no_file(platform: Cloud, first_up: str) -> None:
    assert first_up
    platform.goes_without_a_trace()
