"""What the applications of the local stack write is read in one command, from all their hosts."""

from commands.logged import written_at
from tests.e2e.cloud import Cloud
from tests.e2e.served import SERVED, Served, hosts_of, on_each


@on_each(*SERVED)
def test_each_service_s_lines_come_from_every_host_in_the_order_of_time(
    platform: Cloud, first_up: str, served: Served
) -> None:
    assert first_up
    said = platform.expect_command("logs", "local", served.name, "--lines", "50").splitlines()

    lines = [line.partition("  ") for line in said]
    assert {host for host, _, _ in lines} >= set(hosts_of(platform, served))
    times = [time for _, _, text in lines if (time := written_at(text))]
    assert len(times) > 10
    assert times == sorted(times)


def test_a_service_of_one_host_is_read_alone(platform: Cloud, first_up: str) -> None:
    assert first_up
    words = ("--service", "worker", "--host", "back-a1", "--lines", "5")

    said = platform.expect_command("logs", "local", "aixsss", *words).splitlines()

    assert 0 < len(said) <= 5
    assert all(line.startswith("back-a1  ") for line in said)
    assert any("aixsss-worker" in line for line in said)
