"""Keeps moto's records on disk, so that what was acknowledged survives a kill.

Ids are random, so requests cannot be replayed; the records themselves are pickled, all services
in one file, since they point at each other. Object bodies lie beside it, one file a content.
Secrets of the emulated account are in there: the directory and every file are for its owner only.
"""

import fcntl
import hashlib
import importlib
import io
import marshal
import os
import pickle
import sys
import tempfile
import threading
import weakref
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CellType, FunctionType
from typing import IO, Any, cast

import moto
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import Certificate, load_pem_x509_certificate
from moto.core.base_backend import BaseBackend
from moto.iam.models import AWSManagedPolicy
from moto.s3.models import FakeKey, S3Backend, s3_backends

from localcloud.control_plane.cloud import backends_in_use, get_backend

FORMAT = f"control plane 1, moto {moto.__version__}, Python {sys.implementation.cache_tag}"
PRIVATE_KEYS = (RSAPrivateKey, EllipticCurvePrivateKey, Ed25519PrivateKey)
PUBLIC_KEYS = (RSAPublicKey, EllipticCurvePublicKey, Ed25519PublicKey)
PLAIN_LOCK = type(threading.Lock())
REENTRANT_LOCK = type(threading.RLock())


class StateError(Exception):
    """Why the state cannot be used, in words for the person who started the control plane."""


class StateDirectory:
    """One control plane's state; held by one process at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        self._records = directory / "records.pickle"
        self._bodies = self.private("objects")
        self._left_out: set[BaseBackend] = set()
        self._lock = (directory / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(f"{directory} is in use by another control plane.") from error

    def private(self, name: str) -> Path:
        """A directory of its own inside the state."""
        directory = self._directory / name
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory

    def load(self) -> None:
        """Give moto back what it held; nothing on the first start."""
        if not self._records.exists():
            return
        with self._records.open("rb") as file:
            found = file.readline().decode(errors="replace").strip()
            if found != FORMAT:
                raise StateError(
                    f"{self._records} was written by another version ({found or 'unknown'}, "
                    f"this is {FORMAT}). Bring the stack down and remove {self._directory}."
                )
            held = self._unpickled(file)
        for backend, contents in held:
            # Not cleared first: what a newer version of ours adds to a backend stays.
            backend.__dict__.update(contents)
            if isinstance(backend, S3Backend):
                _take_names(backend)

    def _unpickled(self, file: IO[bytes]) -> list[tuple[BaseBackend, dict[str, Any]]]:
        unpickler = Unpickler(file, self._bodies)
        try:
            held = unpickler.load()
        except Exception as error:
            raise StateError(
                f"{self._records} cannot be read ({error}). "
                f"Bring the stack down and remove {self._directory}."
            ) from error
        # Bodies of objects deleted since, and what a kill left half written.
        for body in self._bodies.iterdir():
            if body.name not in unpickler.used:
                body.unlink()
        return held

    def release(self) -> None:
        """Let another control plane have the directory; the end of the process does so too."""
        self._lock.close()

    def dump(self) -> bytes:
        """The records as they are now; the caller holds the lock."""
        try:
            return self._dump()
        except Exception:
            # One service of moto that cannot be kept must not stop all the others.
            if not self._leave_out():
                raise
            return self._dump()

    def _dump(self) -> bytes:
        contents = io.BytesIO()
        pickler = Pickler(contents, self._bodies)
        kept = [backend for backend in pickler.backends if backend not in self._left_out]
        pickler.dump([(backend, backend.__dict__) for backend in kept])
        return contents.getvalue()

    def _leave_out(self) -> bool:
        """Find the backends that cannot be written, say so once, and go on without them."""
        before = len(self._left_out)
        for backend in Pickler(io.BytesIO(), self._bodies).backends:
            try:
                Pickler(io.BytesIO(), self._bodies).dump(backend.__dict__)
            except Exception as error:
                if backend not in self._left_out:
                    name = f"{type(backend).__name__} of {backend.region_name}"
                    print(f"warning: {name} does not survive a restart: {error}", file=sys.stderr)
                    self._left_out.add(backend)
        return len(self._left_out) > before

    def write(self, contents: bytes) -> None:
        """Replace the file in one step: a reader finds the old or the new, never a part."""
        _write(self._records, FORMAT.encode() + b"\n" + contents)


class Pickler(pickle.Pickler):
    """Leaves out what a new moto has anyway, and what cannot be pickled: locks, bodies."""

    def __init__(self, file: io.BytesIO, bodies: Path) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._bodies = bodies
        in_use = list(backends_in_use())
        # Moto makes an IAM of every partition; nothing here is ever in China or GovCloud.
        self.backends = [backend for _, backend in in_use if backend.partition == "aws"]
        self._names = {id(backend): ("backend", *name) for name, backend in in_use}

    def persistent_id(self, obj: Any) -> tuple[str, ...] | None:
        if isinstance(obj, BaseBackend):
            return self._names[id(obj)]
        if isinstance(obj, Body):
            return ("body", obj.digest)
        if isinstance(obj, AWSManagedPolicy) and not obj.attachment_count:
            return ("policy", obj.account_id, obj.partition, obj.arn)
        return None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, PLAIN_LOCK):
            return threading.Lock, ()
        if isinstance(obj, REENTRANT_LOCK):
            return threading.RLock, ()
        if isinstance(obj, weakref.ref):
            return (weakref.ref, (obj(),)) if obj() is not None else (_dead_reference, ())
        if isinstance(obj, weakref.WeakValueDictionary):
            # Its values are kept alive by others; here they are met as any other object.
            values = dict(cast(Mapping[Any, Any], obj))
            return weakref.WeakValueDictionary, (), values, None, None, _fill_weakly
        if isinstance(obj, FakeKey) and not obj.disposed:
            state = {**obj.__dict__, "value": Body(self._keep(obj))}
            del state["_value_buffer"], state["lock"]
            return _bare, (type(obj),), state
        if isinstance(obj, FunctionType) and "<" in obj.__qualname__:
            return _function, (
                obj.__module__,
                marshal.dumps(obj.__code__),
                obj.__qualname__,
                obj.__defaults__,
                tuple(cell.cell_contents for cell in obj.__closure__ or ()),
            )
        if isinstance(obj, PRIVATE_KEYS):
            pem = obj.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            return _private_key, (pem,)
        if isinstance(obj, PUBLIC_KEYS):
            pem = obj.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            return _public_key, (pem,)
        if isinstance(obj, Certificate):
            return _certificate, (obj.public_bytes(Encoding.PEM),)
        if isinstance(obj, dict) and type(obj).__module__.startswith("moto."):
            # Some of moto's dictionaries need arguments, or mean something else by their items.
            made = (type(obj), getattr(obj, "default_factory", None))
            contents = dict(dict.items(cast(dict[Any, Any], obj)))
            attributes = getattr(obj, "__dict__", {})
            return _dictionary, made, (attributes, contents), None, None, _fill
        return NotImplemented

    def _keep(self, key: FakeKey) -> str:
        """Store an object's body under its digest, once: moto never changes a body."""
        digest: str | None = getattr(key, "kept_as", None)
        if digest is None:
            body = key.value
            digest = hashlib.sha256(body).hexdigest()
            if not (self._bodies / digest).exists():
                _write(self._bodies / digest, body)
            setattr(key, "kept_as", digest)  # noqa: B010 - moto's class does not declare it
        return digest


