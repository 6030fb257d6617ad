"""What a secret looks like where none may stand, so that it is refused and never shown."""

import re

SECRET_NAME = re.compile(
    r"(SECRET|SECRET_KEY|PASSWORD|PASSWD|PASS|PASSPHRASE|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY"
    r"|SIGNING_KEY|ENCRYPTION_KEY)$"
)
# What is only ever a secret, whatever the variable is called; policies/ looks for the same in what
# is made, and imports nothing from here.
SECRET_VALUE = re.compile(
    r"-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----"
    r"|\b[a-z][a-z0-9+.-]*://[^\s:/@]*:[^\s:/@$]+@"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}|\b[sr]k_live_[A-Za-z0-9]{16,}"
)
# A number that is shorter is a count or a duration.
SHORTEST_NUMBER = 6

WITHHELD = "a value that is not shown"


def is_secret(name: str, value: object) -> bool:
    """Whether a value is a secret written out, going by its name or by itself alone."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    text = str(value)
    if SECRET_VALUE.search(text):
        return True
    least = 1 if isinstance(value, str) else SHORTEST_NUMBER
    return len(text) >= least and "${" not in text and bool(SECRET_NAME.search(name))
