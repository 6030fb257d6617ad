"""The resource graph of a state: nothing secret in it, nothing that is gone."""

from typing import Any

from commands.graph import SECRET, parsed

PROJECT = "urn:pulumi:local::groundwork"


def entry(kind: str, name: str, *, id: str = "", parent: str = "", **outputs: Any) -> Any:
    """As `pulumi stack export` has a resource."""
    return {
        "urn": f"{PROJECT}::{kind}::{name}",
        "type": kind,
        "id": id,
        "parent": parent,
        "outputs": outputs,
    }


def test_secret_outputs_are_left_out() -> None:
    sealed = {SECRET: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    found = parsed(
        {"deployment": {"resources": [entry("random:x", "p", result=sealed, length=20)]}}
    )

    (resource,) = found.resources
    assert resource.text("length") == "20"
    assert "result" not in resource.outputs
    assert "v1:abc" not in repr(found)


def test_what_is_about_to_be_taken_away_is_not_there() -> None:
    old, new = entry("aws:x", "a", id="1"), entry("aws:x", "a", id="2")
    found = parsed({"deployment": {"resources": [{**old, "delete": True}, new]}})

    assert [resource.id for resource in found.of("aws:x")] == ["2"]


def test_a_stack_without_resources_is_empty() -> None:
    assert parsed({"deployment": {}}).resources == ()
    assert parsed({}).resources == ()
