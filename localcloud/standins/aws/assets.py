"""Assets and archives as files, which is how Terraform takes contents.

A file is named by the engine's hash of its contents: where the engine compares it sends that hash
alone, and a name that depended on anything else would look like a change.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from localcloud.standins.aws import cache
from localcloud.standins.values import ARCHIVE, ASSET, Tagged

# The earliest that a zip file can hold: the same contents give the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


def file_of(tagged: Tagged) -> Path:
    fields = tagged.fields
    given = fields.get("hash") or hashlib.sha256(
        json.dumps(fields, sort_keys=True, default=repr).encode()
    )
    name = given if isinstance(given, str) else given.hexdigest()
    directory = cache.directory() / "assets"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / (name + (".zip" if tagged.signature == ARCHIVE else ""))
    if not file.exists() and {"path", "text", "assets"} & {key for key in fields if fields[key]}:
        descriptor, unfinished = tempfile.mkstemp(dir=directory)
        with os.fdopen(descriptor, "wb") as out:
            _write(tagged, out)
        Path(unfinished).replace(file)
    return file


def _write(tagged: Tagged, out: IO[bytes]) -> None:
    path = tagged.fields.get("path")
    if tagged.signature == ASSET or (path and Path(path).is_file()):
        out.write(_contents(tagged))
        return
    with zipfile.ZipFile(out, "w") as archive:
        for name, contents in _members(tagged, ""):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), contents)


def _contents(asset: Tagged) -> bytes:
    path = asset.fields.get("path")
    return Path(path).read_bytes() if path else str(asset.fields.get("text", "")).encode()


def _members(archive: Tagged, prefix: str) -> Iterator[tuple[str, bytes]]:
    path = archive.fields.get("path")
    if path:
        for file in sorted(Path(path).rglob("*")):
            if file.is_file():
                yield os.path.normpath(f"{prefix}{file.relative_to(path)}"), file.read_bytes()
    assets: dict[str, Any] = archive.fields.get("assets") or {}
    for name, inner in sorted(assets.items()):
        if inner.signature == ASSET:
            yield prefix + name, _contents(inner)
        else:
            yield from _members(inner, f"{prefix}{name}/")
