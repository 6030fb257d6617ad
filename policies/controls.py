"""Which control of AWS's Foundational Security Best Practices (FSBP) is answered how.

`python -m policies.controls` prints docs/controls.md, from the catalogue and from what is here.
"""

from collections.abc import Iterator, Sequence

from policies.catalogue import RULES
from policies.rule import Rule, Severity

# The controls of the services that a web platform is made of (AWS Security Hub, 2026-08).
SERVICES: dict[str, tuple[int, ...]] = {
    "EC2": (1, 2, 3, 4, *range(6, 11), *range(12, 26), 28, 51),
    "AutoScaling": (1, 2, 3, 4, 5, 6, 9),
    "ELB": (1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 16),
    "CloudFront": (1, *range(3, 11), 12, 13),
    "WAF": (1, 2, 3, 4, 6, 7, 8, 10, 11, 12),
    "ECS": (1, 2, 3, 4, 5, 8, 9, 10, 12),
    "ECR": (1, 2, 3),
    "RDS": (*range(1, 28), *range(34, 40)),
    "ElastiCache": (1, 2, 3, 4, 5, 6, 7),
    "S3": (1, 2, 3, *range(5, 16), 17, 19, 20),
    "SecretsManager": (1, 2, 3, 4),
    "KMS": (1, 2, 3, 4, 5),
    "IAM": (*range(1, 11), 19, 21, 22, 26),
    "CloudTrail": (1, 2, 3, 4, 5, 6, 7),
    "ACM": (1, 2),
    "Route53": (2,),
    "Backup": (1,),
    "SSM": (1, 2, 3, 4),
    "SNS": (1, 2, 4),
}

# What no rule enforces, or none unless asked, and a component of this project promises.
GUARANTEED: dict[str, tuple[str, str]] = {
    "S3.9": (
        "components/bucket.py: who asked for what is on record",
        "tests/components/test_bucket.py::test_who_asked_for_what_is_on_record",
    ),
    "SSM.1": (
        "components/operations_host.py: the host may be reached by Session Manager",
        "tests/components/test_operations_host.py::"
        "test_it_may_do_what_it_is_there_for_and_be_reached",
    ),
}

# What only a running account knows.
IN_ACCOUNT: dict[str, str] = {
    "CloudFront.12": "whether a bucket of that name still exists is seen when a request fails",
    "EC2.1": "the provider cannot make a snapshot public; someone else's hand can",
    "EC2.4": "how long an instance has been stopped is no part of a program",
    "EC2.20": "whether a tunnel is up is a matter of the moment",
    "EC2.22": "retired by AWS; that a group is unused shows only where nothing is attached to it",
    "EC2.28": "a backup plan finds volumes by tag when it runs",
    "IAM.4": "the root user's keys are no resource",
    "IAM.6": "the root user's device is no resource",
    "IAM.8": "when credentials were last used is no part of a program",
    "IAM.9": "the root user's device is no resource",
    "IAM.22": "when credentials were last used is no part of a program",
    "RDS.22": "database security groups belong to networks that AWS has switched off",
    "SSM.2": "which patches a host lacks is known to the host",
    "SSM.3": "the result of an association is known after it has run",
    "SecretsManager.2": "whether the last rotation succeeded is known after it",
    "SecretsManager.3": "when a secret was last read is no part of a program",
}

PREFACE = """\
<!-- Made by `python -m policies.controls > docs/controls.md`; a test fails when it is stale. -->
# Rules and controls

{rules} rules look at every resource before it is made, in
`pulumi preview --policy-pack policies` and in every update. Of the {controls} controls of AWS's
Foundational Security Best Practices for the services of a web platform, {enforced} are answered by
a rule that is on, {asked} by a rule that is off unless asked for, {guaranteed} by what a component
promises, and {account} can be decided only in a running account. A rule judges what the program
makes: it says nothing of what others made in the account.

- **Production** (a stack called `prod` or `production`, or whose name ends so): every rule blocks.
  Rules marked *production* are silent elsewhere; other rules block there when they are critical or
  high, and advise when they are medium or low.
- **Off**: switched on with a file for `--policy-pack-config`, such as
  `{{"s3-replicated": "mandatory"}}`.
- **Exemptions** are entries of `groundwork:exemptions` in the stack's file: rule, resource, reason,
  last day (`until`). Each is printed at every run; after its day the rule bites again.
- **Unknown** values neither pass nor fail: the preview says which rule waits for which value, and
  the update decides. Rules about one resource decide before it is made, rules about several when
  all are made.
- CIS is the AWS Foundations Benchmark; its numbers changed between 5.0 and 7.0.
"""


def controls() -> Iterator[str]:
    """Every control, by service."""
    for service, numbers in SERVICES.items():
        yield from (f"{service}.{number}" for number in numbers)


def answering(control: str) -> list[Rule]:
    """The rules that enforce a control."""
    return [rule for rule in RULES if f"FSBP {control}" in rule.controls]


def render() -> str:
    """The whole page."""
    answered = {control: answering(control) for control in controls()}
    on = [c for c, rules in answered.items() if any(not rule.off_because for rule in rules)]
    asked = [c for c, rules in answered.items() if rules and c not in on and c not in GUARANTEED]
    guaranteed = [c for c in answered if c in GUARANTEED and c not in on]
    counts = {
        "rules": len(RULES),
        "controls": len(answered),
        "enforced": len(on),
        "asked": len(asked),
        "guaranteed": len(guaranteed),
        "account": sum(control in IN_ACCOUNT for control in answered),
    }
    lines = [PREFACE.format(**counts), "## Controls of FSBP\n"]
    for service in SERVICES:
        lines += [f"### {service}\n", "| control | answered by |", "|---|---|"]
        lines += [
            f"| {control} | {_answer(control, rules)} |"
            for control, rules in answered.items()
            if control.partition(".")[0] == service
        ]
        lines.append("")
    lines += ["## Rules\n", *_table(RULES)]
    return "\n".join(lines).rstrip() + "\n"


def _answer(control: str, rules: Sequence[Rule]) -> str:
    parts = [
        f"rule `{rule.id}`" + (f" (off: {rule.off_because})" if rule.off_because else "")
        for rule in rules
    ]
    if control in GUARANTEED:
        promise, test = GUARANTEED[control]
        parts.append(f"guaranteed by {promise} (`{test}`)")
    if control in IN_ACCOUNT:
        parts.append(f"decidable only in a running account: {IN_ACCOUNT[control]}")
    return "<br>".join(parts)


def _table(rules: Sequence[Rule]) -> Iterator[str]:
    yield "| rule | severity | what holds | protects from | fix | controls |"
    yield "|---|---|---|---|---|---|"
    for rule in sorted(rules, key=lambda each: each.id):
        cells = (
            f"`{rule.id}`",
            _strictness(rule),
            rule.summary,
            rule.protects_from,
            rule.fix,
            ", ".join(rule.controls),
        )
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _strictness(rule: Rule) -> str:
    if rule.off_because:
        return f"{_name(rule.severity)}, off"
    return (
        f"{_name(rule.severity)}, production" if rule.only_in_production else _name(rule.severity)
    )


def _name(severity: Severity) -> str:
    return str(severity.value)


if __name__ == "__main__":
    print(render(), end="")
