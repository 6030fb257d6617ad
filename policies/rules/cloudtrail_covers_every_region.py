from policies.inputs import blocks, yes
from policies.kinds import TRAIL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudtrail-covers-every-region",
    on=TRAIL,
    severity=Severity.HIGH,
    controls=(
        "FSBP CloudTrail.1",
        "FSBP CloudTrail.3",
        "CIS-5.0 3.1",
        "CIS-7.0 4.1",
    ),
    protects_from="an intruder working unseen in a region no one uses",
    fix="set is_multi_region_trail=True, and leave enable_logging and global events on.",
)
def cloudtrail_covers_every_region(props: Props) -> Findings:
    """A trail records management events of every region."""
    if not yes(props, "isMultiRegionTrail"):
        yield "The trail covers one region."
    if props.get("enableLogging") is False or props.get("includeGlobalServiceEvents") is False:
        yield "The trail is switched off, wholly or for global services."
    if any(
        each.get("includeManagementEvents") is False for each in blocks(props, "eventSelectors")
    ):
        yield "The trail leaves management events out."
