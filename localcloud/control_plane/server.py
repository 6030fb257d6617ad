"""Serves the AWS API on one port: one request at a time, answered once its effect is on disk."""

import io
import json
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from localcloud import whole_file
from localcloud.control_plane import gaps
from localcloud.control_plane.cloud import MotoCloud, backends_in_use
from localcloud.control_plane.reconciler import Reconciler
from localcloud.control_plane.refusal import refuse
from localcloud.control_plane.requests import only_reads
from localcloud.control_plane.start import StartError
from localcloud.control_plane.state import StateDirectory, StateError

READY = "ready.json"


class QuietHandler(MotoRequestHandler):
    """Says nothing of requests: their lines would hold object names, and nobody reads them."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class ControlPlane:
    """Moto with its gaps filled, its state on disk and its reconcilers at work."""

    def __init__(
        self, host: str, port: int, directory: Path, reconcilers: Iterable[Reconciler] = ()
    ) -> None:
        self._directory = directory
        self._host, self._port = host, port
        self._reconcilers = list(reconcilers)
        self._cloud = MotoCloud(f"http://{host}:{port}", self._wait_until_saved)
        self._server: BaseWSGIServer | None = None

    def start(self) -> None:
        gaps.fill()
        try:
            self._state = StateDirectory(self._directory)
            (self._directory / READY).unlink(missing_ok=True)
            self._state.load()
        except StateError as error:
            raise StartError(str(error)) from error
        self._saver = Saver(self._cloud, self._state)
        self._saver.start()
        application = Guarded(Dispatcher(create_backend_app), self._cloud)
        self._server = make_server(
            self._host, self._port, application, threaded=True, request_handler=QuietHandler
        )
        threading.Thread(target=self._server.serve_forever, name="api", daemon=True).start()
        for reconciler in self._reconcilers:
            reconciler.start(self._cloud, self._state.private(reconciler.name))
        self._announce()

    def stop(self) -> None:
        (self._directory / READY).unlink(missing_ok=True)
        for reconciler in reversed(self._reconcilers):
            reconciler.stop()
        if self._server:
            self._server.shutdown()
        self._saver.stop()

    def _wait_until_saved(self, generation: int) -> None:
        self._saver.wait(generation)

    def _announce(self) -> None:
        ready = {"pid": os.getpid(), "port": self._port, "endpoint": self._cloud.endpoint}
        whole_file.write(self._directory / READY, json.dumps(ready))


class Guarded:
    """Serves one request at a time, and answers a change only once it is on disk."""

    def __init__(self, application: Callable[..., Iterable[bytes]], cloud: MotoCloud) -> None:
        self._application = application
        self._cloud = cloud

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # The body comes over the network: it is awaited without the lock.
        body = _read_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        if environ.get("wsgi.input_terminated"):
            environ["CONTENT_LENGTH"] = str(len(body))
        if only_reads(environ, body):
            with self._cloud.reading():
                known = sum(1 for _ in backends_in_use())
                answer = self._answer(environ, body, start_response)
                if sum(1 for _ in backends_in_use()) == known:
                    return answer
            # A first look at a service makes its defaults (a default VPC), with random ids.
            with self._cloud.changing():
                return answer
        with self._cloud.changing():
            return self._answer(environ, body, start_response)

    def _answer(self, environ: dict[str, Any], body: bytes, start_response: Any) -> Iterable[bytes]:
        started: list[tuple[Any, ...]] = []

        def start(*arguments: Any) -> None:
            started[:] = [arguments]

        try:
            answer = list(self._application(environ, start))
        except NotImplementedError as error:
            return refuse(environ, body, str(error) or "moto lacks it", start_response)
        status, headers = started[0][:2]
        if status.startswith("404") and _is_page(headers):
            return refuse(environ, body, "moto has no such path", start_response)
        start_response(*started[0])
        return answer


class Dispatcher(DomainDispatcherApplication):
    """Finds moto's application for a request, or says that there is none."""

    def get_backend_for_host(self, host: str | None) -> Any:
        backend = super().get_backend_for_host(host)
        if backend is None and host is not None:
            raise NotImplementedError("moto has no such service")
        return backend


class Saver:
    """Writes the state after changes; those that arrive during one write share the next."""

    def __init__(self, cloud: MotoCloud, state: StateDirectory) -> None:
        self._cloud = cloud
        self._state = state
        self._saved = 0
        self._failure: BaseException | None = None
        self._progress = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saver", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def wait(self, generation: int) -> None:
        with self._progress:
            self._progress.wait_for(lambda: self._saved >= generation or self._failure)
            if self._failure:
                raise RuntimeError("the state cannot be written") from self._failure

    def _run(self) -> None:
        while True:
            last = self._stopping.is_set()
            generation = self._cloud.wait_for_change(self._saved, timeout=0.2)
            if generation > self._saved:
                self._save()
            if last:
                return

    def _save(self) -> None:
        failure = None
        generation = self._saved
        try:
            with self._cloud.reading(first=True):
                generation = self._cloud.generation
                contents = self._state.dump()
            self._state.write(contents)
        except Exception as error:
            failure = error
        with self._progress:
            self._saved, self._failure = (self._saved if failure else generation), failure
            self._progress.notify_all()


def _is_page(headers: list[tuple[str, str]]) -> bool:
    """Written by the web framework: services answer in XML or JSON."""
    return any(n.lower() == "content-type" and v.startswith("text/html") for n, v in headers)


def _read_body(environ: dict[str, Any]) -> bytes:
    if environ.get("wsgi.input_terminated"):
        return environ["wsgi.input"].read()
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return environ["wsgi.input"].read(length) if length else b""
