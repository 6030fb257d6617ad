from policies.kinds import TOPIC, TOPIC_POLICY
from policies.policy_checks import open_to_anyone
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "sns-not-public",
    on=(*TOPIC_POLICY, *TOPIC),
    severity=Severity.CRITICAL,
    controls=(
        "FSBP SNS.4",
        "CIS-7.0 2.21",
    ),
    protects_from="anyone sending false alarms, or listening in",
    fix="name the services or accounts, with a condition on aws:SourceAccount.",
)
def sns_not_public(props: Props) -> Findings:
    """No topic is open to everyone."""
    if open_to_anyone(props.get("policy")):
        yield "The topic's policy allows everyone."
