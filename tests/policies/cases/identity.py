"""Keys, roles, secrets, trails and certificates."""

from policies.rules.kms_key_rotates import kms_key_rotates
from policies.testing import Declared
from tests.policies.table import ABSENT, Case, unknown

KEY = Declared(
    "aws:kms/key:Key",
    {"description": "data", "enableKeyRotation": True, "deletionWindowInDays": 30},
)

CASES = [
    Case(
        kms_key_rotates,
        [KEY],
        refused=[
            {"enableKeyRotation": False},
            {"enableKeyRotation": ABSENT},
            {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "enableKeyRotation": False},
        ],
        unknown=unknown("enableKeyRotation"),
        allowed=[
            {"customerMasterKeySpec": "RSA_2048", "enableKeyRotation": False},
            {"customKeyStoreId": "cks-1", "enableKeyRotation": False},
        ],
    ),
]
