from policies.inputs import text
from policies.kinds import FLOW_LOG
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "ec2-flow-log-records-refusals",
    on=FLOW_LOG,
    severity=Severity.LOW,
    controls=("FSBP EC2.6",),
    protects_from="scans and blocked attacks that leave no trace",
    fix='set traffic_type="ALL" or "REJECT".',
)
def ec2_flow_log_records_refusals(props: Props) -> Findings:
    """A flow log records refused traffic."""
    if text(props, "trafficType") == "ACCEPT":
        yield "The flow log leaves out what was refused."
