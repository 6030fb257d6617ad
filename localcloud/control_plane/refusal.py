"""What moto cannot do is refused by name, as the service itself would refuse a request.

Moto lets an exception through instead: the client sees a page of HTML, tries again, and reports
that it cannot read the answer.
"""

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import botocore.session
from botocore.exceptions import UnknownServiceError

from localcloud.control_plane.requests import action_of

CODE = "NotEmulated"
# A client's error, since nothing gets better by trying again.
STATUS = "400 Bad Request"
# Where a service signs under another name than its model has.
MODELS = {"monitoring": "cloudwatch", "elasticloadbalancing": "elbv2", "email": "ses"}
XML = {
    "ec2": "<Response><Errors><Error>{error}</Error></Errors></Response>",
    "query": "<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>",
    "rest-xml": "<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>",
    "s3": "<Error>{error}</Error>",
}


def refuse(
    environ: dict[str, Any], body: bytes, reason: str, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """An error in the protocol of the service that was asked."""
    service = signed_for(environ)
    action = action_of(environ, body) or f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
    message = f"{service} {action} is not emulated on the local cloud ({reason})."
    protocol = "s3" if service == "s3" else protocol_of(service)
    if protocol in XML:
        error = f"<Code>{CODE}</Code><Message>{escape(message)}</Message>"
        kind, text = "text/xml", XML[protocol].format(error=error)
    else:
        kind, text = "application/x-amz-json-1.1", json.dumps({"__type": CODE, "message": message})
    answer = text.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(answer))),
        ("x-amzn-errortype", CODE),
    ]
    start_response(STATUS, headers)
    return [answer]


def signed_for(environ: dict[str, Any]) -> str:
    """The service's signing name, out of the credential of a signed request."""
    parts = environ.get("HTTP_AUTHORIZATION", "").split("Credential=")[-1].split("/")
    return parts[3] if len(parts) > 4 else "an unsigned request for"


@cache
def protocol_of(service: str) -> str:
    try:
        model = botocore.session.get_session().get_service_model(MODELS.get(service, service))
    except UnknownServiceError:
        return "json"
    return str(model.metadata["protocol"])
