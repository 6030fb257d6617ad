"""The control plane's records, and the one lock under which they are read and changed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto import backends
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.models import DEFAULT_ACCOUNT_ID

from localcloud.control_plane.reconciler import InstanceState, TargetState
from localcloud.control_plane.turns import Turns

# Moto lists every service as a literal; here the name is any of them.
get_backend: Callable[[str], Any] = backends.get_backend  # type: ignore[assignment]

# EC2's own numbers for the states of an instance (API reference, InstanceState).
INSTANCE_STATE_CODES: dict[InstanceState, int] = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}


class MotoCloud:
    """Serves reconciler.Cloud from moto's backends; moto itself guards nothing against threads."""

    def __init__(self, endpoint: str, saved: Callable[[int], None]) -> None:
        self._endpoint = endpoint
        self._saved = saved
        self._turns = Turns()
        self._changed = threading.Condition()
        self._generation = 0
        self._depth = 0

    @property
    def account(self) -> str:
        return DEFAULT_ACCOUNT_ID

    @property
    def endpoint(self) -> str:
        return self._endpoint

    def regions(self, service: str) -> list[str]:
        return sorted(get_backend(service)[self.account].keys())

    def backend(self, service: str, region: str) -> Any:
        return get_backend(service)[self.account][region]

    @contextmanager
    def reading(self, *, first: bool = False) -> Iterator[None]:
        """first: ahead of all who wait, for what all of them wait for in the end."""
        with self._turns.turn(first=first):
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    @contextmanager
    def changing(self) -> Iterator[None]:
        inside_another = False
        try:
            with self.reading():
                inside_another = self._depth > 1
                yield
        finally:
            # What was done before an error was done, so it is kept as well.
            generation = self.note_change()
            # Inside another, the lock is still held, and saving needs it.
            if not inside_another:
                self._saved(generation)

    def note_change(self) -> int:
        """Count a change and wake those who wait for one."""
        with self._changed:
            self._generation += 1
            self._changed.notify_all()
            return self._generation

    @property
    def generation(self) -> int:
        return self._generation

    def wait_for_change(self, generation: int, timeout: float) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._generation > generation, timeout)
            return self._generation

    def master_password(self, region: str, identifier: str) -> str:
        with self._turns.turn():
            return self.backend("rds", region).databases[identifier].secret_master_password

    def auth_token(self, region: str, replication_group: str) -> str | None:
        with self._turns.turn():
            groups = self.backend("elasticache", region).replication_groups
            return groups[replication_group].secret_auth_token

    def set_instance_state(self, region: str, instance_id: str, state: InstanceState) -> None:
        instance = self.backend("ec2", region).get_instance(instance_id)
        instance._state.name = state
        instance._state.code = INSTANCE_STATE_CODES[state]

    def set_target_health(
        self,
        region: str,
        target_group_arn: str,
        target_id: str,
        port: int,
        state: TargetState,
        description: str = "",
    ) -> None:
        group = self.backend("elbv2", region).target_groups[target_group_arn]
        group.observed_health[f"{target_id}:{port}"] = (state, description)


def backends_in_use() -> Iterator[tuple[tuple[str, str, str], BaseBackend]]:
    """Every backend that exists, with its (service, account, region)."""
    services: list[BackendDict[BaseBackend]] = list(BackendDict._instances)  # type: ignore
    for service in services:
        for account, region, backend in list(service.iter_backends()):
            yield (service.service_name, account, region), backend
