from policies.inputs import block, yes
from policies.kinds import REPOSITORY
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ecr-scans-on-push",
    on=REPOSITORY,
    severity=Severity.HIGH,
    controls=("FSBP ECR.1",),
    protects_from="shipping packages with known holes",
    fix="set scan_on_push=True in image_scanning_configuration.",
)
def ecr_scans_on_push(props: Props) -> Findings:
    """Images are searched for known holes when they arrive."""
    if not yes(block(props, "imageScanningConfiguration"), "scanOnPush"):
        yield "Images are not scanned."
