"""What makes a policy document too wide."""

from collections.abc import Iterator
from fnmatch import fnmatchcase as fnmatch

from policies.documents import Statement, parsed, statements
from policies.inputs import Props, blocks

# Conditions that name an account, organization or resource, and so narrow down "everyone".
_NARROWING = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "kms:calleraccount",
)


def open_to_anyone(document: object) -> bool:
    """Whether a statement allows every principal without a condition that narrows it down."""
    return any(
        statement.allows and statement.anyone() and not _narrowed(statement)
        for statement in statements(document)
    )


def _narrowed(statement: Statement) -> bool:
    for operator, tests in statement.condition.items():
        positive = "not" not in operator.lower() and not operator.lower().startswith("null")
        named = {key.lower() for key, value in tests.items() if value != "*"}
        if positive and named.intersection(_NARROWING):
            return True
    return False


def granted(props: Props) -> Iterator[Statement]:
    """What a policy, or the inline policies of a role, allow."""
    documents = [props.get("policy")] if "policy" in props else []
    documents += [inline.get("policy") for inline in blocks(props, "inlinePolicies")]
    for document in documents:
        for statement in statements(parsed(document)):
            if statement.allows:
                yield statement


def matches(pattern: str, *actions: str) -> bool:
    """Whether an action of a policy, wildcards included, covers one of the actions."""
    return any(fnmatch(action.lower(), pattern.lower()) for action in actions)
