"""What the engine keeps of a resource: its outputs, and Terraform's exact state hidden in them."""

import base64
import json
from typing import Any

from localcloud.standins.aws.planning import sensitive
from localcloud.standins.aws.schema import Kind
from localcloud.standins.aws.terraform import Held, Terraform
from localcloud.standins.aws.translation import from_terraform
from localcloud.standins.values import (
    UNKNOWN,
    Properties,
    Secret,
    Tagged,
    has_secret,
    plain,
)

HIDDEN = "__tf"
"""The exact state; a secret whole, since it repeats every secret of the resource."""
DEFAULTS = "__defaults"
"""The official plugins' own key: properties whose value was made up, not given."""


def outputs(
    kind: Kind, state: dict[str, Any], inputs: Properties, region: str | None
) -> Properties:
    """The properties a program sees; whatever is or comes from a secret is one."""
    found = from_terraform(state, kind.block)
    for name in ("id", "timeouts"):
        found.pop(name, None)
    for name, value in inputs.items():
        if isinstance(value, Tagged):
            found[name] = value
    secret = {kind.block.pulumi_name(name) for name in sensitive(state, kind.block)}
    secret |= {name for name, value in inputs.items() if has_secret(value)} | set(kind.secrets)
    for name in secret & found.keys():
        found[name] = Secret(found[name])
    identifier = state.get("id")
    if identifier is not None and identifier is not UNKNOWN:
        found["id"] = identifier
    if region and "region" in kind.outputs:
        found.setdefault("region", region)
    return found


def kept(kind: Kind, held: Held, inputs: Properties, region: str | None) -> Properties:
    """The outputs with the exact state in them, as a finished operation returns them."""
    state = held.state or {}
    exact = {"s": state, "p": base64.b64encode(held.private).decode(), "v": kind.version}
    found = outputs(kind, state, inputs, region)
    found[HIDDEN] = Secret(json.dumps(exact))
    if DEFAULTS in inputs:
        found[DEFAULTS] = inputs[DEFAULTS]
    return found


def held(kind: Kind, properties: Properties, terraform: Terraform) -> Held:
    """The exact state back; nothing for a resource this stand-in has not made or read."""
    hidden = plain(properties).get(HIDDEN)
    if not hidden:
        return Held(None)
    exact = json.loads(hidden)
    state, version = exact["s"], exact["v"]
    if version != kind.version:
        state = terraform.upgrade(kind, version, state)
    return Held(state, base64.b64decode(exact["p"]))
