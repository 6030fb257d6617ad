"""What runs beside the control plane and makes its records real: machines, stores, balancers.

A module named on the command line (`--with localcloud.machines`) exposes
`def reconciler() -> Reconciler`. Its `start` must return at once (start a thread); its work is
to look at what the control plane holds and make the machine agree, over and over:

    def _run(self) -> None:
        generation = -1
        while not self._stopping.is_set():
            generation = self._cloud.wait_for_change(generation, timeout=1.0)
            with self._cloud.reading():
                wanted = ...  # copy plain values out of the backends, quickly
            ...               # act on the machine, without the lock
            with self._cloud.changing():
                ...           # write back what became of it; saved on leaving
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol

InstanceState = Literal["pending", "running", "stopping", "stopped", "shutting-down", "terminated"]
TargetState = Literal["initial", "healthy", "unhealthy", "unused", "draining", "unavailable"]


class Cloud(Protocol):
    """What the control plane lets a reconciler see and change."""

    @property
    def account(self) -> str:
        """The only account there is."""
        ...

    @property
    def endpoint(self) -> str:
        """Where the API answers, e.g. http://127.0.0.1:5000."""
        ...

    def regions(self, service: str) -> list[str]:
        """Regions in which a service has been used."""
        ...

    def backend(self, service: str, region: str) -> Any:
        """Moto's own backend object, e.g. backend("rds", "eu-west-1").databases."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """No request is served meanwhile: copy what is needed and leave."""
        ...

    def changing(self) -> AbstractContextManager[None]:
        """As reading, and what was changed is on disk once this is left."""
        ...

    def wait_for_change(self, generation: int, timeout: float) -> int:
        """Sleep until something changed after `generation` or the time is over; the new one."""
        ...

    def master_password(self, region: str, identifier: str) -> str:
        """The password of an RDS instance's master user, which the API never returns."""
        ...

    def auth_token(self, region: str, replication_group: str) -> str | None:
        """The token of an ElastiCache replication group, which the API never returns."""
        ...

    def set_instance_state(self, region: str, instance_id: str, state: InstanceState) -> None:
        """What DescribeInstances says of a machine; call inside changing()."""
        ...

    def set_target_health(
        self,
        region: str,
        target_group_arn: str,
        target_id: str,
        port: int,
        state: TargetState,
        description: str = "",
    ) -> None:
        """What DescribeTargetHealth says of a target; call inside changing()."""
        ...


class Reconciler(Protocol):
    """Keeps one part of the machine in agreement with the control plane."""

    name: str

    def start(self, cloud: Cloud, state_dir: Path) -> None:
        """Begin in the background; `state_dir` is private to this reconciler (mode 0700)."""
        ...

    def stop(self) -> None:
        """Stop acting; what runs may go on running and is found again at the next start."""
        ...
