import json
import os
import signal
import time
from pathlib import Path

from localcloud.recorded_process import Recorded

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def test_a_process_is_found_again_by_its_record_alone(tmp_path: Path) -> None:
    record = tmp_path / "sleep.json"
    Recorded(record).start(["sleep", "60"], tmp_path / "log", ENVIRONMENT)
    again = Recorded(record)
    assert again.pid is not None
    again.stop()
    assert Recorded(record).pid is None


def test_another_process_with_the_same_number_is_not_mistaken_for_it(tmp_path: Path) -> None:
    record = tmp_path / "sleep.json"
    process = Recorded(record)
    process.start(["sleep", "60"], tmp_path / "log", ENVIRONMENT)
    original = record.read_text()
    for changed in ({"start": 1}, {"boot": "another"}):
        record.write_text(json.dumps({**json.loads(original), **changed}))
        assert process.pid is None
    record.write_text(original)
    process.stop()


def test_one_that_has_ended_is_gone_even_before_anybody_looks(tmp_path: Path) -> None:
    process = Recorded(tmp_path / "true.json")
    process.start(["true"], tmp_path / "log", ENVIRONMENT)
    assert process.ended(within=10)


def test_it_is_known_from_when_on_a_signal_no_longer_ends_it(tmp_path: Path) -> None:
    process = Recorded(tmp_path / "sh.json")
    wanted = "until [ -e caught ]; do sleep 0.01; done; trap : HUP; while sleep 0.1; do :; done"
    process.start(["sh", "-c", f"cd {tmp_path}; {wanted}"], tmp_path / "log", ENVIRONMENT)
    assert not process.catches(signal.SIGHUP)
    (tmp_path / "caught").touch()
    while not process.catches(signal.SIGHUP):
        time.sleep(0.01)
    process.stop()
    assert not process.catches(signal.SIGHUP)
