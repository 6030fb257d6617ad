"""How full a host is, as it tells the alarms itself."""

import io
import math
import subprocess
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from components import alarms
from hosts.programs import cloud, measure


def test_a_host_tells_how_full_it_is_under_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def ask(*words: Any) -> Any:
        asked.append(words)
        return io.BytesIO()

    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(cloud, "ask", ask)
    monkeypatch.setattr(cloud, "metadata", lambda path: {"instance-id": "i-0abc"}[path])
    monkeypatch.setattr(measure, "memory_percent", lambda: 84.96)
    monkeypatch.setattr(measure, "disk_percent", lambda: 7.0)
    monkeypatch.setattr(measure, "connections", lambda: 12)

    assert measure.main() == 0

    ((service, method, url, body, _),) = asked
    assert (service, method, url) == (
        "monitoring",
        "POST",
        "https://monitoring.eu-west-1.amazonaws.com/",
    )
    told = dict(urllib.parse.parse_qsl(body.decode()))
    assert (told["Action"], told["Namespace"]) == ("PutMetricData", alarms.NAMESPACE)
    figures = [
        {
            key.removeprefix(f"MetricData.member.{number}."): value
            for key, value in told.items()
            if key.startswith(f"MetricData.member.{number}.")
        }
        for number in (1, 2, 3)
    ]
    assert [(one["MetricName"], one["Value"], one["Unit"]) for one in figures] == [
        ("MemoryPercent", "85.0", "Percent"),
        ("DiskPercent", "7.0", "Percent"),
        ("Connections", "12.0", "Count"),
    ]
    for one in figures:
        assert one["Dimensions.member.1.Name"] == "InstanceId"
        assert one["Dimensions.member.1.Value"] == "i-0abc"


def test_what_cannot_be_told_is_a_unit_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise cloud.RefusedError(403, "AccessDenied")

    monkeypatch.setattr(cloud, "PATIENCE", -1)
    monkeypatch.setattr(measure, "tell", refused)

    assert measure.main() == 1
    assert "cannot tell how full this host is: 403 AccessDenied" in capsys.readouterr().err


def test_memory_that_the_kernel_would_give_back_is_not_in_use(tmp_path: Path) -> None:
    told = tmp_path / "meminfo"
    told.write_text(
        "MemTotal:        2000000 kB\nMemFree:           10000 kB\nMemAvailable:    500000 kB\n"
        "HugePages_Total:       0\n"
    )

    assert measure.memory_percent(told) == 75.0


def test_connections_are_counted_that_are_open(tmp_path: Path) -> None:
    title = "  sl  local_address rem_address   st tx_queue rx_queue"
    line = "   0: 0100007F:1538 0100007F:8A2C {} 00000000:00000000"
    (tmp_path / "tcp").write_text("\n".join([title, *(line.format(s) for s in ("0A", "01", "06"))]))
    (tmp_path / "tcp6").write_text(f"{title}\n{line.format('01')}\n")

    assert measure.connections(tmp_path) == 2


def test_a_disk_is_as_full_as_df_says(tmp_path: Path) -> None:
    said = whole = -1
    # Others write meanwhile: again, where that has led from one percent to the next.
    while whole != math.ceil(measure.disk_percent(tmp_path)):
        whole = math.ceil(measure.disk_percent(tmp_path))
        said = int(df(tmp_path).rstrip("%"))

    assert said == whole  # it rounds up


def df(directory: Path) -> str:
    return subprocess.run(
        ["df", "--output=pcent", str(directory)], capture_output=True, text=True, check=True
    ).stdout.split()[-1]
