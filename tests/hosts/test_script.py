"""The script really runs, twice: the second run must change nothing."""

import subprocess
import sys
from collections.abc import Iterable

import pytest

from hosts.programs import source
from hosts.script import COMMAND, LAST_LINE, render
from hosts.steps import (
    Absent,
    Directory,
    Ensure,
    File,
    FirewallRules,
    Link,
    Packages,
    Role,
    Running,
    Step,
    Stopped,
    Sysctl,
    User,
    reload,
    restart,
)
from tests.hosts.machine import Machine, needs_root

pytestmark = needs_root

MOTD = "/etc/motd.test"
BROKEN = Ensure("something impossible", "false", "false")


def steps(*of: Step) -> str:
    return render([Role("test", configure=of)])


def changed(done: "subprocess.CompletedProcess[str]") -> list[str]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


EVERY_KIND: Iterable[Step] = (
    Packages(("nginx-light", "jq")),
    File(MOTD, "it's $HOME `id` \\n %s\n\n", mode="0640", group="adm"),
    File("/etc/empty", ""),
    Directory("/srv/new/deep", mode="0750", owner="games", group="games"),
    Link("/srv/current", "releases/1.2.3"),
    User("notebook", home="/srv/notebook", groups=("adm", "games")),
    User("plain"),
    Running("notebook.service"),
    Sysctl("net.core.somaxconn", "4096"),
    Ensure("a fact of its own", "test -e /run/fact", "touch /run/fact"),
)


@pytest.mark.parametrize("step", EVERY_KIND, ids=lambda step: step.name)
def test_a_second_run_changes_nothing(machine: Machine, step: Step) -> None:
    assert changed(machine.run(steps(step))) == [f"changed: {step.name}"]
    assert changed(machine.run(steps(step))) == []


def test_a_file_arrives_byte_for_byte_with_mode_and_owner(machine: Machine) -> None:
    content = 'it\'s "quoted" $HOME `id` \\n %s ü\n\n'
    changed(machine.run(steps(File(MOTD, content, mode="0400", owner="games", group="adm"))))

    assert machine.read(MOTD) == content
    assert machine.stat(MOTD) == "0400 games adm"


@pytest.mark.parametrize(
    "drift",
    ["echo drifted >{0}", "chmod 0666 {0}", "chown games {0}", "chgrp games {0}", "rm {0}"],
)
def test_drift_of_a_file_is_repaired(machine: Machine, drift: str) -> None:
    script = steps(File(MOTD, "hello\n"))
    machine.run(script)
    machine.ok(drift.format(MOTD))

    assert changed(machine.run(script)) == [f"changed: file {MOTD}"]
    assert (machine.read(MOTD), machine.stat(MOTD)) == ("hello\n", "0644 root root")


