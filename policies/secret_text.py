"""What a secret looks like where none may be."""

import re

# A name whose value is a secret: JWT_SECRET, db_password, STRIPE_API_KEY.
_NAME = re.compile(
    r"(?:^|_)(?:SECRET|SECRET_KEY|PASSWORD|PASSWD|PASS|PASSPHRASE|TOKEN|API_?KEY|PRIVATE_KEY"
    r"|ACCESS_KEY|SIGNING_KEY|ENCRYPTION_KEY|CREDENTIALS?)$",
    re.IGNORECASE,
)
# A value that is only ever a secret.
_VALUES = (
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----")),
    ("a password in a URL", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@]*:[^\s:/@$]+@")),
    ("a GitHub token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    ("a live payment key", re.compile(r"\b[sr]k_live_[A-Za-z0-9]{16,}")),
)
# NAME=value in a script, a user data or a command line.
_ASSIGNMENT = re.compile(
    r"""(?<![\w-])(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<quote>["']?)(?P<value>[^\s"'$`]+)"""
)
# An argument or an assignment of a program: token=found, password=login.password, key=read(path).
_CODE = re.compile(r"[a-z_][a-z_0-9]*(?:\.[a-z_][a-z_0-9]*)*(?:[(\[].*|[,)]+)$")
_FLAG = re.compile(r"--(?:password|token|secret)[= ](?P<quote>[\"']?)(?P<value>[^\s\"'$`<-]+)")


def named_like_secret(name: str) -> bool:
    """Whether a variable of that name holds a secret."""
    return bool(_NAME.search(_snake(name)))


def is_reference(value: str) -> bool:
    """Whether a value only says where the secret is: an ARN, a file, a parameter path, nothing."""
    return not value or value.startswith(("arn:", "/", "file:", "${", "$"))


def secret_in(text: str) -> str | None:
    """What kind of secret a text holds, if any; never the secret itself."""
    for kind, pattern in _VALUES:
        if pattern.search(text):
            return kind
    for match in _ASSIGNMENT.finditer(text):
        if named_like_secret(match["name"]) and not _found_elsewhere(match["value"]):
            return f"a value for {match['name']}"
    if _FLAG.search(text):
        return "a password on a command line"
    return None


def _found_elsewhere(value: str) -> bool:
    """A reference, a place in a template, or code, which names a secret without having it."""
    return is_reference(value) or value.startswith(("{", "<")) or bool(_CODE.match(value))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_")
