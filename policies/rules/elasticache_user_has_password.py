from policies.inputs import block, text, yes
from policies.kinds import CACHE_USER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elasticache-user-has-password",
    on=CACHE_USER,
    severity=Severity.HIGH,
    protects_from="every process in the network reading and changing the cache",
    fix="set passwords, or authentication_mode of type iam.",
)
def elasticache_user_has_password(props: Props) -> Findings:
    """A user of a cache has to prove who it is."""
    mode = text(block(props, "authenticationMode"), "type")
    if yes(props, "noPasswordRequired") or mode == "no-password-required":
        yield "The user needs no password."
