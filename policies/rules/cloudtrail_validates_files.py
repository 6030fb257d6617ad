from policies.inputs import yes
from policies.kinds import TRAIL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudtrail-validates-files",
    on=TRAIL,
    severity=Severity.MEDIUM,
    controls=(
        "FSBP CloudTrail.4",
        "CIS-5.0 3.2",
        "CIS-7.0 4.2",
    ),
    protects_from="an intruder removing traces from the record",
    fix="set enable_log_file_validation=True.",
)
def cloudtrail_validates_files(props: Props) -> Findings:
    """A trail shows when its files were changed."""
    if not yes(props, "enableLogFileValidation"):
        yield "A changed file would not be noticed."
