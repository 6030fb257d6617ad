"""One release in a stack's file is changed, and every other character stays."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.error import CommandError
from commands.stack_file import StackFile, with_release, with_rotation
from localcloud.paths import ROOT

FILE = """\
# Why this stack exists.
encryptionsalt: v1:abc=
config:
  aws:region: eu-west-1   # where
  groundwork:releases:
    # the one that pays
    notebook: 1.4.1   # since Tuesday
    shop: "1.10"

  # How people are told.
  groundwork:alerts: {email: [a@b.test]}
"""


def changed_lines(before: str, after: str) -> tuple[set[str], set[str]]:
    gone = set(before.splitlines()) - set(after.splitlines())
    return gone, set(after.splitlines()) - set(before.splitlines())


def test_a_version_is_changed_and_its_remark_stays() -> None:
    gone, come = changed_lines(FILE, with_release(FILE, "notebook", "1.4.2"))

    assert gone == {"    notebook: 1.4.1   # since Tuesday"}
    assert come == {"    notebook: 1.4.2   # since Tuesday"}


def test_what_yaml_would_take_for_a_number_is_quoted() -> None:
    after = with_release(FILE, "notebook", "1.20")

    assert yaml.safe_load(after)["config"]["groundwork:releases"]["notebook"] == "1.20"


def test_a_first_release_stands_behind_the_others() -> None:
    gone, come = changed_lines(FILE, after := with_release(FILE, "photo", "2.0.0"))

    assert (gone, come) == (set(), {"    photo: 2.0.0"})
    assert after.index("photo: 2.0.0") < after.index("# How people are told.")


@pytest.mark.parametrize(
    ("releases", "expected"),
    [
        ("{}", "{notebook: 1.4.2}"),
        ("{shop: 1.0.0}", "{shop: 1.0.0, notebook: 1.4.2}"),
        ("{notebook: 1.4.1, shop: 1.0.0}", "{notebook: 1.4.2, shop: 1.0.0}"),
    ],
)
def test_a_group_in_one_line_stays_one(releases: str, expected: str) -> None:
    text = f"config:\n  groundwork:releases: {releases} # now\n  groundwork:owner: us\n"

    assert with_release(text, "notebook", "1.4.2") == text.replace(releases, expected)


def test_a_file_without_releases_gets_them_at_the_end_of_its_configuration() -> None:
    text = "config:\n  groundwork:owner: us\n  groundwork:network:\n    cidr: 10.0.0.0/16 # all\n"

    added = "  groundwork:releases:\n    notebook: 1.4.2\n"
    assert with_release(text, "notebook", "1.4.2") == text + added
    assert with_release(text.rstrip("\n"), "notebook", "1.4.2") == text + added


def test_what_has_no_place_for_a_release_is_refused() -> None:
    for text in ("config: {}\n", "", "config:\n  groundwork:releases: [1]\n"):
        with pytest.raises(CommandError):
            with_release(text, "notebook", "1.4.2")


@pytest.mark.parametrize("version", ["1.10", "2026-11-26", "2026-48-01", "0x_", "1234e56", "0o17"])
def test_a_version_that_somebody_would_read_as_no_text_is_written_in_quotes(version: str) -> None:
    after = with_release(FILE, "notebook", version)

    assert f'    notebook: "{version}"   # since Tuesday\n' in after


@settings(max_examples=40)
@given(
    application=st.sampled_from(["threed-generator", "notebook"]),
    version=st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,10}", fullmatch=True),
    stack=st.sampled_from(["local", "dev", "prod"]),
)
def test_whatever_the_version_only_it_changes_in_the_real_files(
    application: str, version: str, stack: str
) -> None:
    before = (ROOT / f"Pulumi.{stack}.yaml").read_text()

    after = with_release(before, application, version)

    expected = yaml.safe_load(before)
    expected["config"].setdefault("groundwork:releases", {})[application] = version
    assert yaml.safe_load(after) == expected
    assert [line for line in before.splitlines() if line.lstrip().startswith("#")] == [
        line for line in after.splitlines() if line.lstrip().startswith("#")
    ]


def test_a_file_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text("a: 1\n")
    path.chmod(0o640)

    StackFile(path).write("a: 2\n")

    assert path.read_text() == "a: 2\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_first_rotation_makes_its_group_and_the_next_ones_find_it() -> None:
    once = with_rotation(FILE, "notebook", "JWT_SECRET", {"current": 1, "accepted": 2})
    twice = with_rotation(once, "shop", "stores.main.app", {"current": 2, "since": "2026-11-26"})
    again = with_rotation(twice, "notebook", "JWT_SECRET", {"current": 2, "accepted": 1})
    beside = with_rotation(again, "notebook", "stores.main.app", {"current": 2})

    assert changed_lines(FILE, once) == (
        set(),
        {"  groundwork:rotations:", "    notebook: {JWT_SECRET: {current: 1, accepted: 2}}"},
    )
    assert changed_lines(twice, again) == (
        {"    notebook: {JWT_SECRET: {current: 1, accepted: 2}}"},
        {"    notebook: {JWT_SECRET: {current: 2, accepted: 1}}"},
    )
    assert yaml.safe_load(beside)["config"]["groundwork:rotations"] == {
        "notebook": {
            "JWT_SECRET": {"current": 2, "accepted": 1},
            "stores.main.app": {"current": 2},
        },
        "shop": {"stores.main.app": {"current": 2, "since": "2026-11-26"}},
    }
