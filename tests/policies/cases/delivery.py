"""Load balancers, distributions, firewalls and containers."""

import json
from typing import Any

from policies.rules.ecs_no_secret_in_environment import ecs_no_secret_in_environment
from policies.rules.elb_http_redirects_to_https import elb_http_redirects_to_https
from policies.testing import Declared
from tests.policies.table import Case, unknown

HTTP = Declared(
    "aws:lb/listener:Listener",
    {
        "protocol": "HTTP",
        "port": 80,
        "defaultActions": [
            {"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}
        ],
    },
)


def task(**container: Any) -> str:
    return json.dumps([{"name": "api", "image": "api@sha256:0", **container}])


TASK = Declared(
    "aws:ecs/taskDefinition:TaskDefinition",
    {
        "family": "api",
        "containerDefinitions": task(
            environment=[{"name": "PORT", "value": "3000"}],
            secrets=[{"name": "JWT_SECRET", "valueFrom": "arn:aws:secretsmanager:x"}],
        ),
    },
)


def environment(name: str, value: str) -> dict[str, Any]:
    return {"containerDefinitions": task(environment=[{"name": name, "value": value}])}


CASES = [
    Case(
        elb_http_redirects_to_https,
        [HTTP],
        refused=[
            {"defaultActions": [{"type": "forward", "targetGroupArn": "arn:x"}]},
            {"defaultActions.0.redirect.protocol": "HTTP"},
            {
                "defaultActions": [
                    {"type": "fixed-response", "fixedResponse": {"statusCode": "200"}}
                ]
            },
        ],
        unknown=unknown("defaultActions"),
        allowed=[
            {"protocol": "HTTPS", "defaultActions": [{"type": "forward"}]},
            {
                "defaultActions": [
                    {"type": "fixed-response", "fixedResponse": {"statusCode": "403"}}
                ]
            },
        ],
    ),
    Case(
        ecs_no_secret_in_environment,
        [TASK],
        refused=[
            environment("JWT_SECRET", "correct horse"),
            environment("stripeApiKey", "sk"),
            environment("DATABASE_URL", "postgres://app:hunter2@db/app"),
            environment("NOTE", "AKIA" + "A" * 16),
        ],
        unknown=unknown("containerDefinitions"),
        allowed=[
            environment("JWT_SECRET_ARN", "arn:aws:secretsmanager:x"),
            environment("DB_PASSWORD", "arn:aws:secretsmanager:x"),
            environment("DATABASE_URL", "postgres://db/app"),
        ],
    ),
]
