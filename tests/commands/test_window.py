"""Databases are migrated at the hours that the stack says, or where somebody insists."""

from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from commands.error import CommandError
from commands.stack import stack
from commands.window import refuse_outside, within
from localcloud.paths import ROOT

APP = "threed-generator"


def told(folder: Path, window: str, zone: str = "Asia/Shanghai") -> Path:
    """A project whose local stack has that window."""
    (folder / "apps").symlink_to(ROOT / "apps")
    text = (ROOT / "Pulumi.local.yaml").read_text()
    lines = f'  groundwork:migration_window: "{window}"\n  groundwork:time_zone: {zone}\n'
    (folder / "Pulumi.local.yaml").write_text(text.replace("config:\n", f"config:\n{lines}"))
    return folder


@pytest.mark.parametrize(
    ("moment", "window", "inside"),
    [
        ("22:00", "22:00-04:00", True),
        ("03:59", "22:00-04:00", True),
        ("04:00", "22:00-04:00", False),
        ("12:00", "22:00-04:00", False),
        ("02:30", "02:00-03:00", True),
        ("03:00", "02:00-03:00", False),
    ],
)
def test_a_window_may_pass_midnight_and_ends_before_its_end(
    moment: str, window: str, inside: bool
) -> None:
    assert within(time.fromisoformat(moment), window) is inside


def test_the_hour_is_that_of_the_stacks_zone(tmp_path: Path) -> None:
    found = stack("local", told(tmp_path, "02:00-04:00"))

    refuse_outside(found, APP, datetime(2026, 11, 26, 19, 0, tzinfo=UTC))  # 03:00 in Shanghai
    with pytest.raises(CommandError, match=r"It is 11:00 in Asia/Shanghai.*02:00 to 04:00"):
        refuse_outside(found, APP, datetime(2026, 11, 26, 3, 0, tzinfo=UTC))


def test_without_a_window_every_hour_is_as_good(tmp_path: Path) -> None:
    folder = told(tmp_path, "02:00-04:00")
    file = folder / "Pulumi.local.yaml"
    file.write_text(file.read_text().replace('  groundwork:migration_window: "02:00-04:00"\n', ""))

    refuse_outside(stack("local", folder), APP, datetime(2026, 11, 26, 3, 0, tzinfo=UTC))


def test_a_zone_that_this_machine_does_not_know_is_said(tmp_path: Path) -> None:
    found = stack("local", told(tmp_path, "02:00-04:00", "Nowhere/Town"))

    with pytest.raises(CommandError, match="does not know the time zone Nowhere/Town"):
        refuse_outside(found, APP)
