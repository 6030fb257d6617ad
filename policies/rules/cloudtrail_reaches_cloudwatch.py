from policies.inputs import text
from policies.kinds import TRAIL
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "cloudtrail-reaches-cloudwatch",
    on=TRAIL,
    severity=Severity.LOW,
    controls=("FSBP CloudTrail.5",),
    protects_from="activity that no alarm can be set on",
    fix="set cloud_watch_logs_group_arn and cloud_watch_logs_role_arn.",
)
def cloudtrail_reaches_cloudwatch(props: Props) -> Findings:
    """A trail can be searched, and alarms set on it."""
    if not text(props, "cloudWatchLogsGroupArn"):
        yield "The trail does not reach CloudWatch Logs."
