"""What AWS refuses of a resource that is there already, said before anything is touched."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi

Properties = Mapping[str, Any]

Refusals = Callable[[Properties, Properties, Properties], Iterator[str]]
"""Of what was asked, what is asked now, and what was found: why that can never be."""


def refusing(name: str, refusals: Refusals) -> pulumi.ResourceHookBinding:
    """Stops a preview, and an update that had none, with those words."""

    def look(args: pulumi.ResourceHookArgs) -> None:
        said = refusals(args.old_inputs or {}, args.new_inputs or {}, args.old_outputs or {})
        if words := "; ".join(said):
            raise ValueError(words)

    hook = pulumi.ResourceHook(
        f"{name}: what can change", look, pulumi.ResourceHookOptions(on_dry_run=True)
    )
    return pulumi.ResourceHookBinding(before_update=[hook])
