import copy
from typing import Any, cast

import pytest
from moto.ec2.models.availability_zones_and_regions import Zone
from moto.ec2.models.subnets import Subnet

from localcloud.network import private_addresses


@pytest.fixture
def subnet(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(Subnet, "get_available_subnet_ip", Subnet.get_available_subnet_ip)
    private_addresses.install()
    zone = Zone("eu-west-1a", "eu-west-1", "euw1-az1")
    return Subnet(cast(Any, None), "subnet-1", "vpc-1", "10.0.0.0/24", None, zone, False, False)


def test_the_first_machine_gets_the_first_address_that_is_not_awss(subnet: Any) -> None:
    assert subnet.get_available_subnet_ip("a") == "10.0.0.4"


def test_records_read_back_after_a_restart_give_out_none_of_awss_own(subnet: Any) -> None:
    assert subnet.get_available_subnet_ip("a") == "10.0.0.4"
    read_back = copy.copy(subnet)  # its iterator begins anew, as in another process
    assert read_back.get_available_subnet_ip("b") == "10.0.0.5"


def test_a_freed_address_of_awss_own_is_not_given_out_again(subnet: Any) -> None:
    subnet._subnet_ips["10.0.0.1"] = "somebody, before this was kept to"
    subnet.del_subnet_ip("10.0.0.1")
    assert subnet.get_available_subnet_ip("a") == "10.0.0.4"


def test_it_is_installed_once_however_often_it_is_asked_for(subnet: Any) -> None:
    installed = Subnet.get_available_subnet_ip
    private_addresses.install()
    assert Subnet.get_available_subnet_ip is installed
