"""The real program, through the real engine, on the local cloud: up, again, and down."""

import base64
import json
import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.e2e.cloud import Cloud

SHORTEST = 8
"""A shorter value turns up in any file by chance."""

# A connection is secret as a whole, its address is none: so only what would let someone in.
SECRET_PROPERTIES = frozenset(
    {
        "authToken",
        "base64",
        "bcryptHash",
        "hex",
        "password",
        "privateKey",
        "result",
        "secretString",
    }
)


def test_up_makes_everything_and_says_what_and_how_long(platform: Cloud, first_up: str) -> None:
    for title in ("Created", "Slowest", "Time"):
        assert title in first_up
    assert "aws:ec2/vpc:Vpc" in first_up
    counted = re.search(r"│ resources +│ +(\d+) │", first_up)
    assert counted is not None
    assert int(counted[1]) > 100
    assert "Up at" in first_up


def test_up_again_changes_nothing(platform: Cloud, first_up: str) -> None:
    assert "Nothing to change" in platform.expect("up")


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


def test_down_leaves_no_process_and_no_file(platform: Cloud, first_up: str) -> None:
    assert "Down: no process" in platform.expect("down")
    assert not platform.home.exists()
    assert platform.processes() == []


def secrets_of(cloud: Cloud) -> tuple[dict[str, str], str]:
    """Every secret value that the state or the configuration holds, and one plain value of it."""
    export = cloud.expect("pulumi", "stack", "export", "--stack", "local", "--show-secrets")
    state = json.loads(export)
    found: dict[str, str] = {}
    for resource in state["deployment"]["resources"]:
        for part in ("inputs", "outputs"):
            for path, value in plaintexts(resource.get(part), ()):
                if len(value) >= SHORTEST and path.rpartition(".")[2] in SECRET_PROPERTIES:
                    found[f"{resource['urn']} {path}"] = value
    config = json.loads(
        cloud.expect("pulumi", "config", "--stack", "local", "--show-secrets", "--json")
    )
    for key, entry in config.items():
        if entry["secret"]:
            found[key] = entry["value"]
    vpc = next(r for r in state["deployment"]["resources"] if r["type"] == "aws:ec2/vpc:Vpc")
    return found, vpc["id"]


def plaintexts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The texts inside the export's secret wrappers, each as JSON in a JSON string."""
    if isinstance(value, dict):
        if "plaintext" in value:
            yield from leaves(json.loads(value["plaintext"]), path)
        else:
            for key, item in value.items():
                yield from plaintexts(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from plaintexts(item, (*path, str(number)))


def leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, str(number)))
    elif isinstance(value, str):
        yield ".".join(path), value


def forms(value: str) -> dict[str, bytes]:
    return {
        "plain": value.encode(),
        "base64": base64.b64encode(value.encode()).rstrip(b"="),
        "percent-encoded": urllib.parse.quote(value, safe="").encode(),
        "JSON-escaped": json.dumps(value)[1:-1].encode(),
        # The engine's own JSON writes these three differently.
        "escaped by the engine": json.dumps(value)[1:-1]
        .replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .encode(),
    }


def texts(cloud: Cloud) -> Iterator[tuple[str, bytes]]:
    """All that a run writes, but for the emulated cloud's own store and the key to the state."""
    for path in sorted(cloud.home.rglob("*")):
        inside = path.relative_to(cloud.home)
        if not path.is_file() or inside.parts[0] in ("bin", "pulumi", "control_plane"):
            continue
        if inside != Path("passphrase"):
            yield str(inside), path.read_bytes()
