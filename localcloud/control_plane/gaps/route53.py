"""Route 53: a zone made for a network is private; moto waits for a flag that no client sends."""

from typing import Any

from moto.core.responses import ActionResult
from moto.route53.responses import Route53

from localcloud.control_plane.gaps.mending import Method, mends


@mends(Route53, "create_hosted_zone")
def create_hosted_zone(original: Method, self: Any) -> ActionResult:
    answer = original(self)
    network, region = self._get_param("VPC.VPCId"), self._get_param("VPC.VPCRegion")
    zone = answer.result["HostedZone"]
    if network and not zone.private_zone:
        zone.private_zone = True
        zone.add_vpc(network, region)
        answer.result["DelegationSet"] = None
        answer.result["VPC"] = {"VPCRegion": region, "VPCId": network}
    return answer