class Unpickler(pickle.Unpickler):
    """Puts back what the pickler left out."""

    def __init__(self, file: IO[bytes], bodies: Path) -> None:
        super().__init__(file)
        self._bodies = bodies
        self.used: set[str] = set()

    def persistent_load(self, pid: tuple[str, ...]) -> Any:
        kind, *name = pid
        if kind == "body":
            self.used.add(name[0])
            return (self._bodies / name[0]).read_bytes()
        if kind == "policy":
            account, partition, arn = name
            return get_backend("iam")[account][partition].managed_policies[arn]
        service, account, region = name
        return get_backend(service)[account][region]


@dataclass(frozen=True)
class Body:
    """Stands in a pickle for the bytes of an object."""

    digest: str


def _take_names(backend: S3Backend) -> None:
    """Moto keeps the names of all accounts' buckets apart; a free one is given to a new bucket."""
    for name in backend.buckets:
        s3_backends.bucket_accounts[name] = (backend.partition, backend.account_id)


def _bare(cls: type[Any]) -> Any:
    return object.__new__(cls)


def _dictionary(cls: type[dict[Any, Any]], factory: Any) -> dict[Any, Any]:
    made = cls.__new__(cls)
    if isinstance(made, defaultdict):
        made.default_factory = factory
    return made


def _fill(made: dict[Any, Any], state: tuple[dict[str, Any], dict[Any, Any]]) -> None:
    attributes, contents = state
    if attributes:
        vars(made).update(attributes)
    dict.update(made, contents)


def _dead_reference() -> Any:
    return weakref.ref(type("Gone", (), {})())


def _fill_weakly(made: Any, values: dict[Any, Any]) -> None:
    made.update(values)


def _private_key(pem: bytes) -> Any:
    return load_pem_private_key(pem, None)


def _public_key(pem: bytes) -> Any:
    return load_pem_public_key(pem)


def _certificate(pem: bytes) -> Certificate:
    return load_pem_x509_certificate(pem)


def _function(
    module: str, code: bytes, name: str, defaults: tuple[Any, ...] | None, closure: tuple[Any, ...]
) -> FunctionType:
    """A lambda again, e.g. the factory of a defaultdict; FORMAT holds the Python version too."""
    cells = tuple(CellType(value) for value in closure)
    scope = importlib.import_module(module).__dict__
    # The file is our own, for its owner only, and by this very Python.
    return FunctionType(marshal.loads(code), scope, name, defaults, cells)  # noqa: S302


def _write(path: Path, contents: bytes) -> None:
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(contents)
    Path(unfinished).replace(path)
