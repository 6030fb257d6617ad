"""The fixed addresses of the emulated network, the same on every machine and in every stack."""

import os
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

# Where EC2 itself answers (EC2 user guide, "Access instance metadata").
METADATA = "169.254.169.254"
# Where EC2's own resolver answers on Nitro instances (VPC user guide, "Amazon DNS server").
RESOLVER = "169.254.169.253"
# The one difference from EC2: the API's endpoints are all here, so that no TLS to AWS is faked.
ENDPOINT = "169.254.169.252"
ENDPOINT_URL = f"http://{ENDPOINT}"
LINK_LOCAL = IPv4Network("169.254.0.0/16")

# TEST-NET-3 of RFC 5737: routed nowhere, so that no packet for an emulated public address can
# ever reach a real machine. Its first address is the host's own, the internet of this cloud.
PUBLIC = "203.0.113.0/24"
PUBLIC_VARIABLE = "GROUNDWORK_PUBLIC_NETWORK"
# RFC 5737, section 3: blocks reserved for documentation.
RESERVED = [IPv4Network(f"{block}.0/24") for block in ("192.0.2", "198.51.100", "203.0.113")]


def public_network() -> IPv4Network:
    """Where public addresses come from; a second cloud on this machine takes another block."""
    wanted = os.environ.get(PUBLIC_VARIABLE, PUBLIC)
    try:
        network = IPv4Network(wanted)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise ValueError(f"{PUBLIC_VARIABLE}={wanted}: {error}") from error
    if network not in RESERVED:
        blocks = ", ".join(str(block) for block in RESERVED)
        raise ValueError(f"{PUBLIC_VARIABLE}={wanted}: must be one of {blocks}.")
    return network
