from policies.inputs import block, blocks, text
from policies.kinds import LISTENER
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "elb-http-redirects-to-https",
    on=LISTENER,
    severity=Severity.HIGH,
    controls=("FSBP ELB.1",),
    protects_from="passwords and cookies read on the way",
    fix='make the default action a redirect to HTTPS (status_code="HTTP_301").',
)
def elb_http_redirects_to_https(props: Props) -> Findings:
    """A plain HTTP listener does nothing but send the client to HTTPS."""
    if props.get("protocol") != "HTTP":
        return
    for action in blocks(props, "defaultActions"):
        if not _redirects(action) and not _refuses(action):
            yield "The HTTP listener serves content unencrypted."


def _redirects(action: Props) -> bool:
    redirect = block(action, "redirect")
    return action.get("type") == "redirect" and redirect.get("protocol") == "HTTPS"


def _refuses(action: Props) -> bool:
    response = block(action, "fixedResponse")
    status = text(response, "statusCode")
    return action.get("type") == "fixed-response" and status.startswith(("4", "5"))
