"""Every rule, and how strictly each stack holds to it."""

from datetime import UTC, date, datetime

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.exemptions import Exemptions
from policies.rule import Rule
from policies.rules.command_host_key_pinned import command_host_key_pinned
from policies.rules.ec2_instance_requires_imdsv2 import ec2_instance_requires_imdsv2
from policies.rules.ec2_ssh_not_open_to_world import ec2_ssh_not_open_to_world
from policies.rules.ecs_no_secret_in_environment import ecs_no_secret_in_environment
from policies.rules.elb_http_redirects_to_https import elb_http_redirects_to_https
from policies.rules.kms_key_rotates import kms_key_rotates
from policies.rules.rds_multi_az import rds_multi_az
from policies.rules.rds_protected import rds_protected
from policies.rules.rds_storage_encrypted import rds_storage_encrypted
from policies.rules.s3_public_access_blocked import s3_public_access_blocked

RULES: tuple[Rule, ...] = (
    command_host_key_pinned,
    ec2_instance_requires_imdsv2,
    ec2_ssh_not_open_to_world,
    ecs_no_secret_in_environment,
    elb_http_redirects_to_https,
    kms_key_rotates,
    rds_multi_az,
    rds_protected,
    rds_storage_encrypted,
    s3_public_access_blocked,
)

ALWAYS_BLOCKING = {Severity.CRITICAL, Severity.HIGH}
PRODUCTION = ("prod", "production")


def is_production(stack: str) -> bool:
    """prod, production, or a name that ends so: acme-prod, eu.production."""
    return stack.replace(".", "-").replace("_", "-").rpartition("-")[2] in PRODUCTION


def policies_for(stack: str, exemptions: object, today: date | None = None) -> list[Policy]:
    """What the engine runs on that stack, less what its configuration exempts."""
    known = {rule.id for rule in RULES}
    exempt = Exemptions.read(exemptions, known, today or datetime.now(UTC).date())
    return [
        *(rule.policy(level(rule, stack), exempt.cover) for rule in RULES),
        _notices(exempt),
        _mistakes(exempt),
    ]


def level(rule: Rule, stack: str) -> EnforcementLevel:
    """Production holds to every rule; elsewhere only what is dangerous at once blocks."""
    if is_production(stack):
        return EnforcementLevel.MANDATORY
    if rule.only_in_production:
        return EnforcementLevel.DISABLED
    blocks = rule.severity in ALWAYS_BLOCKING
    return EnforcementLevel.MANDATORY if blocks else EnforcementLevel.ADVISORY


def _notices(exempt: Exemptions) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for entry in exempt.entries:
            if entry.names(args.name, args.urn):
                report(exempt.notice(entry), None)

    return ResourceValidationPolicy(
        name="exemption",
        description="A rule is set aside for this resource.",
        enforcement_level=EnforcementLevel.ADVISORY,
        validate=validate,
    )


def _mistakes(exempt: Exemptions) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for mistake in exempt.mistakes:
            report(mistake, None)
        for entry in exempt.entries:
            if not any(entry.names(resource.name, resource.urn) for resource in args.resources):
                report(
                    f"groundwork:exemptions: this stack has no resource {entry.resource!r} "
                    f"(exempt from {entry.rule}). Remove the entry or correct the name.",
                    None,
                )

    return StackValidationPolicy(
        name="exemptions-are-readable",
        description="Each exemption names a rule, a resource, a reason and a last day.",
        severity=Severity.HIGH,
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=validate,
    )
