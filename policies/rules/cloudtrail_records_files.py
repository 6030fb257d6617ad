from policies.inputs import blocks, values
from policies.kinds import TRAIL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudtrail-records-files",
    on=TRAIL,
    severity=Severity.LOW,
    controls=(
        "CIS-5.0 3.8",
        "CIS-5.0 3.9",
        "CIS-7.0 4.8",
        "CIS-7.0 4.9",
    ),
    protects_from="not knowing which files were read or deleted",
    fix="add an event selector for AWS::S3::Object.",
    off_because="every request to a file is charged as an event; a stack that needs it asks for it",
)
def cloudtrail_records_files(props: Props) -> Findings:
    """A trail records reading and writing of files."""
    legacy = [
        kind for each in blocks(props, "eventSelectors") for kind in blocks(each, "dataResources")
    ]
    fields = [
        value
        for each in blocks(props, "advancedEventSelectors")
        for field in blocks(each, "fieldSelectors")
        for value in values(field, "equals")
    ]
    if "AWS::S3::Object" not in [*(kind.get("type") for kind in legacy), *fields]:
        yield "The trail leaves files out."
