from policies.inputs import text
from policies.kinds import TOPIC
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "sns-records-deliveries",
    on=TOPIC,
    severity=Severity.MEDIUM,
    controls=("FSBP SNS.2",),
    protects_from="not knowing that messages were not delivered",
    fix="set the failure feedback role of the protocol.",
    off_because="AWS has retired the control; the alarm topic has an alarm on failed notifications",
)
def sns_records_deliveries(props: Props) -> Findings:
    """A topic records failed deliveries."""
    protocols = ("http", "lambda", "sqs", "firehose", "application")
    if not any(text(props, f"{protocol}FailureFeedbackRoleArn") for protocol in protocols):
        yield "Failed deliveries leave no record."
