from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance

from localcloud.machines import records


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Moto as the machines have it, and for the next test as it was."""
    for name in ("reboot", "stop", "terminate"):
        monkeypatch.setattr(Instance, name, getattr(Instance, name))
    records.install()
    yield EC2Backend("eu-west-1", DEFAULT_ACCOUNT_ID)
    del Instance.reboots  # type: ignore[attr-defined]


def launched(ec2: Any) -> Any:
    (subnet, *_) = ec2.get_default_vpc().ec2_backend.subnets.values()
    zone = next(iter(subnet.values()))
    made = ec2.run_instances(
        "ami-0deb13a0000000001",
        1,
        None,
        [],
        subnet_id=zone.id,
        instance_type="t3.micro",
        is_instance_type_default=False,
        nics=[],
    )
    return made.instances[0]


@pytest.mark.parametrize(
    ("call", "way", "end"),
    [("stop", "stopping", "stopped"), ("terminate", "shutting-down", "terminated")],
)
def test_a_machine_is_not_off_before_it_is(ec2: Any, call: str, way: str, end: str) -> None:
    instance = launched(ec2)
    ((_, before),) = getattr(ec2, f"{call}_instances")([instance.id])
    assert before.name == "running"
    assert (instance.state, instance.state_code) == (way, 64 if call == "stop" else 32)


@pytest.mark.parametrize("call", ["stop", "terminate"])
def test_asked_again_while_it_is_on_its_way_it_still_is(ec2: Any, call: str) -> None:
    instance = launched(ec2)
    first = getattr(ec2, f"{call}_instances")
    first([instance.id])
    way = instance.state
    first([instance.id])
    assert instance.state == way


def test_what_is_off_stays_off_when_it_is_stopped_again(ec2: Any) -> None:
    instance = launched(ec2)
    instance._state.name, instance._state.code = "stopped", 80
    ec2.stop_instances([instance.id])
    assert (instance.state, instance.state_code) == ("stopped", 80)


@pytest.mark.parametrize("call", ["stop", "terminate"])
def test_what_is_gone_stays_gone(ec2: Any, call: str) -> None:
    instance = launched(ec2)
    instance._state.name, instance._state.code = "terminated", 48
    getattr(ec2, f"{call}_instances")([instance.id])
    assert (instance.state, instance.state_code) == ("terminated", 48)


def test_every_reboot_that_was_asked_for_is_counted(ec2: Any) -> None:
    instance, other = launched(ec2), launched(ec2)
    ec2.reboot_instances([instance.id])
    ec2.reboot_instances([instance.id])
    assert (instance.reboots, other.reboots) == (2, 0)
