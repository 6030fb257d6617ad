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

# Of the block for measuring networks in isolation (RFC 2544): routed nowhere on the internet, so
# that no packet for an emulated public address can reach a stranger. Not a block for
# documentation: machines in a lab often have those. The first address is the host's own.
PUBLIC = "198.18.113.0/24"
PUBLIC_VARIABLE = "GROUNDWORK_PUBLIC_NETWORK"
ISOLATED = IPv4Network("198.18.0.0/15")


def public_network() -> IPv4Network:
    """Where public addresses come from; a second cloud on this machine takes another block."""
    wanted = os.environ.get(PUBLIC_VARIABLE, PUBLIC)
    try:
        network = IPv4Network(wanted)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise ValueError(f"{PUBLIC_VARIABLE}={wanted}: {error}") from error
    if network.prefixlen != 24 or not network.subnet_of(ISOLATED):
        raise ValueError(f"{PUBLIC_VARIABLE}={wanted}: must be a /24 of {ISOLATED}.")
    return network