@pytest.mark.parametrize(
    ("step", "drift"),
    [
        (Directory("/srv/d", mode="0750"), "chmod 0777 /srv/d"),
        (Link("/srv/l", "a"), "ln -sfn b /srv/l"),
        (User("u", home="/srv/u"), "usermod --shell /bin/bash u"),
        (User("u", groups=("adm",)), "gpasswd --delete u adm"),
        (Running("a.service"), "systemctl stop a.service"),
        (Running("a.service"), "systemctl disable a.service"),
        (Sysctl("net.core.somaxconn", "4096"), "sysctl -q -w net.core.somaxconn=128"),
        (Packages(("jq",)), "rm /run/packages/jq"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_drift_is_repaired(machine: Machine, step: Step, drift: str) -> None:
    machine.run(steps(step))
    machine.ok(drift)

    assert changed(machine.run(steps(step))) == [f"changed: {step.name}"]
    assert changed(machine.run(steps(step))) == []


def test_a_link_in_place_of_a_directory_is_not_taken_for_it(machine: Machine) -> None:
    machine.ok("mkdir /srv/elsewhere && ln -s /srv/elsewhere /srv/d")

    done = machine.run(steps(Directory("/srv/d")))

    assert done.returncode != 0
    assert "failed: directory /srv/d" in done.stderr


def test_what_an_older_version_left_is_removed_once(machine: Machine) -> None:
    machine.ok("mkdir -p /etc/old/deep && systemctl enable --now old.service")
    script = steps(Absent("/etc/old"), Stopped("old.service"))

    assert changed(machine.run(script)) == ["changed: no /etc/old", "changed: stopped old.service"]
    assert changed(machine.run(script)) == []


def test_a_refused_file_leaves_the_old_one_in_place_and_names_who_refused(
    machine: Machine,
) -> None:
    def site(content: str) -> str:
        return steps(File("/etc/nginx/nginx.conf", content, validate="nginx -t -q -c %s"))

    changed(machine.run(site("good\n")))

    done = machine.run(site("REFUSED\n"))

    assert done.returncode != 0
    assert "refused by nginx -t -q -c /etc/nginx/nginx.conf" in done.stderr
    assert machine.read("/etc/nginx/nginx.conf") == "good\n"
    assert machine.ok("ls -A /etc/nginx").split() == ["nginx.conf"]


def test_a_failing_step_stops_the_run_and_is_named(machine: Machine) -> None:
    done = machine.run(steps(BROKEN, File(MOTD, "never\n")))

    assert done.returncode != 0
    assert done.stdout == ""
    assert "failed: something impossible" in done.stderr
    assert machine.shell(f"test -e {MOTD}").returncode != 0


def test_a_remedy_that_does_not_help_is_a_failure(machine: Machine) -> None:
    done = machine.run(steps(Ensure("a hopeless fact", "test -e /run/never", "true")))

    assert done.returncode != 0
    assert "failed: a hopeless fact" in done.stderr
    assert "still not so" in done.stderr


def test_everything_is_installed_before_anything_is_configured_and_that_before_any_start(
    machine: Machine,
) -> None:
    def role(name: str) -> Role:
        return Role(
            name,
            install=(Packages((f"{name}-package",)),),
            configure=(File(f"/etc/{name}", name),),
            activate=(Running(f"{name}.service"),),
        )

    assert changed(machine.run(render([role("a"), role("b")]))) == [
        "changed: packages a-package b-package",
        "changed: file /etc/a",
        "changed: file /etc/b",
        "changed: running a.service",
        "changed: running b.service",
    ]


def test_packages_of_all_roles_are_installed_at_once_after_what_one_of_them_needs_first(
    machine: Machine,
) -> None:
    plain = Role("plain", install=(Packages(("jq", "curl")), File("/opt/later", "later")))
    needy = Role("needy", install=(Directory("/opt/first"), Packages(("java", "jq"))))

    assert changed(machine.run(render([plain, needy]))) == [
        "changed: directory /opt/first",
        "changed: packages jq curl java",
        "changed: file /opt/later",
    ]


def test_a_changed_unit_file_is_read_before_its_unit_starts(machine: Machine) -> None:
    unit = File("/etc/systemd/system/a.service", "[Service]\n")
    changed(machine.run(render([Role("a", configure=(unit,), activate=(Running("a.service"),))])))

    assert machine.asked_of_systemd() == ["daemon-reload ", "enable a.service"]


def test_a_reload_is_paid_in_the_same_run_and_once(machine: Machine) -> None:
    script = steps(
        File("/etc/n/a", "a", owes=(reload("nginx.service"),)),
        File("/etc/n/b", "b", owes=(reload("nginx.service"),)),
    )
    machine.run(script)

    assert machine.asked_of_systemd() == ["reload-or-restart nginx.service"]
    assert changed(machine.run(script)) == []
    assert machine.asked_of_systemd() == []


def test_a_reload_owed_by_a_failed_run_is_paid_by_the_next(machine: Machine) -> None:
    file = File(MOTD, "hello\n", owes=(reload("motd.service"),))

    failed = machine.run(steps(file, BROKEN))
    assert failed.returncode != 0
    assert machine.asked_of_systemd() == []

    assert changed(machine.run(steps(file))) == ["changed: services reloaded"]
    assert machine.asked_of_systemd() == ["reload-or-restart motd.service"]


def test_a_failing_reload_stays_owed(machine: Machine) -> None:
    file = File(MOTD, "hello\n", owes=(reload("motd.service"),))
    machine.write("/run/systemctl/broken", "motd.service\n")
    assert machine.run(steps(file)).returncode != 0

    machine.write("/run/systemctl/broken", "")
    assert changed(machine.run(steps(file))) == ["changed: services reloaded"]


def test_configuration_never_restarts_an_application_and_leaves_it_owed(machine: Machine) -> None:
    file = File(MOTD, "hello\n", owes=(restart("notebook", "notebook-api.service"),))

    assert changed(machine.run(steps(file))) == [f"changed: file {MOTD}"]
    assert changed(machine.run(steps(file))) == []
    assert machine.asked_of_systemd() == []
    assert machine.ok("ls /var/lib/groundwork/owed/restart/notebook").split() == [
        "notebook-api.service"
    ]


def test_a_unit_that_its_own_conditions_rule_out_counts_as_so(machine: Machine) -> None:
    machine.ok("systemctl is-enabled x; touch /run/systemctl/ruled-out/chrony.service")

    assert changed(machine.run(steps(Running("chrony.service")))) == [
        "changed: running chrony.service"
    ]
    assert changed(machine.run(steps(Running("chrony.service")))) == []


def serving(machine: Machine, configuration: str, *units: str, released: str = "") -> list[str]:
    """A configuration with units that serve for the notebook, where their names say so."""
    program = source("remove_units.py").replace("/usr/bin/python3", f"{sys.executable} -IS")
    machine.write("/usr/local/lib/groundwork/remove-units", program, "0755")
    files = [
        File(
            f"/etc/systemd/system/{unit}",
            unit,
            owes=(restart("notebook", unit),) if unit.startswith("notebook-api") else (),
        )
        for unit in units
    ]
    told = [File(f"/etc/groundwork/releases/{released}.json", "{}")] if released else []
    role = Role("test", configure=(*files, *told), activate=tuple(map(Running, units)))
    return changed(machine.run(render([role], configuration)))


def test_units_that_a_configuration_no_longer_has_are_gone_and_nobody_elses(
    machine: Machine,
) -> None:
    serving(machine, "host", "a.service", "b.timer", "b.service")
    serving(machine, "databases", "c.timer")
    machine.write("/etc/groundwork/b/environment", "X=1")
    machine.write("/run/groundwork/b/environment", "secret")
    machine.asked_of_systemd()

    assert serving(machine, "host", "a.service") == [
        "changed: no other units of host",
    ]

    assert "stop b.service b.timer" in machine.asked_of_systemd()
    assert machine.ok("ls /etc/systemd/system | grep '^[abc][.]'").split() == [
        "a.service",
        "c.timer",
    ]
    assert machine.shell("ls /etc/groundwork/b /run/groundwork/b").stdout == ""
    assert serving(machine, "host", "a.service") == []


def test_what_a_unit_of_another_kind_goes_on_using_stays(machine: Machine) -> None:
    serving(machine, "host", "a.service")
    machine.write("/etc/groundwork/a/environment", "X=1")

    serving(machine, "host", "a@.service")

    assert machine.read("/etc/groundwork/a/environment") == "X=1"
    assert machine.shell("test -e /etc/systemd/system/a.service").returncode != 0


def test_what_serves_for_an_application_that_stays_is_left_to_its_release(
    machine: Machine,
) -> None:
    owed = "/var/lib/groundwork/owed/removal/notebook/notebook-api.service"
    serving(machine, "host", "notebook-api.service", released="notebook")
    machine.asked_of_systemd()

    serving(machine, "host", released="notebook")
    assert machine.asked_of_systemd() == []
    machine.ok(f"test -e {owed} && test -e /etc/systemd/system/notebook-api.service")

    # Wanted again after all, it is owed no removal; and without its application it goes at once.
    serving(machine, "host", "notebook-api.service", released="notebook")
    assert machine.shell(f"test -e {owed}").returncode != 0
    serving(machine, "host")
    assert "stop notebook-api.service" in machine.asked_of_systemd()


def test_a_busy_package_manager_is_waited_for(machine: Machine) -> None:
    machine.ok("touch /run/apt-is-locked")

    assert changed(machine.run(steps(Packages(("jq",))))) == ["changed: packages jq"]


def test_firewall_rules_come_and_go_with_their_file(machine: Machine) -> None:
    def rules(*lines: str) -> str:
        content = "".join(f"{line}\n" for line in lines)
        return steps(File("/etc/rules", content), FirewallRules("/etc/rules"))

    changed(machine.run(rules("allow 22/tcp", "allow from 10.0.0.0/24 to any port 80 proto tcp")))
    machine.ok("ufw allow 6379")

    changed(machine.run(rules("allow 22/tcp", "allow 443/tcp")))

    assert machine.ok("sort /run/ufw/rules").splitlines() == ["allow 22/tcp", "allow 443/tcp"]
    assert changed(machine.run(rules("allow 22/tcp", "allow 443/tcp"))) == []


def test_a_script_cut_off_anywhere_runs_nothing(machine: Machine) -> None:
    machine.ok("printf '#!/bin/sh\\nshift\\nexec \"$@\"\\n' >/usr/local/sbin/sudo")
    machine.ok("chmod +x /usr/local/sbin/sudo")
    script = steps(File(MOTD, "hello\n"))
    cuts = [0, 1, len(script) // 2, script.index('main "$@"'), script.index(LAST_LINE), -2]

    for cut in cuts:
        done = machine.shell(COMMAND, stdin=script[:cut])
        assert done.returncode == 65, cut
        assert "nothing of it was run" in done.stderr
    assert machine.shell(f"test -e {MOTD}").returncode != 0

    assert changed(machine.shell(COMMAND, stdin=script)) == [f"changed: file {MOTD}"]
    assert machine.ok("ls /run").split().count("groundwork.lock") == 1
    assert "groundwork." not in machine.ok("ls /run").replace("groundwork.lock", "")


def test_two_runs_take_turns(machine: Machine) -> None:
    machine.ok("printf '#!/bin/sh\\nshift\\nexec \"$@\"\\n' >/usr/local/sbin/sudo")
    machine.ok("chmod +x /usr/local/sbin/sudo")
    waiting = Ensure(
        "alone",
        "test -e /run/done",
        "mkdir /run/inside && /bin/sleep 0.3 && rmdir /run/inside && touch /run/done",
    )
    # Each by its number: `wait -n` knows nothing of one that has ended before it is asked.
    both = f"({COMMAND}) </run/script & one=$!; ({COMMAND}) </run/script & wait $! && wait $one"
    machine.write("/run/script", steps(waiting))

    done = machine.shell(both)

    assert (done.returncode, done.stdout) == (0, "changed: alone\n")


def test_a_command_inside_cannot_swallow_the_script(machine: Machine) -> None:
    greedy = Ensure("greedy", "test -e /run/greedy", "cat >/run/greedy")

    assert changed(machine.run(steps(greedy, File(MOTD, "hello\n")))) == [
        "changed: greedy",
        f"changed: file {MOTD}",
    ]
