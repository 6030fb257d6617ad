"""`make restore` on booted machines, with databases of both kinds and a service that writes."""

import argparse
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest

from commands import restore
from commands.error import CommandError
from commands.operations import Machine, Way
from commands.restore import Place
from commands.stack import Stack
from hosts.script import COMMAND, render
from tests.e2e.databases import instance
from tests.e2e.dumped import (
    APPLICATIONS,
    FIRST_BOOT,
    NAME,
    STORES,
    arrived,
    configure,
    owner,
    take,
    with_dumps,
)
from tests.e2e.emulated import Emulated, eventually
from tests.e2e.operated import RELEASE
from tests.e2e.writer import publish_writer, writing_host

pytestmark = pytest.mark.long
PORTS = {"mysql": 13001, "postgres": 13002}
TURN = "sudo flock --wait 900 /run/groundwork.lock /usr/local/lib/groundwork/release"
GIVEN = argparse.Namespace(dump=None, yes=True, confirm=None)
STACK = cast(Stack, SimpleNamespace(name="local", settings=SimpleNamespace(durable=False)))


@dataclass
class Site:
    """The operations instance, one host, and the way to both as the commands have it."""

    cloud: Emulated
    host: str
    way: Way

    def place(self, engine: str) -> Place:
        return Place(
            application=APPLICATIONS[engine],
            database=STORES[engine],
            hosts=("web-a1",),
            version="1.0.0",
        )

    def says(self, command: str) -> str:
        return self.cloud.says(command, self.host)

    def state(self, unit: str) -> str:
        return self.cloud.ssh(f"systemctl is-active {unit}", self.host).stdout.strip()

    def rows(self, engine: str) -> set[str]:
        return set(owner(self.cloud, engine, "SELECT word FROM events;").split())

    def acknowledged(self, engine: str) -> list[str]:
        return self.says(f"sudo cat /var/lib/{APPLICATIONS[engine]}-api/acknowledged").split()

    def goes_on(self, engine: str) -> None:
        """The service writes, and the clock goes."""
        before = len(self.rows(engine))
        eventually(lambda: len(self.rows(engine)) > before + 1)
        assert self.state(f"{APPLICATIONS[engine]}-api-tick.timer") == "active"

    @contextmanager
    def watched(self, engine: str) -> Generator[list[str]]:
        """What a visitor was answered, a line each: status, and when to come again."""
        answers: list[str] = []
        url = f"http://127.0.0.1:{PORTS[engine]}/"
        ask = f"curl -s -o /dev/null -w '%{{http_code}} %header{{retry-after}}\\n' {url}"
        self.says(
            "sudo systemd-run --quiet --collect --unit=watch "
            f'sh -c "while sleep 0.1; do {ask}; done >/tmp/watched"'
        )
        try:
            yield answers
        finally:
            self.says("sudo systemctl stop watch")
            answers += self.says("sudo cat /tmp/watched").splitlines()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with with_dumps(tmp_path_factory.mktemp("paused")) as cloud:
        ec2, secrets = cloud.client("ec2"), cloud.client("secretsmanager")
        group = cloud.group("hosts", port_22=cloud.operations_group)
        [stores] = ec2.describe_security_groups(
            Filters=[{"Name": "group-name", "Values": ["stores"]}]
        )["SecurityGroups"]
        for port in (5432, 3306):
            permission = {
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "UserIdGroupPairs": [{"GroupId": group}],
            }
            ec2.authorize_security_group_ingress(
                GroupId=stores["GroupId"], IpPermissions=[permission]
            )
        host = cloud.instance("web-a1", group, IamInstanceProfile={"Name": "operations"})
        cloud.reachable(host)
        wanted = writing_host(
            {
                engine: (
                    application,
                    instance(cloud, engine)["Endpoint"]["Address"],
                    secrets.describe_secret(SecretId=f"{engine}-shop")["ARN"],
                )
                for engine, application in APPLICATIONS.items()
            },
            NAME,
        )
        (cloud.folder / "web").write_text(render([FIRST_BOOT, *wanted]))
        made = Site(cloud, host, way(cloud, host))
        configured(made)
        for engine, application in APPLICATIONS.items():
            publish_writer(cloud, application, engine)
            done = cloud.ssh(f"{RELEASE} migrate {application} 1.0.0", timeout=300)
            assert done.returncode == 0, done.stderr
            for action in ("stage", "switch", "confirm"):
                done = cloud.ssh(f"{TURN} {action} {application} 1.0.0", host, timeout=200)
                assert done.returncode == 0, done.stderr
        yield made


def way(cloud: Emulated, host: str) -> Way:
    """As `way_to` makes it, with the keys that the machines have."""
    known = cloud.folder / "known_hosts"
    key = "sudo cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub"
    known.write_text(
        f"{cloud.operations} {cloud.says(key)}\n{host} {cloud.says(key, host)}\n",
    )
    return Way(
        user="admin",
        key=cloud.key,
        known_hosts=known,
        operations=Machine(
            instance_id=cloud.operations,
            address=cloud.described(cloud.operations)["PublicIpAddress"],
        ),
        hosts={
            "web-a1": Machine(
                instance_id=host, address=cloud.described(host)["PrivateIpAddress"], pool="web"
            )
        },
    )


def configured(site: Site) -> str:
    """What a run of the host's configuration changes."""
    script = (site.cloud.folder / "web").read_text()
    done = site.cloud.ssh(COMMAND, site.host, timeout=500, stdin=script)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def users(site: Site, engine: str) -> str:
    return owner(site.cloud, engine, "SELECT count(*) FROM users;")


