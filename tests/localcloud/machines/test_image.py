import dataclasses
import os
import time
from pathlib import Path

import pytest

from localcloud import fetching
from localcloud.machines import image
from localcloud.machines.host import MachinesError

TARGETS = """\
http://mirror.test/debian/ bookworm
http://mirror.test/debian/ bookworm-updates
http://mirror.test/debian-security/ bookworm-security
http://elsewhere.test/node nodistro
http://elsewhere.test/cloud cloud-sdk-bookworm
"""


def test_packages_come_from_the_mirrors_that_this_machine_uses() -> None:
    assert image.debian_mirrors(TARGETS) == [
        "deb http://mirror.test/debian-security/ trixie-security main",
        "deb http://mirror.test/debian/ trixie main",
        "deb http://mirror.test/debian/ trixie-updates main",
    ]


def test_a_machine_without_a_debian_mirror_is_told_so() -> None:
    with pytest.raises(MachinesError, match="No Debian mirror"):
        image.debian_mirrors("http://elsewhere.test/node nodistro\n")


@pytest.mark.parametrize(
    "change",
    [{"packages": ["bash"]}, {"files": {"etc/motd": "x"}}, {"commands": ["true"]}, {"version": 2}],
)
def test_whatever_changes_a_recipe_makes_another_image(change: dict[str, object]) -> None:
    recipe = image.Recipe(name="small", packages=["dash"])
    assert dataclasses.replace(recipe, **change).digest != recipe.digest  # type: ignore[arg-type]
    assert image.Recipe(name="small", packages=["dash"]).digest == recipe.digest


def test_an_image_that_is_there_is_not_baked_again(tmp_path: Path) -> None:
    recipe = image.Recipe(name="small", packages=["dash"])
    there = tmp_path / f"small-{recipe.digest}"
    there.mkdir()
    assert image.ensure(recipe, tmp_path) == image.Image(there)


def test_an_image_is_baked_by_root_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(MachinesError, match="root"):
        image.ensure(image.Recipe(name="small", packages=["dash"]), tmp_path)


def test_two_runs_on_a_bare_machine_install_its_packages_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """apt takes one at a time, and refuses another process's at once."""
    apt = tmp_path / "apt-at-work"

    def install() -> None:
        apt.mkdir()
        time.sleep(0.2)
        apt.rmdir()

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(image, "require_host_packages", install)
    monkeypatch.setattr(image, "_bake", lambda _, directory: directory.mkdir())
    children: list[int] = []
    for name in ("machine", "services"):
        child = os.fork()
        if not child:
            code = 1
            try:
                image.ensure(image.Recipe(name=name, packages=["dash"]), tmp_path / "cache")
                code = 0
            finally:
                os._exit(code)
        children.append(child)

    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]

    assert ends == [0, 0]


MMDEBSTRAP = """#!/bin/sh
test -e {asked} && touch "{made}" && exit 0
touch {asked}
echo "E: Failed to fetch http://mirror.test/debian/pool/d/dash.deb  Connection reset by peer"
exit 1
"""


def test_a_mirror_that_breaks_off_once_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = image.Recipe(name="small", packages=["dash"])
    monkeypatch.setattr(fetching, "PAUSE", 0)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(image, "require_host_packages", lambda: None)
    monkeypatch.setattr(image, "debian_mirrors", lambda: ["deb http://mirror.test trixie main"])
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir()
    cache = tmp_path / "cache"
    packages = cache / f"small-{recipe.digest}.unfinished" / "packages"
    program.write_text(MMDEBSTRAP.format(asked=tmp_path / "asked", made=packages / "mark"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")

    made = image.ensure(recipe, cache)

    assert (made.packages / "mark").exists()
    assert made.root.is_dir()


def test_the_machine_has_no_package_source_but_the_one_that_is_mounted() -> None:
    assert image.MACHINE.files["etc/apt/sources.list"] == ""
    source = image.MACHINE.files["etc/apt/sources.list.d/groundwork.sources"]
    assert f"URIs: file:{image.PACKAGES}\n" in source
