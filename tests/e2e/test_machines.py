"""Instances are machines: they boot, know who they are, and obey the API."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.machines import seed
from localcloud.machines.destroy import destroy
from localcloud.recorded_process import Recorded
from tests.e2e.emulated import ANOTHER, OUTSIDE, Emulated, emulated, eventually

TOKEN = (
    'T=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60"'
    " http://169.254.169.254/latest/api/token); "
    'curl -sf -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data/'
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with emulated(tmp_path_factory.mktemp("machines")) as made:
        iam = made.client("iam")
        iam.create_role(RoleName="app", AssumeRolePolicyDocument="{}")
        iam.create_instance_profile(InstanceProfileName="app")
        iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
        made.reachable()
        yield made


@pytest.fixture(scope="module")
def app(cloud: Emulated) -> str:
    made = cloud.instance(
        "app",
        cloud.group("app", port_22=cloud.operations_group),
        UserData="#!/bin/sh\nhostname >/var/tmp/user-data-ran\n",
        IamInstanceProfile={"Name": "app"},
    )
    cloud.reachable(made)
    return made


def boot(cloud: Emulated, instance: str) -> str:
    """Which boot a machine is in."""
    done = cloud.ssh("systemctl show --property=UserspaceTimestampMonotonic", instance, timeout=30)
    return done.stdout.strip() if done.returncode == 0 else ""


def test_an_instance_runs_its_user_data_and_lets_its_key_in(cloud: Emulated, app: str) -> None:
    eventually(lambda: cloud.ssh("test -s /var/tmp/user-data-ran", app).returncode == 0)
    address = cloud.described(app)["PrivateIpAddress"]
    assert cloud.says("cat /var/tmp/user-data-ran; hostname --all-ip-addresses", app) == (
        f"ip-{address.replace('.', '-')}\n{address}"
    )


def test_a_machine_has_host_keys_of_its_own(cloud: Emulated, app: str) -> None:
    command = "cat /etc/ssh/ssh_host_ed25519_key.pub"
    assert cloud.says(command) != cloud.says(command, app)


def test_a_machine_learns_who_it_is_only_with_a_token(cloud: Emulated, app: str) -> None:
    assert cloud.says(f"{TOKEN}instance-id", app) == app
    code = "curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/"
    assert cloud.says(code, app) == "401"


def test_a_machines_role_is_whom_the_control_plane_takes_it_for(cloud: Emulated, app: str) -> None:
    said = cloud.says("aws sts get-caller-identity --query Arn --output text", app)
    assert said == f"arn:aws:sts::123456789012:assumed-role/app/{app}"


def test_a_machine_reaches_nothing_outside(cloud: Emulated, app: str) -> None:
    assert cloud.ssh("getent hosts example.com", app).returncode == 2
    assert "unreachable" in cloud.ssh("ip route get 8.8.8.8", app).stderr
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "0"


def test_packages_come_from_the_clouds_own_folder(cloud: Emulated, app: str) -> None:
    cloud.install("jq acl nginx", app)
    assert cloud.says("systemctl is-active nginx", app) == "active"


def test_a_group_lets_in_whom_it_names_and_nobody_else(cloud: Emulated, app: str) -> None:
    knock = "timeout 3 bash -c '</dev/tcp/{}/22'; echo $?"
    operations = cloud.described(cloud.operations)["PrivateIpAddress"]
    at_app = knock.format(cloud.described(app)["PrivateIpAddress"])
    # What is let in comes in within three seconds, but on a machine that is busy just then.
    eventually(lambda: cloud.says(at_app) == "0")
    assert cloud.says(knock.format(operations), app) == "124"
    cloud.client("ec2").authorize_security_group_ingress(
        GroupId=cloud.operations_group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "IpRanges": [{"CidrIp": "10.77.0.0/16"}],
            }
        ],
    )
    eventually(lambda: cloud.says(knock.format(operations), app) == "0")


def test_a_group_that_lets_nobody_out_reaches_nobody_who_would_let_it_in(
    cloud: Emulated, app: str
) -> None:
    ec2 = cloud.client("ec2")
    named = [{"Name": "group-name", "Values": ["app"]}]
    (of_app,) = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    address = cloud.described(app)["PrivateIpAddress"]
    knock = f"timeout 3 bash -c '</dev/tcp/{address}/22'; echo $?"
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    peer = {"UserIdGroupPairs": [{"GroupId": of_app["GroupId"]}]}
    ssh = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **peer}]
    eventually(lambda: cloud.says(knock) == "0")

    # Whoever asks it is answered: this test comes in by its port 22.
    ec2.revoke_security_group_egress(GroupId=cloud.operations_group, IpPermissions=everything)
    eventually(lambda: cloud.says(knock) == "124")

    ec2.authorize_security_group_egress(GroupId=cloud.operations_group, IpPermissions=ssh)
    eventually(lambda: cloud.says(knock) == "0")
    ec2.authorize_security_group_egress(GroupId=cloud.operations_group, IpPermissions=everything)


def test_only_public_addresses_are_reached_from_outside(cloud: Emulated, app: str) -> None:
    """The host is the internet of this cloud: it has no way into the VPC."""
    route = subprocess.run(
        ["ip", "route", "get", cloud.described(cloud.operations)["PublicIpAddress"]],
        capture_output=True,
        text=True,
    )
    assert f"src {OUTSIDE}" in route.stdout
    private = cloud.described(app)["PrivateIpAddress"]
    inside = subprocess.run(["ip", "route", "get", private], capture_output=True, text=True)
    assert "dev gw-" not in inside.stdout


def test_a_reboot_by_the_api_keeps_the_disk(cloud: Emulated, app: str) -> None:
    before = eventually(lambda: boot(cloud, app))
    cloud.says("echo kept | sudo tee /var/kept", app)
    cloud.client("ec2").reboot_instances(InstanceIds=[app])
    eventually(lambda: boot(cloud, app) not in ("", before))
    assert cloud.says("cat /var/kept", app) == "kept"


def test_a_reboot_from_inside_brings_it_back(cloud: Emulated, app: str) -> None:
    before = eventually(lambda: boot(cloud, app))
    cloud.ssh("sudo systemctl reboot", app, timeout=60)
    eventually(lambda: boot(cloud, app) not in ("", before))


def test_stopped_it_is_off_and_started_it_is_the_same_machine(cloud: Emulated, app: str) -> None:
    address = cloud.described(app)["PrivateIpAddress"]
    cloud.client("ec2").stop_instances(InstanceIds=[app])
    cloud.in_state(app, "stopped")
    assert not cloud.container(app).running
    cloud.client("ec2").start_instances(InstanceIds=[app])
    cloud.reachable(app)
    assert cloud.described(app)["PrivateIpAddress"] == address
    assert cloud.says("cat /var/kept", app) == "kept"


def test_switched_off_from_inside_the_api_says_stopped(cloud: Emulated, app: str) -> None:
    cloud.ssh("sudo systemctl poweroff", app, timeout=60)
    cloud.in_state(app, "stopped")
    cloud.client("ec2").start_instances(InstanceIds=[app])
    cloud.reachable(app)


def test_an_elastic_address_is_carried_by_a_running_machine_and_stays(
    cloud: Emulated, app: str
) -> None:
    ec2 = cloud.client("ec2")
    made = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(InstanceId=app, AllocationId=made["AllocationId"])
    eventually(lambda: made["PublicIp"] in cloud.ssh("hostname --all-ip-addresses", app).stdout)
    ec2.stop_instances(InstanceIds=[app])
    cloud.in_state(app, "stopped")
    ec2.start_instances(InstanceIds=[app])
    cloud.reachable(app)
    assert cloud.described(app)["PublicIpAddress"] == made["PublicIp"]
    eventually(lambda: made["PublicIp"] in cloud.says("hostname --all-ip-addresses", app))


def test_machines_outlive_a_killed_control_plane_and_are_found_again(
    cloud: Emulated, app: str
) -> None:
    before = cloud.keepers()
    cloud.stop(signal.SIGKILL)
    cloud.start()
    # The control plane is ready before its machines may ask who they are.
    assert eventually(lambda: cloud.ssh(f"{TOKEN}instance-id", app).stdout) == app
    assert cloud.keepers() == before
    cloud.client("ec2").reboot_instances(InstanceIds=[app])


def test_a_machine_that_a_kill_left_half_made_is_made_whole(
    cloud: Emulated, app: str, tmp_path: Path
) -> None:
    """As where the kill comes right after its start, before that is written down."""
    lies = cloud.state / "machines" / app
    record, trusted = lies / "keeper.json", lies / "upper" / seed.TRUSTED
    cloud.stop(signal.SIGKILL)
    unrecorded = Recorded(record.rename(tmp_path / "keeper.json"))
    assert unrecorded.pid
    for file in (lies / "done.json", trusted):
        file.unlink()

    cloud.start()

    eventually(record.exists)
    cloud.reachable(app)
    # Ended, though nobody may have waited for it yet.
    assert unrecorded.pid is None
    assert cloud.network.authority.certificate in trusted.read_text()


def test_terminated_nothing_of_it_is_left(cloud: Emulated) -> None:
    made = cloud.instance("short", cloud.group("short"))
    eventually(lambda: (cloud.state / "machines" / made / "keeper.json").exists())
    cloud.client("ec2").terminate_instances(InstanceIds=[made])
    cloud.in_state(made, "terminated")
    assert not (cloud.state / "machines" / made).exists()


def test_taken_down_it_leaves_nothing_on_this_machine(tmp_path: Path) -> None:
    with emulated(tmp_path, public=ANOTHER) as made:
        assert made.operations
        eventually(lambda: (made.state / "machines" / made.operations / "keeper.json").exists())
        # The worst case: nobody was there to end anything in order.
        made.stop(signal.SIGKILL)
        name = made.network.namespace.name
        destroy(made.state)
        assert not list(Path("/sys/fs/cgroup").glob(f"*/groundwork/{name}"))
        assert not Path("/run/netns", name).exists()
        assert str(made.folder) not in Path("/proc/self/mountinfo").read_text()
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
        assert str(made.state) not in listed
        destroy(made.state)
