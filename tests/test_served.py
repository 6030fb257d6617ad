"""What the tests under load ask for is there, and stays below what a host allows one visitor."""

import pytest

from settings.stack import HostsPlacement
from tests.apps.applications import APPLICATIONS
from tests.e2e.served import SERVED, Served
from tests.stacks import settings_of

each = pytest.mark.parametrize("served", SERVED, ids=lambda served: served.name)


def test_every_application_of_the_local_stack_is_put_under_load() -> None:
    assert {served.name for served in SERVED} == set(settings_of("local").applications)


@each
def test_what_is_changed_and_made_unwell_is_there(served: Served) -> None:
    settings = settings_of("local")
    spec, placement = settings.applications[served.name], settings.placed(served.name).placement
    assert isinstance(placement, HostsPlacement)
    assert placement.pools[served.service] == served.pool
    variable, value = served.variable
    assert spec.services[served.service].environment[variable] != value
    assert spec.services[served.service].stop_seconds != served.stop_seconds
    assert set(served.unwell) <= set(APPLICATIONS[served.name].parts)
    workers = {(placement.pools[n], n) for n, one in spec.services.items() if one.port is None}
    assert workers == ({served.worker} if served.worker else set())


@each
def test_all_its_streams_together_stay_below_the_limit_of_one_host(served: Served) -> None:
    settings = settings_of("local")
    spec = settings.applications[served.name]
    names = {settings.host_name(served.name, host) for host in spec.hosts}
    assert {traffic.host for traffic in served.traffic} <= names
    together = sum(traffic.rate for traffic in served.traffic)
    for service in spec.services.values():
        limit = service.proxy.rate_limit
        assert limit is None or together < limit.requests_per_second
