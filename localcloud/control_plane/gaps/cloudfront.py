"""CloudFront: an origin keeps its access control, a default certificate has no support method."""

from typing import Any

from moto.cloudfront.models import Origin, ViewerCertificate

from localcloud.control_plane.gaps.mending import Method, mends


@mends(ViewerCertificate, "__init__")
def new_certificate(original: Method, self: Any, config: dict[str, Any]) -> None:
    original(self, config)
    self.ssl_support_method = config.get("SSLSupportMethod") or None


@mends(Origin, "__init__")
def new_origin(original: Method, self: Any, origin: dict[str, Any]) -> None:
    original(self, origin)
    self.origin_access_control_id = origin.get("OriginAccessControlId") or ""
