from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from localcloud.network.names import Resolver
from localcloud.network.zones import Record, names


def resolver(folder: Path) -> Resolver:
    (folder / "names").mkdir()
    # Announcing needs no network.
    return Resolver(folder, cast(Any, None))


def test_each_owner_replaces_its_own_names_alone(tmp_path: Path) -> None:
    of = resolver(tmp_path)
    of.announce("a", {"x.test": ["10.0.0.1"], "y.test": ["10.0.0.2"]})
    of.announce("b", {"z.test": ["10.0.0.3"]})
    of.announce("a", {"x.test": ["10.0.0.9"]})
    assert (tmp_path / "hosts").read_text() == "10.0.0.9 x.test\n10.0.0.3 z.test\n"


def test_what_a_kill_kept_from_the_resolver_is_told_the_next_time(tmp_path: Path) -> None:
    of = resolver(tmp_path)
    of.announce("a", {"x.test": ["10.0.0.1"]})
    # Its owner's part was written, and the file that is read was not.
    (tmp_path / "hosts").write_text("")
    of.announce("a", {"x.test": ["10.0.0.1"]})
    assert (tmp_path / "hosts").read_text() == "10.0.0.1 x.test\n"


def test_owners_may_announce_at_the_same_time(tmp_path: Path) -> None:
    of = resolver(tmp_path)

    def announce(owner: int) -> None:
        for number in range(100):
            of.announce(str(owner), {f"{owner}.test": [f"10.0.{owner}.{number}"]})

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(announce, range(4)))

    last = [f"10.0.{owner}.99 {owner}.test" for owner in range(4)]
    assert (tmp_path / "hosts").read_text().splitlines() == last


def test_a_name_may_have_several_addresses(tmp_path: Path) -> None:
    of = resolver(tmp_path)
    of.announce("a", {"reader.test": ["10.0.0.1", "10.0.0.2"]})
    assert (tmp_path / "hosts").read_text() == "10.0.0.1 reader.test\n10.0.0.2 reader.test\n"
    assert of.lookup("reader.test") == ["10.0.0.1", "10.0.0.2"]
    assert of.lookup("other.test") == ()


def test_an_alias_leads_to_what_its_target_is_announced_as() -> None:
    known = [
        Record(name="shop.test", points_to="front.elb.test"),
        Record(name="www.shop.test", points_to="shop.test"),
        Record(name="fixed.shop.test", addresses=("10.0.0.4",)),
        Record(name="nowhere.shop.test", points_to="gone.test"),
        Record(name="*.shop.test", addresses=("10.0.0.4",)),
    ]
    announced = {"front.elb.test": ["10.0.0.1"]}
    assert names(known, lambda name: announced.get(name, ())) == {
        "shop.test": ["10.0.0.1"],
        "www.shop.test": ["10.0.0.1"],
        "fixed.shop.test": ("10.0.0.4",),
    }


def test_a_circle_of_names_leads_nowhere() -> None:
    known = [Record(name="a.test", points_to="b.test"), Record(name="b.test", points_to="a.test")]
    assert names(known, lambda name: ()) == {}
