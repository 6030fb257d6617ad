from policies.inputs import yes
from policies.kinds import ACCOUNT_PUBLIC_ACCESS_BLOCK
from policies.rule import Findings, Props, Severity, resource_rule

FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@resource_rule(
    "s3-account-block-stays-on",
    on=ACCOUNT_PUBLIC_ACCESS_BLOCK,
    severity=Severity.HIGH,
    controls=(
        "FSBP S3.1",
        "CIS-5.0 2.1.4",
        "CIS-7.0 3.1.4",
    ),
    protects_from="files of any bucket becoming public by one wrong policy",
    fix="set all four flags True.",
)
def s3_account_block_stays_on(props: Props) -> Findings:
    """The account's block of public access is complete."""
    for flag in FLAGS:
        if not yes(props, flag):
            yield f"The account's block has {flag} off."
