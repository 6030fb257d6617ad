"""One lock over the records; a change is waited for until it is saved, and wakes who waits."""

import threading

import pytest

import localcloud.control_plane  # noqa: F401 - sets what moto reads while it is imported
from localcloud.control_plane.cloud import MotoCloud

PATIENCE = 120.0


def test_a_change_is_saved_before_it_is_left() -> None:
    saved: list[int] = []
    cloud = MotoCloud("", saved.append)

    with cloud.changing():
        assert saved == []

    assert saved == [1]


def test_a_change_within_another_is_saved_with_it() -> None:
    saved: list[int] = []
    cloud = MotoCloud("", saved.append)

    with cloud.changing(), cloud.reading(), cloud.changing():
        pass

    assert saved == [2]


def test_what_was_done_before_an_error_is_saved() -> None:
    saved: list[int] = []
    cloud = MotoCloud("", saved.append)

    with pytest.raises(ValueError, match="no"), cloud.changing():
        raise ValueError("no")

    assert saved == [1]


def test_a_reader_keeps_others_out() -> None:
    cloud = MotoCloud("", lambda generation: None)
    entered = threading.Event()

    def change() -> None:
        with cloud.changing():
            entered.set()

    with cloud.reading():
        thread = threading.Thread(target=change)
        thread.start()
        assert not entered.wait(0.1)
    assert entered.wait(PATIENCE)
    thread.join()


def test_who_waits_is_woken_by_a_change() -> None:
    cloud = MotoCloud("", lambda generation: None)
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(cloud.wait_for_change(0, timeout=300)))
    thread.start()

    with cloud.changing():
        pass

    thread.join(PATIENCE)
    assert seen == [1]


def test_without_a_change_waiting_ends() -> None:
    assert MotoCloud("", lambda generation: None).wait_for_change(0, timeout=0.01) == 0
