from policies.inputs import number
from policies.kinds import SECRET
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "secretsmanager-can-be-recovered",
    on=SECRET,
    severity=Severity.HIGH,
    protects_from="a deleted secret locking the application out of its data",
    fix="leave recovery_window_in_days out (30), or set at least 7.",
    only_in_production=True,
)
def secretsmanager_can_be_recovered(props: Props) -> Findings:
    """A deleted production secret can be brought back."""
    if number(props, "recoveryWindowInDays", 30) < 7:
        yield "A deleted secret is gone at once."
