from collections.abc import Iterator

from policies.documents import Statement, listed, statements
from policies.kinds import ROLE
from policies.rule import Findings, Props, Severity, resource_rule


@resource_rule(
    "iam-federation-names-its-subject",
    on=ROLE,
    severity=Severity.CRITICAL,
    protects_from="any repository of the same CI provider taking the role",
    fix="set a condition on the token's :sub, naming the repository.",
)
def iam_federation_names_its_subject(props: Props) -> Findings:
    """A role taken with an OpenID Connect token names who may take it."""
    for statement in statements(props.get("assumeRolePolicy")):
        if statement.allows and "sts:AssumeRoleWithWebIdentity" in statement.actions:
            subjects = list(_subjects(statement))
            if not subjects or any(subject.startswith(("*", "repo:*")) for subject in subjects):
                yield "Any token of the provider may take the role."


def _subjects(statement: Statement) -> Iterator[str]:
    for operator, tests in statement.condition.items():
        if operator.startswith(("StringEquals", "StringLike")):
            for key, value in tests.items():
                if key.endswith(":sub"):
                    yield from map(str, listed(value))
