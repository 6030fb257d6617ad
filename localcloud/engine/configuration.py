"""The work copy of a stack's configuration, with the secrets that nobody here could supply."""

import re
import secrets
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from localcloud import whole_file
from localcloud.engine.project import stack_file
from localcloud.error import LocalCloudError
from localcloud.paths import ROOT, Paths
from settings import load
from settings.problem import SettingsError

NAMESPACE = "groundwork"
DEPLOY_KEY = f"{NAMESPACE}:deploy_key"
DEPLOY_KEYS = f"{NAMESPACE}:deploy_keys"
RUNTIMES = f"{NAMESPACE}:runtimes"

INVENTED_LENGTH = 40
ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, repr=False)
class Invented:
    """A configuration value that goes into the work copy encrypted."""

    key: str
    value: str


def write_work_copy(
    paths: Paths,
    stack: str,
    *,
    own_keys: bool,
    runtimes: dict[str, dict[str, object]] | None = None,
) -> list[Invented]:
    """The committed file without its secrets; returns those that still have to be encrypted.

    own_keys: the hosts are ours, so the deploy key's public half is replaced as well.
    runtimes: as they were packed here, in place of those that the file names.
    """
    committed = _committed(paths, stack)
    values: dict[str, Any] = committed.get("config") or {}
    plain = {key: value for key, value in values.items() if not _is_secret(value)}
    target = paths.work_project / stack_file(stack)
    before = _left(paths, stack)
    known: dict[str, Any] = before.get("config") or {}

    invented: list[Invented] = []
    for key, shape in _wanted(paths, stack, values):
        if _is_secret(known.get(key)):
            plain[key] = known[key]
        elif key != DEPLOY_KEY:
            invented.append(Invented(key, invent(key, shape)))
        else:
            private, public = _key_pair()
            invented.append(Invented(key, private))
            known[DEPLOY_KEYS] = [public]
    if own_keys and DEPLOY_KEYS in plain and DEPLOY_KEYS in known:
        plain[DEPLOY_KEYS] = known[DEPLOY_KEYS]

    if runtimes is not None:
        plain[RUNTIMES] = runtimes

    copy = {key: before[key] for key in ("encryptionsalt",) if key in before}
    text = yaml.dump({**copy, "config": plain}, Dumper=_Quoting, sort_keys=False)
    for file in (_given(paths, stack), target):
        whole_file.write(file, text, mode=0o600)
    return invented


class _Quoting(yaml.SafeDumper):
    """Text stays text: the engine's YAML takes a commit's short name, 1234e56, for a number where
    Python's does not."""


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def _left(paths: Paths, stack: str) -> dict[str, Any]:
    """The work copy as the engine left it, which writes into it in place. What a kill emptied is as
    it was given to the engine: with new keys the hosts would no longer be reached."""
    for file in (paths.work_project / stack_file(stack), _given(paths, stack)):
        found: dict[str, Any] | None = yaml.safe_load(file.read_text()) if file.exists() else None
        if found:
            return found
    return {}


def _given(paths: Paths, stack: str) -> Path:
    return paths.work_project / f".{stack_file(stack)}"


def work_copies(paths: Paths) -> list[str]:
    """The stacks that have been prepared before and whose committed file is still there."""
    return [
        name
        for name in load.stacks(paths.work_project)
        if (paths.project / stack_file(name)).exists()
    ]


def packed_runtimes(paths: Paths, stack: str) -> dict[str, dict[str, object]] | None:
    """The runtimes as the last `up` packed them: what its hosts have fetched."""
    return (_left(paths, stack).get("config") or {}).get(RUNTIMES)


def check(paths: Paths, stack: str) -> None:
    """The stack file exists and its settings can be read: said before anything is touched."""
    committed = _committed(paths, stack)
    _wanted(paths, stack, committed.get("config") or {})


@dataclass(frozen=True)
class Shape:
    """What a supplied secret must look like."""

    min_length: int = 1
    pattern: str | None = None


