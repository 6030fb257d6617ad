"""The control plane's records of instances, true from the moment of the call.

Moto forgets that a reboot was asked for, and says "stopped" and "terminated" at once. Here a
machine has to be switched off first, so until it is, the record says what EC2 says meanwhile.
"""

from typing import Any

from moto.ec2.models.instances import Instance, InstanceState

from localcloud.control_plane.cloud import INSTANCE_STATE_CODES
from localcloud.control_plane.reconciler import InstanceState as State


def install() -> None:
    """From now on moto counts reboots, and leaves it to the machines when one is off."""
    if hasattr(Instance, "reboots"):
        return
    Instance.reboots = 0  # type: ignore[attr-defined]
    rebooted = Instance.reboot

    def reboot(self: Any) -> None:
        rebooted(self)
        self.reboots += 1

    Instance.reboot = reboot  # type: ignore[method-assign]
    _by_way_of("stopping", "stop", end="stopped")
    _by_way_of("shutting-down", "terminate", end="terminated")


def _by_way_of(way: State, method: str, *, end: State) -> None:
    original = getattr(Instance, method)

    def begin(self: Any) -> InstanceState:
        before: InstanceState = original(self)
        # Asked a second time it is off already, and nobody would say so again.
        if before.name not in (end, "terminated"):
            self._state.name, self._state.code = way, INSTANCE_STATE_CODES[way]
        else:
            self._state.name, self._state.code = before.name, before.code
        return before

    setattr(Instance, method, begin)
