from collections.abc import Iterator

import pulumi
import pytest

from components.changes import Properties, refusing
from tests.recording import Engine


def shrinking(before: Properties, after: Properties, there: Properties) -> Iterator[str]:
    if after["size"] < before["size"]:
        yield f"from {before['size']} to {after['size']}"
    if after["size"] < there["used"]:
        yield f"{there['used']} are used"


@pytest.fixture
def hook(engine: Engine) -> pulumi.ResourceHook:
    bound: list[pulumi.ResourceHookBinding] = []
    engine.build(lambda: bound.append(refusing("main", shrinking)))
    (hook,) = bound[0].before_update or []
    assert isinstance(hook, pulumi.ResourceHook)
    return hook


def change(size: int) -> pulumi.ResourceHookArgs:
    return pulumi.ResourceHookArgs(
        "urn", "id", "main", "kind", {"size": size}, {"size": 10}, None, {"size": 10, "used": 5}
    )


def test_all_that_can_never_be_is_said_at_once(hook: pulumi.ResourceHook) -> None:
    with pytest.raises(ValueError, match=r"^from 10 to 4; 5 are used$"):
        hook.callback(change(4))


def test_what_can_be_passes(hook: pulumi.ResourceHook) -> None:
    hook.callback(change(20))


def test_a_preview_asks_as_an_update_does_and_neither_goes_on(hook: pulumi.ResourceHook) -> None:
    assert hook.opts is not None
    assert hook.opts.on_dry_run
    assert not hook.opts.ignore_errors
