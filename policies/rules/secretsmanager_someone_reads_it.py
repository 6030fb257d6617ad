from pulumi_policy import PolicyResource

from policies.inputs import text
from policies.kinds import PERMISSIONS, ROLE, SECRET, SECRET_POLICY, TASK_DEFINITION
from policies.rule import Findings, Severity, stack_rule
from policies.stack import Stack


@stack_rule(
    "secretsmanager-someone-reads-it",
    on=SECRET,
    severity=Severity.LOW,
    protects_from="secrets that are forgotten, and leak without anyone having needed them",
    fix="name the secret in the policy of the role that reads it, or remove it.",
)
def secretsmanager_someone_reads_it(secret: PolicyResource, stack: Stack) -> Findings:
    """A secret is readable by someone."""
    readers = [
        *stack.pointing_at(secret, PERMISSIONS, by="policy"),
        *stack.pointing_at(secret, ROLE, by="inlinePolicies"),
        *stack.pointing_at(secret, TASK_DEFINITION, by="containerDefinitions"),
        *stack.pointing_at(secret, SECRET_POLICY, by="secretArn"),
    ]
    if not readers and not text(secret.props, "policy"):
        yield "No role of the stack may read the secret."
