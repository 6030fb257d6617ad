"""What goes wrong in a life, on the whole stack: what visitors see of it, and how it ends.

Each test leaves the stack as it found it, and runs alone too.
"""

import time
from pathlib import Path
from typing import Any

import pytest

from localcloud.services import caches
from tests.e2e.cloud import STACK_FILE, Cloud, Host, wait_for
from tests.e2e.database_server import described, name_of, query, server
from tests.e2e.served import PATIENCE, THREED, Served, hosts_of, under_load, well
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.long

# What happens to machines is the same for all that they serve; the stores are the 3D generator's.
SERVED = THREED
API = "api.3dgenerator.test"


@pytest.fixture(scope="module")
def visitor(platform: Cloud, first_up: str) -> Visitor:
    assert first_up
    return Visitor(platform)


@pytest.fixture
def cloud(visitor: Visitor) -> Cloud:
    """Everything is well before each test."""
    well(visitor, SERVED)
    return visitor.cloud


def state_of(cloud: Cloud, host: Host) -> str:
    found = cloud.client("ec2").describe_instances(InstanceIds=[host.id])
    return found["Reservations"][0]["Instances"][0]["State"]["Name"]


def health_of(cloud: Cloud, host: Host) -> set[str]:
    """What the load balancer thinks of a host, in all groups that it is in."""
    balancing = cloud.client("elbv2")
    return {
        target["TargetHealth"]["State"]
        for group in balancing.describe_target_groups()["TargetGroups"]
        for target in balancing.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
        if target["Target"]["Id"] == host.id
    }


def first_host(cloud: Cloud, served: Served = SERVED) -> Host:
    return next(iter(hosts_of(cloud, served).values()))


# -- machines -------------------------------------------------------------------------------------


def test_nobody_notices_a_machine_that_is_stopped_nor_its_return(
    cloud: Cloud, visitor: Visitor, tmp_path: Path
) -> None:
    host = first_host(cloud)
    ec2 = cloud.client("ec2")
    with under_load(visitor, SERVED, tmp_path) as load:
        ec2.stop_instances(InstanceIds=[host.id])
        try:
            assert wait_for(lambda: state_of(cloud, host) == "stopped", PATIENCE)
            assert wait_for(lambda: health_of(cloud, host) == {"unused"}, PATIENCE)
            time.sleep(5)
        finally:
            ec2.start_instances(InstanceIds=[host.id])
        assert wait_for(lambda: health_of(cloud, host) == {"healthy"}, PATIENCE)
        time.sleep(5)
    load.nobody_noticed()


def test_a_machine_that_dies_is_missed_no_longer_than_the_load_balancer_needs(
    cloud: Cloud, visitor: Visitor, tmp_path: Path
) -> None:
    host = first_host(cloud)
    # As when its power fails: nothing is stopped in order, nobody is told.
    host.container.run("systemctl", "poweroff", "--force", "--force")
    try:
        assert wait_for(lambda: state_of(cloud, host) == "stopped", PATIENCE)
        assert wait_for(lambda: "healthy" not in health_of(cloud, host), PATIENCE)
        with under_load(visitor, SERVED, tmp_path) as load:
            cloud.client("ec2").start_instances(InstanceIds=[host.id])
            assert wait_for(lambda: health_of(cloud, host) == {"healthy"}, PATIENCE)
            time.sleep(5)
    finally:
        cloud.client("ec2").start_instances(InstanceIds=[host.id])
    load.nobody_noticed()


def test_nobody_notices_a_machine_that_is_rebooted(
    cloud: Cloud, visitor: Visitor, tmp_path: Path
) -> None:
    host = first_host(cloud)
    boot = ("awk", "{print $22}", "/proc/1/stat")
    before = host.says(*boot)
    with under_load(visitor, SERVED, tmp_path) as load:
        cloud.client("ec2").reboot_instances(InstanceIds=[host.id])
        assert wait_for(lambda: health_of(cloud, host) != {"healthy"}, PATIENCE)
        assert wait_for(lambda: health_of(cloud, host) == {"healthy"}, PATIENCE)
        time.sleep(5)
    load.nobody_noticed()
    assert host.says(*boot) != before