@pytest.mark.parametrize("engine", STORES)
def test_a_restore_and_the_way_back_lose_no_write_and_leave_the_machines_as_they_were(
    site: Site, engine: str
) -> None:
    site.goes_on(engine)
    take(site.cloud, engine)
    owner(site.cloud, engine, "INSERT INTO users VALUES (3, 'after the dump');")
    site.goes_on(engine)

    with site.watched(engine) as answers:
        restore.restore(STACK, site.way, site.place(engine), GIVEN)

    written = set(site.acknowledged(engine))
    assert users(site, engine) == "2"
    site.goes_on(engine)
    assert {answer.split()[0] for answer in answers} == {"200", "503"}, answers
    assert {answer for answer in answers if answer.startswith("503")} == {"503 60"}
    assert configured(site) == ""
    assert configure(site.cloud, "configuration") == ""
    with pytest.raises(CommandError, match="still stands aside"):
        restore.restore(STACK, site.way, site.place(engine), GIVEN)

    before_the_swap = written - site.rows(engine)
    restore.undo(STACK, site.way, site.place(engine), GIVEN)

    assert before_the_swap
    assert before_the_swap <= site.rows(engine)
    assert users(site, engine) == "3"
    site.goes_on(engine)
    assert configured(site) == ""
    owner(site.cloud, engine, "DELETE FROM users WHERE id = 3;")


@pytest.mark.parametrize("engine", STORES)
def test_a_dump_that_is_not_good_pauses_nobody(site: Site, engine: str) -> None:
    take(site.cloud, engine)
    key = next(
        key for key in reversed(arrived(site.cloud, engine)) if key.endswith((".dump", ".gz"))
    )
    store = site.cloud.client("s3")
    content = store.get_object(Bucket="backups", Key=key)["Body"].read()
    store.put_object(Bucket="backups", Key=key, Body=content[:-9])
    unit = f"{APPLICATIONS[engine]}-api.service"
    process = site.says(f"systemctl show --property=MainPID --value {unit}")
    try:
        with site.watched(engine) as answers, pytest.raises(CommandError, match="as they were"):
            restore.restore(STACK, site.way, site.place(engine), GIVEN)
    finally:
        store.put_object(Bucket="backups", Key=key, Body=content)

    assert {answer.split()[0] for answer in answers} == {"200"}
    assert site.says(f"systemctl show --property=MainPID --value {unit}") == process
    assert restore.state(site.way, site.place(engine))["prepared"] is None
    site.goes_on(engine)


@pytest.mark.parametrize("engine", STORES)
def test_what_is_not_well_with_the_dump_is_put_back(site: Site, engine: str) -> None:
    application = APPLICATIONS[engine]
    take(site.cloud, engine)
    # The service will not do without what the dump has not.
    owner(site.cloud, engine, "CREATE TABLE wanted (id int);")
    picky = f"/var/lib/{application}-api/picky"
    site.says(f"sudo touch {picky}")
    try:
        with pytest.raises(CommandError) as failed:
            restore.restore(STACK, site.way, site.place(engine), GIVEN)
    finally:
        site.says(f"sudo rm {picky}")

    assert f"/health/db of {application}-api.service answers 500" in failed.value.what
    assert "its database is as it was" in failed.value.what
    assert owner(site.cloud, engine, "SELECT count(*) FROM wanted;") == "0"
    assert restore.state(site.way, site.place(engine)) == {
        "database": NAME,
        "prepared": None,
        "aside": [],
    }
    site.goes_on(engine)
    assert configured(site) == ""
    owner(site.cloud, engine, "DROP TABLE wanted;")


def test_a_reboot_in_the_middle_leaves_it_paused_until_it_is_resumed(site: Site) -> None:
    restore.everywhere(site.way, site.place("postgres"), "pause")
    boot = site.says("cat /proc/sys/kernel/random/boot_id; awk '{print $22}' /proc/1/stat")

    site.cloud.client("ec2").reboot_instances(InstanceIds=[site.host])

    def rebooted() -> bool:
        command = "cat /proc/sys/kernel/random/boot_id; awk '{print $22}' /proc/1/stat"
        done = site.cloud.ssh(command, site.host, timeout=10)
        return done.returncode == 0 and done.stdout.strip() != boot

    eventually(rebooted)
    eventually(lambda: site.state("nginx") == "active")
    eventually(lambda: site.state("photo-api") == "active")
    assert site.state("shop-api") == "inactive"
    assert site.state("shop-api-tick.timer") == "inactive"
    assert site.state("groundwork-resume-shop.timer") == "active"
    code = "curl -s -o /dev/null -w '%{http_code}'"
    assert site.says(f"{code} http://127.0.0.1:{PORTS['postgres']}/") == "503"

    restore.everywhere(site.way, site.place("postgres"), "resume")

    assert site.says(f"{code} http://127.0.0.1:{PORTS['postgres']}/") == "200"
    site.goes_on("postgres")
    assert configured(site) == ""


def test_the_old_one_is_dropped_when_a_person_says_so(site: Site) -> None:
    take(site.cloud, "postgres")
    restore.restore(STACK, site.way, site.place("postgres"), GIVEN)

    restore.drop_old(STACK, site.way, site.place("postgres"), GIVEN)

    assert restore.state(site.way, site.place("postgres"))["aside"] == []
    site.goes_on("postgres")
