"""A certificate for some host names, which AWS renews by itself as long as its proof stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    hosts: tuple[str, ...]
    zone_id: pulumi.Input[str] | None  # None: DNS is elsewhere, and a person makes the records
    # One of another region that has some of the hosts as well: AWS asks for the same record
    # wherever the certificate is, and of two owners one would take it from the other.
    proved_by: "Certificate | None" = None


class Certificate(pulumi.ComponentResource):
    """Issued before anything is given its ARN."""

    arn: pulumi.Output[str]
    proved: frozenset[str]  # the names whose records stand
    proof: pulumi.Output[list[dict[str, str]]]  # the records that prove the names to be ours

    def __init__(
        self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:edge:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        certificate = aws.acm.Certificate(
            name,
            domain_name=args.hosts[0],
            subject_alternative_names=list(args.hosts[1:]),
            validation_method="DNS",
            opts=child,
        )
        # A name and its wildcard are proved by one and the same record.
        proofs = {
            host.removeprefix("*."): _proof(certificate, host) for host in reversed(args.hosts)
        }
        self.proof = pulumi.Output.all(*proofs.values())
        other = args.proved_by
        self.proved = frozenset(proofs) | (other.proved if other else frozenset())
        records = [
            aws.route53.Record(
                f"{name}-{host}",
                zone_id=args.zone_id,
                name=proof["name"],
                type=proof["type"],
                records=[proof["value"]],
                ttl=300,
                allow_overwrite=True,
                opts=child,
            )
            for host, proof in proofs.items()
            if args.zone_id is not None and not (other and host in other.proved)
        ]
        if args.zone_id is None:
            pulumi.Output.all(self.proof, certificate.status).apply(self._ask_for_records)
        self.arn = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            # All of them or none: the provider refuses a list that lacks one.
            validation_record_fqdns=(
                [record.fqdn for record in records] if len(records) == len(proofs) else None
            ),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*records, *([other] if other else [])]
            ),
        ).certificate_arn
        self.register_outputs({"arn": self.arn, "proof": self.proof})

    def _ask_for_records(self, known: list[Any]) -> None:
        """The run waits for the certificate, so whoever makes the records has to learn them now."""
        proof, status = known
        for record in proof if status == "PENDING_VALIDATION" else ():
            pulumi.info(
                "waiting for this DNS record: {name} {type} {value}".format(**record), resource=self
            )


def _proof(certificate: aws.acm.Certificate, host: str) -> pulumi.Output[dict[str, str]]:
    """AWS lists them in no order that can be relied on."""

    def of_host(
        options: Sequence[aws.acm.outputs.CertificateDomainValidationOption],
    ) -> dict[str, str]:
        for option in options:
            if option.domain_name == host:
                return {
                    "name": option.resource_record_name or "",
                    "type": option.resource_record_type or "",
                    "value": option.resource_record_value or "",
                }
        raise LookupError(f"AWS asks for no proof of {host}")

    return certificate.domain_validation_options.apply(of_host)