def test_nobody_notices_a_host_that_is_added_nor_one_that_is_taken_away(
    cloud: Cloud, visitor: Visitor, tmp_path: Path
) -> None:
    pool = ("config", "groundwork:pools", SERVED.pool, "count")
    before = set(hosts_of(cloud, SERVED))
    for count in (len(before) + 1, len(before)):
        cloud.edit(STACK_FILE, *pool, value=count)
        with under_load(visitor, SERVED, tmp_path) as load:
            cloud.expect("up")
            well(visitor, SERVED)
            time.sleep(5)
        load.nobody_noticed()
        assert len(hosts_of(cloud, SERVED)) == count
        assert len(load.seen[API]["nodes"]) == len(before) + 1
    assert set(hosts_of(cloud, SERVED)) == before


def test_a_host_that_is_gone_is_replaced_and_its_new_key_is_pinned_without_a_hand(
    cloud: Cloud, visitor: Visitor
) -> None:
    name, lost = next(iter(hosts_of(cloud, SERVED).items()))
    key = ("cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    before = lost.says(*key).split()[1]
    cloud.client("ec2").terminate_instances(InstanceIds=[lost.id])
    assert wait_for(lambda: state_of(cloud, lost) == "terminated", PATIENCE)
    cloud.expect("pulumi", "refresh", "--stack", "local", "--yes", "--skip-preview")
    cloud.expect("up")

    well(visitor, SERVED)
    host = hosts_of(cloud, SERVED)[name]
    assert host.id != lost.id
    assert host.says(*key).split()[1] != before
    assert "Nothing to change" in cloud.expect("up")


def test_a_host_with_another_key_than_its_own_is_not_spoken_to(
    cloud: Cloud, visitor: Visitor
) -> None:
    host = first_host(cloud)
    file = "/etc/ssh/ssh_host_ed25519_key"
    settings = ("config", "groundwork:applications", SERVED.name)
    host.says("sh", "-c", f"cp -a {file} {file}.own && cp -a {file}.pub {file}.own.pub")
    host.says("sh", "-c", f"rm {file} && ssh-keygen -q -t ed25519 -N '' -f {file}")
    host.says("systemctl", "restart", "ssh")
    logins = [line for line in host.heard_by_sshd() if "Accepted" in line]
    variable, value = SERVED.variable
    changed = {SERVED.service: {variable: f"{value}/never"}}
    cloud.edit(STACK_FILE, *settings, "environment", value=changed)
    try:
        done = cloud.run("up")
        assert done.returncode != 0
        assert "host key" in done.stdout.lower()
        assert [line for line in host.heard_by_sshd() if "Accepted" in line] == logins
    finally:
        host.says("sh", "-c", f"mv {file}.own {file} && mv {file}.own.pub {file}.pub")
        host.says("systemctl", "restart", "ssh")
        cloud.edit(STACK_FILE, *settings, "environment", value={})
    cloud.expect("up")
    well(visitor, SERVED)


def test_what_was_done_by_hand_to_cloud_and_hosts_is_repaired_and_nobody_notices(
    cloud: Cloud, visitor: Visitor, tmp_path: Path
) -> None:
    host = first_host(cloud)
    unit = f"/etc/systemd/system/{SERVED.name}-{SERVED.service}.service"
    variables = f"/etc/groundwork/{SERVED.name}-{SERVED.service}/environment"
    watched = ("sh", "-c", f"cat /etc/nginx/nginx.conf {unit} {variables}; stat -c %a {variables}")
    before = host.says(*watched)
    host.says("sh", "-c", "echo '# by hand' >>/etc/nginx/nginx.conf")
    host.says("sh", "-c", f"sed -i s/TimeoutStopSec=.*/TimeoutStopSec=1/ {unit}")
    host.says("sh", "-c", f"echo BY_HAND=1 >>{variables}; chmod 666 {variables}")
    host.says("systemctl", "disable", "--now", "fail2ban")
    store = cloud.client("s3")
    (bucket,) = [
        one["Name"]
        for one in store.list_buckets()["Buckets"]
        if one["Name"].startswith(f"{SERVED.name}-models-")
    ]
    store.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})

    assert "Nothing to change" in cloud.expect("up"), "the engine looks by itself"
    with under_load(visitor, SERVED, tmp_path) as load:
        cloud.expect_command("repair", "local", "--yes")
    load.nobody_noticed()
    assert host.says(*watched) == before
    assert host.says("systemctl", "is-active", "fail2ban") == "active"
    assert host.says("systemctl", "is-enabled", "fail2ban") == "enabled"
    assert store.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    # What the unit said wrongly was no more than said: the restart that it owed is paid.
    shown = host.says(
        "systemctl", "show", "--property=NeedDaemonReload", "--value", Path(unit).name
    )
    assert shown == "no"
    assert host.says("find", "/var/lib/groundwork/owed", "-type", "f") == ""
    assert "Nothing to change" in cloud.expect("up")


