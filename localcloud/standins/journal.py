"""What a plugin has made is written down before the engine is told, so that a crash loses nothing.

The engine notes that it begins to create something, and later what came of it; killed in between,
it knows only the beginning, and the next run would create the same name twice. So a stand-in goes
on to the end when its engine is gone, and keeps each answer here. Asked for the same resource
again, it gives that answer; asked for it with other inputs, it takes the first one away again.

An entry goes once the engine's state holds the resource, or once the resource is gone; never
before, for the run that follows a crash may be killed too. The journal holds what the emulated
cloud holds, and like that is readable by its owner alone.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import grpc

from localcloud import whole_file
from localcloud.standins.rpc import provider_pb2

JOURNAL = "GROUNDWORK_JOURNAL"

SERVICE = "/pulumirpc.ResourceProvider"
MUTATIONS = frozenset(f"{SERVICE}/{name}" for name in ("Create", "Update", "Delete"))


class Journal:
    """The answers to Create in a folder, one file a resource."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, request: Any, response: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = provider_pb2.CreateRequest(urn=request.urn, properties=request.properties)
        data = kept.SerializeToString()
        contents = len(data).to_bytes(8, "big") + data + response.SerializeToString()
        whole_file.write(self._path(request.urn), contents, mode=0o600)

    def find(self, urn: str) -> tuple[Any, Any] | None:
        """What an earlier run was asked for this resource, and what it answered."""
        try:
            data = self._path(urn).read_bytes()
        except FileNotFoundError:
            return None
        end = 8 + int.from_bytes(data[:8], "big")
        request = provider_pb2.CreateRequest.FromString(data[8:end])
        return request, provider_pb2.CreateResponse.FromString(data[end:])

    def forget(self, urn: str) -> None:
        self._path(urn).unlink(missing_ok=True)

    def drop(self, known: Collection[tuple[str, str]]) -> None:
        """Forget what the engine's state holds, given as URN and id."""
        for urn, identity in known:
            entry = self.find(urn)
            if entry is not None and entry[1].id == identity:
                self.forget(urn)

    def clear(self) -> None:
        for path in self._folder.glob("*") if self._folder.exists() else ():
            path.unlink()

    def _path(self, urn: str) -> Path:
        return self._folder / hashlib.sha256(urn.encode()).hexdigest()


class Journalled(grpc.ServerInterceptor):
    """Counts the changes that are under way, and keeps the journal of those that create."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._under_way = 0
        self._changed = threading.Condition()

    def wait_until_idle(self, timeout: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0, timeout)

    def intercept_service(
        self, continuation: Callable[[Any], Any], handler_call_details: Any
    ) -> Any:
        handler = continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method not in MUTATIONS:
            return handler
        answer = handler.unary_unary
        delete = None
        if method == f"{SERVICE}/Create" and self._journal is not None:
            delete = continuation(_Call(f"{SERVICE}/Delete", handler_call_details))

        def counted(request: Any, context: Any) -> Any:
            with self._changed:
                self._under_way += 1
            try:
                if method == f"{SERVICE}/Delete":
                    return self._delete(request, context, answer)
                if delete is None or request.preview:
                    return answer(request, context)
                return self._create(request, context, answer, delete.unary_unary)
            finally:
                with self._changed:
                    self._under_way -= 1
                    self._changed.notify_all()

        return grpc.unary_unary_rpc_method_handler(
            counted,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _create(self, request: Any, context: Any, create: Any, delete: Any) -> Any:
        assert self._journal is not None
        earlier = self._journal.find(request.urn)
        if earlier is not None:
            asked, answered = earlier
            if asked.properties == request.properties:
                return answered
            gone = provider_pb2.DeleteRequest(
                id=answered.id, urn=request.urn, properties=answered.properties
            )
            self._delete(gone, context, delete)
        response = create(request, context)
        if context.code() in (None, grpc.StatusCode.OK):
            self._journal.write(request, response)
        return response

    def _delete(self, request: Any, context: Any, delete: Any) -> Any:
        response = delete(request, context)
        if self._journal is not None and context.code() in (None, grpc.StatusCode.OK):
            self._journal.drop([(request.urn, request.id)])
        return response


class _Call(grpc.HandlerCallDetails):
    """The same call under another method's name, to reach that method's handler."""

    def __init__(self, method: str, original: Any) -> None:
        self.method = method
        self.invocation_metadata = original.invocation_metadata


def of_environment() -> Journal | None:
    folder = os.environ.get(JOURNAL)
    return Journal(Path(folder)) if folder else None
