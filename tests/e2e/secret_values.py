"""Every secret of a stack, looked for by its value in all forms that a text may have it in."""

import base64
import json
import subprocess
import urllib.parse
from collections.abc import Iterable, Iterator
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


def in_the_account(cloud: Cloud) -> dict[str, str]:
    """Every value that Secrets Manager holds: whole, and each part of what is JSON."""
    manager = cloud.client("secretsmanager")
    found: dict[str, str] = {}
    for page in manager.get_paginator("list_secrets").paginate():
        for one in page["SecretList"]:
            value = manager.get_secret_value(SecretId=one["ARN"])["SecretString"]
            found[one["Name"]] = value
            if value.startswith("{"):
                parts = json.loads(value)
                for part in ("password", "url"):
                    if part in parts:
                        found[f"{one['Name']} {part}"] = parts[part]
    return found


def patterns(values: Iterable[str]) -> str:
    """One line a form, for `grep --fixed-strings --file`.

    Of many lines the last of the longest stands: keys of one kind begin alike.
    """
    lines = {
        max(reversed(form.decode().splitlines()), key=len)
        for value in values
        for form in forms(value).values()
    }
    return "".join(f"{line}\n" for line in sorted(lines) if len(line) >= SHORTEST)


def holding(wanted: str, *places: Path | str) -> list[str]:
    """The files below these places that hold any of the patterns, whoever may read them."""
    done = subprocess.run(
        [
            *("grep", "--recursive", "--files-with-matches", "--text", "--no-messages"),
            *("--devices=skip", "--fixed-strings", "--file=-", *map(str, places)),
        ],
        input=wanted,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


def in_text(wanted: str, text: str) -> list[str]:
    """The lines of the text, by number, that hold any of the patterns; never what they say."""
    lines = wanted.splitlines()
    return [
        f"line {number}"
        for number, line in enumerate(text.splitlines(), start=1)
        if any(one in line for one in lines)
    ]