# -- stores ---------------------------------------------------------------------------------------


def deep(visitor: Visitor) -> dict[str, Any]:
    answer = visitor.ask(f"https://{API}/health/db")
    return answer.json() if answer.status in (200, 503) else {"status": "unknown"}


def test_no_acknowledged_write_is_lost_when_the_primary_is_killed(
    cloud: Cloud, visitor: Visitor, tmp_path: Path
) -> None:
    with under_load(visitor, SERVED, tmp_path) as load:
        time.sleep(20)
        server(cloud, described(cloud, SERVED.name)).pull_the_plug()
        assert wait_for(lambda: deep(visitor)["status"] == "ok", PATIENCE)
        time.sleep(20)
    assert len(load.acknowledged) > 5
    missing = [address for address in load.acknowledged if not kept(visitor, address)]
    assert missing == []


def kept(visitor: Visitor, address: str) -> bool:
    """From the database, not from the cache; as slowly as every visitor has to be."""
    time.sleep(0.15)
    return visitor.ask(address, "-H", "Cache-Control: no-cache").status == 200


def test_without_the_cache_it_answers_degraded_and_recovers(
    cloud: Cloud, visitor: Visitor, tmp_path: Path
) -> None:
    with under_load(visitor, SERVED, tmp_path) as load:
        cache = cloud.container(f"services/{caches.KIND}-{SERVED.name}-*.001")
        cache.pull_the_plug()
        degraded = wait_for(lambda: deep(visitor)["status"] == "degraded", 20)
        assert wait_for(lambda: deep(visitor)["status"] == "ok", PATIENCE)
        # It may be back within a second: visitors go on asking.
        time.sleep(10)
    load.nobody_noticed()
    assert degraded


def test_a_promoted_replica_has_every_acknowledged_write_and_up_makes_another_one(
    cloud: Cloud, visitor: Visitor, tmp_path: Path
) -> None:
    primary, replica = described(cloud, SERVED.name), described(cloud, SERVED.name, replica=True)
    with under_load(visitor, SERVED, tmp_path) as load:
        time.sleep(20)
    acknowledged = {address.rpartition("/")[2] for address in load.acknowledged}
    assert len(acknowledged) > 5
    # Replication is not synchronous: what nobody waited for may be lost, here as on RDS.
    behind = "SELECT count(*) FROM pg_stat_replication WHERE sent_lsn = replay_lsn"
    assert wait_for(lambda: query(cloud, primary, behind) == "1", PATIENCE)

    server(cloud, primary).pull_the_plug()
    identifier = replica["DBInstanceIdentifier"]
    cloud.client("rds").promote_read_replica(DBInstanceIdentifier=identifier)
    recovering = "SELECT pg_is_in_recovery()"
    assert wait_for(lambda: query(cloud, replica, recovering) == "f", PATIENCE)
    there = query(cloud, replica, "SELECT id FROM models", of=name_of(SERVED.name)).split()
    assert acknowledged <= set(there)

    cloud.expect("pulumi", "refresh", "--stack", "local", "--yes", "--skip-preview")
    cloud.expect("up")
    assert wait_for(lambda: deep(visitor)["status"] == "ok", PATIENCE)
    assert deep(visitor)["checks"]["replica"]["separate"] is True
    assert all(kept(visitor, address) for address in load.acknowledged)