def _wanted(paths: Paths, stack: str, values: dict[str, Any]) -> list[tuple[str, Shape]]:
    """The secrets that the stack's applications ask for; other projects name theirs themselves."""
    if paths.project != ROOT:
        return [(key, Shape()) for key, value in values.items() if _is_secret(value)]
    try:
        configuration = load.stack_configuration(stack)
        wanted = load.supplied_secrets(stack, configuration)
    except SettingsError as error:
        raise LocalCloudError(str(error), "Nothing has been touched.") from None
    shapes = [
        (f"{NAMESPACE}:{secret.key}", Shape(secret.min_length, secret.pattern)) for secret in wanted
    ]
    return [*shapes, (DEPLOY_KEY, Shape())]


def refuse_unknown(paths: Paths, stack: str) -> None:
    """LocalCloudError where the project has no file of that stack."""
    if not (paths.project / stack_file(stack)).exists():
        raise LocalCloudError(
            f"There is no stack {stack}: {stack_file(stack)} does not exist.",
            f"Stacks are {', '.join(load.stacks(paths.project)) or 'none yet'}.",
        )


def _committed(paths: Paths, stack: str) -> dict[str, Any]:
    refuse_unknown(paths, stack)
    source = paths.project / stack_file(stack)
    try:
        return yaml.safe_load(source.read_text()) or {}
    except yaml.YAMLError as error:
        raise LocalCloudError(f"{source.name} is no valid YAML: {error}") from None


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and "secure" in value


def _key_pair() -> tuple[str, str]:
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return private.decode(), f"{public.decode()} local-cloud"


# -- inventing a secret of a shape -------------------------------------------------------------

ATOM = re.compile(
    r"(?P<escape>\\[dwAZ])|\[(?P<members>[^\]^]+)\]|(?P<any>\.)|\\(?P<quoted>[^a-zA-Z0-9])"
    r"|(?P<literal>[^\\\[\](){}*+?|^$.])"
)
REPEAT = re.compile(r"\{(?P<least>\d+)(?:,(?P<most>\d*))?\}|(?P<sign>[*+?])")


def invent(key: str, shape: Shape) -> str:
    """A random value that the check on supplied secrets accepts."""
    length = max(shape.min_length, INVENTED_LENGTH)
    if shape.pattern is None:
        return "".join(secrets.choice(ALPHABET) for _ in range(length))
    value = _matching(shape.pattern, length)
    if value is None or len(value) < shape.min_length or not re.fullmatch(shape.pattern, value):
        raise LocalCloudError(
            f"No value could be made up for the secret {key}: its pattern is {shape.pattern}.",
            f"Supply one: python -m localcloud pulumi config set --secret {key}",
        )
    return value


def _matching(pattern: str, length: int) -> str | None:
    """A text for a plain sequence of characters, classes and repeats; None for anything else."""
    text = pattern.removeprefix("^").removesuffix("$")
    pieces: list[tuple[str, int, int]] = []
    position = 0
    while position < len(text):
        atom = ATOM.match(text, position)
        if atom is None:
            return None
        position = atom.end()
        repeat = REPEAT.match(text, position)
        least, most = 1, 1
        if repeat is not None:
            position = repeat.end()
            least, most = _bounds(repeat)
        pieces.append((_members(atom), least, most))
    missing = length - sum(least for _, least, _ in pieces)
    chosen: list[str] = []
    for members, least, most in pieces:
        more = min(max(missing, 0), most - least)
        missing -= more
        chosen += [secrets.choice(members) for _ in range(least + more)]
    return "".join(chosen)


def _bounds(repeat: re.Match[str]) -> tuple[int, int]:
    unlimited = 10_000
    if repeat["sign"]:
        return {"*": (0, unlimited), "+": (1, unlimited), "?": (0, 1)}[repeat["sign"]]
    least = int(repeat["least"])
    if repeat["most"] is None:
        return least, least
    return least, int(repeat["most"]) if repeat["most"] else unlimited


def _members(atom: re.Match[str]) -> str:
    if atom["members"]:
        expanded = re.sub(r"\\d", "0-9", atom["members"])
        expanded = re.sub(r"\\w", "A-Za-z0-9_", expanded)
        return re.sub(
            r"(.)-(.)",
            lambda span: "".join(map(chr, range(ord(span[1]), ord(span[2]) + 1))),
            expanded.replace("\\", ""),
        )
    if atom["escape"] == r"\d":
        return string.digits
    if atom["escape"] or atom["any"]:
        return ALPHABET
    return atom["quoted"] or atom["literal"]
