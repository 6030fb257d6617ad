"""Values cross between the two worlds without loss, and unknown ones stay unknown."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.standins.aws.planning import changed, proposed, sensitive
from localcloud.standins.aws.schema import LIST, SET, Attribute, Block, NestedBlock, Shape
from localcloud.standins.aws.translation import from_terraform, to_terraform
from localcloud.standins.values import ASSET, UNKNOWN, Tagged


def field(name: str, kind: Any = "string", shape: Shape | None = None, **flags: bool) -> Attribute:
    return Attribute(name, kind, shape or Shape(), optional=True, **flags)


RULE = Block({"path_prefix": field("pathPrefix"), "days": field("days", "number")})
BLOCK = Block(
    {
        "bucket": field("bucket"),
        "enabled": field("enabled", "string", Shape(scalar="bool")),
        "tags": field("tags", ["map", "string"]),
        "zones": field("zones", ["set", "string"]),
        "owner": field("owner", ["list", ["object", {"full_name": "string"}]], Shape(single=True)),
        "arn": Attribute("arn", "string", Shape(), computed=True),
        "password": field("password", sensitive=True),
    },
    {
        "rule": NestedBlock("rules", False, LIST, RULE),
        "logging": NestedBlock("logging", True, LIST, Block({"target": field("target")})),
        "ingress": NestedBlock("ingress", False, SET, RULE),
    },
)
PROPERTIES: dict[str, Any] = {
    "bucket": "data",
    "enabled": True,
    "tags": {"Stack": "dev"},
    "zones": ["a", "b"],
    "owner": {"fullName": "Ada"},
    "rules": [{"pathPrefix": "models/", "days": 30}],
    "logging": {"target": "logs"},
    "ingress": [],
}


def test_properties_come_back_as_they_were() -> None:
    assert from_terraform(to_terraform(PROPERTIES, BLOCK), BLOCK) == PROPERTIES


def test_terraform_gets_every_field_in_its_own_form() -> None:
    assert to_terraform(PROPERTIES, BLOCK) == {
        "bucket": "data",
        "enabled": "true",
        "tags": {"Stack": "dev"},
        "zones": ["a", "b"],
        "owner": [{"full_name": "Ada"}],
        "arn": None,
        "password": None,
        "rule": [{"path_prefix": "models/", "days": 30}],
        "logging": [{"target": "logs"}],
        "ingress": [],
    }


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "bucket": st.text(),
            "enabled": st.booleans(),
            "tags": st.dictionaries(st.text(), st.text()),
            "zones": st.lists(st.text()),
            "rules": st.lists(
                st.fixed_dictionaries({"pathPrefix": st.text(), "days": st.integers()})
            ),
        },
    )
)
def test_any_properties_come_back_as_they_were(properties: dict[str, Any]) -> None:
    back = from_terraform(to_terraform(properties, BLOCK), BLOCK)

    assert {"rules": [], "ingress": [], **properties} == {"rules": [], **back}


def test_what_is_unknown_stays_so_at_every_depth() -> None:
    unknown: dict[str, Any] = {
        "bucket": UNKNOWN,
        "tags": {"Stack": UNKNOWN},
        "rules": [{"pathPrefix": UNKNOWN, "days": 1}],
        "ingress": UNKNOWN,
    }

    values = to_terraform(unknown, BLOCK)

    assert values["bucket"] is UNKNOWN
    assert values["tags"] == {"Stack": UNKNOWN}
    assert values["rule"] == [{"path_prefix": UNKNOWN, "days": 1}]
    assert values["ingress"] is UNKNOWN
    assert from_terraform(values, BLOCK)["rules"] == [{"pathPrefix": UNKNOWN, "days": 1}]


def test_a_document_given_as_data_becomes_text() -> None:
    assert json.loads(to_terraform({"bucket": {"a": [1]}}, BLOCK)["bucket"]) == {"a": [1]}


@pytest.fixture
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDWORK_CACHE", str(tmp_path))


@pytest.mark.usefixtures("_cache")
def test_an_asset_is_a_file_named_by_the_engines_hash() -> None:
    asset = Tagged(ASSET, {"hash": "abc", "text": "contents"})
    only_hash = Tagged(ASSET, {"hash": "abc"})

    path = to_terraform({"bucket": asset}, BLOCK)["bucket"]

    assert Path(path).read_text() == "contents"
    assert to_terraform({"bucket": only_hash}, BLOCK)["bucket"] == path


# -- plans ---------------------------------------------------------------------------------------

PRIOR = {**to_terraform(PROPERTIES, BLOCK), "arn": "arn:of:data"}


def test_the_providers_own_answers_are_proposed_again() -> None:
    assert proposed(BLOCK, PRIOR, to_terraform(PROPERTIES, BLOCK))["arn"] == "arn:of:data"


def test_nothing_changed_is_no_change() -> None:
    config = to_terraform(PROPERTIES, BLOCK)

    assert changed(BLOCK, PRIOR, proposed(BLOCK, PRIOR, config)) == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"bucket": "other"}, "bucket"),
        ({"tags": {}}, "tags"),
        ({"rules": [{"pathPrefix": "models/", "days": 31}]}, "rule"),
        ({"logging": None}, "logging"),
        ({"ingress": [{"pathPrefix": "x", "days": 1}]}, "ingress"),
        ({"bucket": UNKNOWN}, "bucket"),
    ],
)
def test_a_change_is_named(change: dict[str, Any], name: str) -> None:
    config = to_terraform({**PROPERTIES, **change}, BLOCK)

    assert changed(BLOCK, PRIOR, proposed(BLOCK, PRIOR, config)) == [name]


def test_the_order_of_a_set_is_no_change() -> None:
    config = to_terraform({**PROPERTIES, "zones": ["b", "a"]}, BLOCK)

    assert changed(BLOCK, PRIOR, proposed(BLOCK, PRIOR, config)) == []


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_nothing_is_written_in_three_ways(nothing: Any) -> None:
    assert changed(BLOCK, {**PRIOR, "ingress": []}, {**PRIOR, "ingress": nothing}) == []


def test_what_is_sensitive_is_found_however_deep() -> None:
    deep = Block({}, {"origin": NestedBlock("origins", False, SET, BLOCK)})

    assert "password" in sensitive(PRIOR, BLOCK)
    assert sensitive({"origin": [{**PRIOR, "password": "horse"}]}, deep) == {"origin"}
    assert sensitive({"origin": [PRIOR]}, deep) == set()
