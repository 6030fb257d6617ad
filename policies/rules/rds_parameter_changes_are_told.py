from pulumi_policy import PolicyResource

from policies.inputs import text
from policies.kinds import DATABASE_EVENTS, DATABASE_PARAMETERS
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack

KIND = "db-parameter-group"


@stack_rule(
    "rds-parameter-changes-are-told",
    on=DATABASE_PARAMETERS,
    severity=Severity.LOW,
    controls=("FSBP RDS.21",),
    protects_from="a change of settings by hand that no one hears of",
    fix='add an EventSubscription with source_type="db-parameter-group".',
    off_because=(
        "parameters are changed by this program only, and the drift check finds what others change"
    ),
)
def rds_parameter_changes_are_told(parameters: PolicyResource, stack: Stack) -> Findings:
    """A change of a parameter group is told to someone."""
    subscriptions = stack.of(DATABASE_EVENTS)
    if not any(each.props.get("sourceType") in (None, KIND) for each in subscriptions):
        yield f"No one hears of changes of {text(parameters.props, 'family')} settings."
