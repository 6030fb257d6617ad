"""What moto 5.2.5 lacks or gets wrong for the Terraform AWS provider 5.100, one service a file.

Each module says in its docstring what is wrong, and has a test that fails on moto as it comes.
Importing a module mends its service.
"""

import importlib

SERVICES = (
    "applicationautoscaling",
    "autoscaling",
    "backup",
    "budgets",
    "cloudfront",
    "cloudwatch",
    "ec2",
    "ecs",
    "elasticache",
    "elbv2",
    "kms",
    "logs",
    "rds",
    "route53",
    "s3",
)


def fill() -> None:
    """Mend moto, before the first request."""
    for service in SERVICES:
        importlib.import_module(f"{__name__}.{service}")
