"""The emulated AWS control plane: moto in one process, its gaps filled, its state kept on disk.

A stand-in: it answers the AWS API on the loopback, and nothing of the program imports it.
"""

import os
from pathlib import Path

# Moto reads these while it is imported. AWS-managed policies exist, as in every account; the
# machine images are four fixed ones, since moto's own hundreds a region would be saved each time.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_AMIS_PATH"] = str(Path(__file__).with_name("images.json"))
