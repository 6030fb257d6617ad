"""Entry point of the policy pack. It serves until killed, so nothing may import this."""

import sys
from pathlib import Path

import pulumi

# Pulumi runs a pack with its own folder as the import root; the rules are named from its parent.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.catalogue import KINDS, policies_for
from policies.serving import serve

serve(
    "groundwork",
    policies_for(pulumi.get_stack(), pulumi.Config("groundwork").get("exemptions")),
    KINDS,
)
