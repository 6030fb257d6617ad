from policies.inputs import text
from policies.kinds import CERTIFICATE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "acm-key-is-strong",
    on=CERTIFICATE,
    severity=Severity.HIGH,
    controls=("FSBP ACM.2",),
    protects_from="a key that can be computed",
    fix='set key_algorithm="RSA_2048" or "EC_prime256v1".',
)
def acm_key_is_strong(props: Props) -> Findings:
    """A certificate has a key of today's length."""
    if text(props, "keyAlgorithm") == "RSA_1024":
        yield "The key has 1,024 bits."
