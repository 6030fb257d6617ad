"""Private addresses as AWS gives them out: a subnet's first four stay its own."""

from typing import Any

from moto.ec2.models.subnets import Subnet

# The network, the router, the resolver, and one for the future (VPC user guide, "Subnet sizing").
KEPT_BY_AWS = range(4)
OWNER = "kept by AWS"


def install() -> None:
    """From now on moto keeps to that; it forgets which it kept when its records are read back."""
    original = Subnet.get_available_subnet_ip
    if hasattr(original, "keeps_to_it"):
        return

    def available(self: Any, instance: Any) -> str:
        for number in KEPT_BY_AWS:
            self._subnet_ips.setdefault(str(self.cidr[number]), OWNER)
            self._unused_ips.discard(str(self.cidr[number]))
        return original(self, instance)

    available.keeps_to_it = True  # type: ignore[attr-defined]
    Subnet.get_available_subnet_ip = available  # type: ignore[method-assign]
