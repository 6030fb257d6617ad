import re

from policies.inputs import text
from policies.kinds import LOCAL_COMMAND, REMOTE_COMMAND
from policies.rule import Findings, Props, Severity, resource_rule

PIPED = re.compile(r"\b(?:curl|wget)\b[^\n|;]*\|\s*(?:sudo\s+(?:-\w+\s+)*)?(?:ba|da|z|k)?sh\b")


@resource_rule(
    "command-runs-no-unseen-script",
    on=(*REMOTE_COMMAND, *LOCAL_COMMAND),
    severity=Severity.HIGH,
    protects_from="running as root whatever a web site answers today",
    fix="install a package, or download a pinned version and check its digest first.",
)
def command_runs_no_unseen_script(props: Props) -> Findings:
    """Nothing is downloaded and run unseen."""
    for key in ("create", "update", "delete", "stdin"):
        if PIPED.search(text(props, key)):
            yield f"{key} pipes a download into a shell."
