import re

from policies.inputs import text
from policies.kinds import LOCAL_COMMAND, REMOTE_COMMAND
from policies.rule import Findings, Props, Severity, resource_rule

UNCHECKED = re.compile(
    r"StrictHostKeyChecking[= ](?:no|off)\b|--no-check-certificate\b|NODE_TLS_REJECT_UNAUTHORIZED=0"
    r"|\bcurl\b[^\n|;]*\s(?:--insecure\b|-[a-zA-Z]*k\b)"
)


@resource_rule(
    "command-checks-certificates",
    on=(*REMOTE_COMMAND, *LOCAL_COMMAND),
    severity=Severity.MEDIUM,
    protects_from="a stranger's machine answering in the place of the one meant",
    fix="leave the checks on, and install the authority's certificate or the host's key.",
)
def command_checks_certificates(props: Props) -> Findings:
    """No command switches off the check of whom it speaks to."""
    for key in ("create", "update", "delete", "stdin"):
        if UNCHECKED.search(text(props, key)):
            yield f"{key} switches off the check of a certificate or a host key."
