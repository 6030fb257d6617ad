"""A crash between making something and telling of it makes nothing twice."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import grpc
import pytest

from localcloud.standins.journal import Journal, Journalled
from localcloud.standins.provider import OperationError, Provider, Resource
from localcloud.standins.values import Properties
from tests.localcloud.standins.plugin import Plugin, served

TOKEN = "cloud:index:Thing"


class Thing(Resource):
    """Something of a cloud where a name can be given only once."""

    inputs: ClassVar[tuple[str, ...]] = ("name", "size")
    cloud: ClassVar[dict[str, Any]] = {}
    go_on: ClassVar[threading.Event] = threading.Event()

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        if news["name"] in self.cloud:
            raise OperationError(f"{news['name']} exists already")
        if news["name"] == "refused":
            raise OperationError("the cloud says no")
        self.cloud[news["name"]] = news
        self.go_on.wait(60)
        return news["name"], news

    def delete(self, urn: str, state: Properties) -> None:
        del self.cloud[state["name"]]


@pytest.fixture(autouse=True)
def _empty_cloud() -> None:
    Thing.cloud.clear()
    Thing.go_on.set()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture
def journalled(journal: Journal) -> Journalled:
    return Journalled(journal)


@pytest.fixture
def thing(journalled: Journalled) -> Iterator[Plugin]:
    with served(Provider("cloud", "0", {TOKEN: Thing}), journalled) as stub:
        yield Plugin(stub, TOKEN)


def test_asked_again_for_the_same_it_gives_the_answer_it_had(thing: Plugin) -> None:
    first = thing.create({"name": "a", "size": 1})

    assert thing.create({"name": "a", "size": 1}) == first
    assert list(Thing.cloud) == ["a"]


def test_asked_again_with_other_inputs_the_first_one_goes(thing: Plugin) -> None:
    thing.create({"name": "a", "size": 1})

    thing.create({"name": "a", "size": 2})
    thing.create({"name": "b", "size": 2})

    assert Thing.cloud == {"b": {"name": "b", "size": 2}}


def test_without_an_entry_a_name_given_twice_is_refused(thing: Plugin, journal: Journal) -> None:
    """The stand-in for the crash: shows that it is the journal which helps above."""
    thing.create({"name": "a", "size": 1})
    journal.clear()

    with pytest.raises(grpc.RpcError):
        thing.create({"name": "a", "size": 1})


def test_a_preview_leaves_no_entry(thing: Plugin, journal: Journal) -> None:
    thing.preview({"name": "a", "size": 1})

    assert journal.find(thing.urn) is None


def test_a_failed_creation_leaves_no_entry(thing: Plugin, journal: Journal) -> None:
    with pytest.raises(grpc.RpcError):
        thing.create({"name": "refused", "size": 1})

    assert journal.find(thing.urn) is None


def test_what_the_state_holds_is_dropped_and_nothing_else(thing: Plugin, journal: Journal) -> None:
    thing.create({"name": "a", "size": 1})

    journal.drop([])
    journal.drop([("urn:of:another", "a"), (thing.urn, "made before it was replaced")])
    assert journal.find(thing.urn) is not None
    journal.drop([(thing.urn, "a")])
    assert journal.find(thing.urn) is None


def test_what_is_deleted_leaves_no_entry(thing: Plugin, journal: Journal) -> None:
    made = thing.create({"name": "a", "size": 1})

    thing.delete(*made)

    assert journal.find(thing.urn) is None
    thing.create({"name": "a", "size": 1})
    assert list(Thing.cloud) == ["a"]


def test_entries_can_be_read_by_their_owner_alone(thing: Plugin, tmp_path: Path) -> None:
    thing.create({"name": "a", "size": 1})

    (entry,) = (tmp_path / "journal").iterdir()
    assert entry.stat().st_mode & 0o777 == 0o600


def test_what_is_under_way_when_the_engine_goes_is_brought_to_its_end(
    thing: Plugin, journal: Journal, journalled: Journalled
) -> None:
    Thing.go_on.clear()
    engine = threading.Thread(target=lambda: thing.create({"name": "a", "size": 1}))
    engine.start()
    while "a" not in Thing.cloud:
        pass
    assert journal.find(thing.urn) is None

    Thing.go_on.set()
    journalled.wait_until_idle(60)

    assert journal.find(thing.urn) is not None
    engine.join()
